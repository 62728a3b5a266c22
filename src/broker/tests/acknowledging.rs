//! The delivery protocols, towards the Server and from it.

use super::rig::*;
use crate::broker::{Limits, LocalConnection};
use crate::packet::{Delivery, Puback, Pubcomp, Publish, Pubrec, Pubrel};

#[test]
fn each_qos_has_its_answer() {
    // MQTT-3.3.4-1, MQTT-2.3.1-6
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, publish("t", "x", Q0, 0));
    assert_eq!(rig.hear(a), [""; 0]);
    rig.say(a, publish("t", "x", Q1, 258));
    assert_eq!(rig.hear(a), ["PUBACK id 258"]);
    rig.say(a, publish("t", "x", Q2, 65_535));
    rig.say(a, Pubrel { packet_id: id(65_535) });
    assert_eq!(rig.hear(a), ["PUBREC id 65535", "PUBCOMP id 65535"]);
}

#[test]
fn a_qos_2_message_is_delivered_once_however_often_it_comes() {
    // MQTT-4.3.3-2
    let mut rig = Rig::new();
    let (a, b) = (rig.client("a"), rig.client("b"));
    rig.subscribe(b, "t", Q0);
    let first = publish("t", "x", Q2, 7);
    let delivery = Delivery::ExactlyOnce { packet_id: id(7), dup: true };
    rig.say(a, first.clone());
    rig.say(a, Publish { delivery, ..first.clone() });
    rig.say(a, first.clone());
    assert_eq!(rig.hear(a), ["PUBREC id 7", "PUBREC id 7", "PUBREC id 7"]);
    assert_eq!(rig.hear(b), [r#"PUBLISH "t" q0, 1 octets"#]);
    rig.say(a, Pubrel { packet_id: id(7) });
    rig.say(a, first);
    assert_eq!(rig.hear(a), ["PUBCOMP id 7", "PUBREC id 7"]);
    assert_eq!(rig.hear(b), [r#"PUBLISH "t" q0, 1 octets"#], "after PUBCOMP it is another");
}

#[test]
fn what_is_known_of_a_qos_2_message_outlives_the_connection() {
    // MQTT-4.3.3-2, MQTT-3.1.2-4
    let mut rig = Rig::new();
    let b = rig.client("b");
    rig.subscribe(b, "t", Q0);
    let a = rig.connect(kept("a"));
    rig.say(a, publish("t", "x", Q2, 7));
    rig.cut(a);
    let a = rig.connect(kept("a"));
    rig.say(a, publish("t", "x", Q2, 7));
    assert_eq!(rig.hear(a), ["CONNACK accepted, session present", "PUBREC id 7"]);
    assert_eq!(rig.hear(b).len(), 1);
}

#[test]
fn dup_is_the_senders_own() {
    // MQTT-3.3.1-3
    let mut rig = Rig::new();
    let (a, b) = (rig.client("a"), rig.client("b"));
    rig.subscribe(b, "t", Q1);
    let delivery = Delivery::AtLeastOnce { packet_id: id(7), dup: true };
    rig.say(a, Publish { delivery, ..publish("t", "x", Q1, 7) });
    assert_eq!(rig.hear(b), [r#"PUBLISH "t" q1 id 1, 1 octets"#]);
}

#[test]
fn what_was_not_answered_is_sent_again_on_the_next_connection() {
    // MQTT-4.4.0-1, MQTT-3.3.1-1, MQTT-2.3.1-4
    let mut rig = Rig::new();
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.subscribe(a, "t", Q2);
    let b = rig.client("b");
    rig.say(b, publish("t", "x", Q1, 1));
    rig.say(b, publish("t", "yy", Q2, 2));
    rig.say(b, publish("t", "zzz", Q2, 3));
    assert_eq!(rig.hear(a).len(), 3);
    rig.say(a, Pubrec { packet_id: id(2) });
    assert_eq!(rig.hear(a), ["PUBREL id 2"]);
    rig.cut(a);
    rig.say(b, publish("t", "later", Q1, 4));
    let a = rig.connect(kept("a"));
    assert_eq!(
        rig.hear(a),
        [
            "CONNACK accepted, session present",
            "PUBREL id 2",
            r#"PUBLISH "t" q1 id 1 dup, 1 octets"#,
            r#"PUBLISH "t" q2 id 3 dup, 3 octets"#,
            r#"PUBLISH "t" q1 id 4, 5 octets"#,
        ]
    );
    rig.say(a, Puback { packet_id: id(1) });
    rig.say(a, Pubcomp { packet_id: id(2) });
    rig.say(a, Pubrec { packet_id: id(3) });
    rig.say(a, Pubcomp { packet_id: id(3) });
    rig.say(a, Puback { packet_id: id(4) });
    assert_eq!(rig.hear(a), ["PUBREL id 3"]);
    rig.cut(a);
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a), ["CONNACK accepted, session present"]);
}

#[test]
fn a_client_that_does_not_acknowledge_gets_the_rest_once_it_does() {
    let mut rig = Rig::with_limits(Limits { max_in_flight: 2, ..Limits::default() });
    let (a, b) = (rig.client("a"), rig.client("b"));
    rig.subscribe(a, "t", Q1);
    for number in 1..=5 {
        rig.say(b, publish("t", "x", Q1, number));
    }
    rig.say(b, publish("t", "fleeting", Q0, 0));
    assert_eq!(
        rig.hear(a),
        [
            r#"PUBLISH "t" q1 id 1, 1 octets"#,
            r#"PUBLISH "t" q1 id 2, 1 octets"#,
            r#"PUBLISH "t" q0, 8 octets"#,
        ]
    );
    rig.say(a, Puback { packet_id: id(1) });
    rig.say(a, Puback { packet_id: id(2) });
    assert_eq!(
        rig.hear(a),
        [r#"PUBLISH "t" q1 id 3, 1 octets"#, r#"PUBLISH "t" q1 id 4, 1 octets"#]
    );
}

#[test]
fn a_connection_is_woken_when_it_has_something_to_send_and_only_then() {
    let mut rig = Rig::new();
    let (a, b) = (rig.client("a"), rig.client("b"));
    rig.subscribe(a, "t", Q0);
    let woken = |rig: &Rig| rig.broker.holder().next_woken().is_some();
    while woken(&rig) {}
    rig.say(b, publish("t", "x", Q0, 0));
    assert!(woken(&rig));
    rig.say(b, publish("t", "x", Q0, 0));
    assert!(!woken(&rig), "once is enough until it has looked");
    assert_eq!(rig.hear(a).len(), 2);
    rig.say(b, publish("t", "x", Q0, 0));
    assert!(woken(&rig));
}

#[test]
fn a_connection_that_is_taken_over_is_woken_to_end() {
    // It may be silent for as long as it likes: nothing else would look at it.
    let mut rig = Rig::new();
    rig.client("a");
    while rig.broker.holder().next_woken().is_some() {}
    rig.client("a");
    let woken: Vec<_> = std::iter::from_fn(|| rig.broker.holder().next_woken()).collect();
    assert!(woken.contains(&LocalConnection(0)), "{woken:?}");
}
