//! SUBSCRIBE, UNSUBSCRIBE, and who gets what at which QoS.

use super::rig::*;
use crate::broker::{Broker, Limits, Local, Policy};
use crate::packet::Puback;

#[test]
fn one_packet_of_filters_is_as_many_subscriptions() {
    // MQTT-3.8.4-4, MQTT-3.8.4-5, MQTT-3.9.3-1
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, subscribe(5, &[("x", Q2), ("y", Q0), ("z/+", Q1), ("x", Q1)]));
    assert_eq!(rig.hear(a), ["SUBACK id 5 q2 q0 q1 q1"]);
    for topic in ["x", "y", "z/1", "none"] {
        rig.say(a, publish(topic, "m", Q0, 0));
    }
    assert_eq!(rig.hear(a).len(), 3);
}

#[test]
fn the_qos_is_the_lesser_of_published_and_granted() {
    // MQTT-3.8.4-6
    for granted in [Q0, Q1, Q2] {
        for published in [Q0, Q1, Q2] {
            let mut rig = Rig::new();
            let (a, b) = (rig.client("a"), rig.client("b"));
            rig.subscribe(a, "t", granted);
            rig.say(b, publish("t", "x", published, 1));
            let expected = format!(r#"PUBLISH "t" q{}"#, published.min(granted));
            assert!(rig.hear(a)[0].starts_with(&expected), "{published} to {granted}");
        }
    }
}

#[test]
fn overlapping_filters_bring_one_copy_at_the_greatest_qos() {
    // MQTT-3.3.5-1
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.subscribe(a, "t/#", Q0);
    rig.subscribe(a, "t/+", Q2);
    rig.subscribe(a, "t/x", Q1);
    let b = rig.client("b");
    rig.subscribe(b, "#", Q0);
    rig.say(b, publish("t/x", "m", Q2, 1));
    assert_eq!(rig.hear(a), [r#"PUBLISH "t/x" q2 id 1, 1 octets"#]);
    assert_eq!(rig.hear(b), ["PUBREC id 1", r#"PUBLISH "t/x" q0, 1 octets"#]);
}

#[test]
fn the_same_filter_again_replaces_the_subscription() {
    // MQTT-3.8.4-3
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, retained("t", "kept"));
    rig.hear(a);
    let before = rig.subscribe(a, "t", Q0);
    assert_eq!(before, [r#"PUBLISH "t" q0 retain, 4 octets"#]);
    let again = rig.subscribe(a, "t", Q1);
    assert_eq!(again, [r#"PUBLISH "t" q1 id 1 retain, 4 octets"#]);
    rig.say(a, publish("t", "x", Q1, 3));
    assert_eq!(rig.hear(a), ["PUBACK id 3", r#"PUBLISH "t" q1 id 2, 1 octets"#]);
}

#[test]
fn unsubscribe_means_filters_to_the_letter() {
    // MQTT-3.10.4-1, MQTT-3.10.4-2, MQTT-3.10.4-4, MQTT-3.10.4-5, MQTT-3.10.4-6
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.subscribe(a, "t/x", Q0);
    rig.say(a, unsubscribe(6, &["t/+", "T/x", "t/x/", "#"]));
    rig.say(a, publish("t/x", "m", Q0, 0));
    assert_eq!(rig.hear(a), ["UNSUBACK id 6", r#"PUBLISH "t/x" q0, 1 octets"#]);
    rig.say(a, unsubscribe(7, &["other", "t/x"]));
    rig.say(a, publish("t/x", "m", Q0, 0));
    assert_eq!(rig.hear(a), ["UNSUBACK id 7"]);
}

#[test]
fn what_is_on_its_way_is_completed_after_unsubscribe() {
    // MQTT-3.10.4-3
    let mut rig = Rig::new();
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.subscribe(a, "t", Q1);
    rig.say(a, publish("t", "x", Q1, 1));
    rig.hear(a);
    rig.say(a, unsubscribe(7, &["t"]));
    rig.cut(a);
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a)[1..], [r#"PUBLISH "t" q1 id 1 dup, 1 octets"#]);
    rig.say(a, Puback { packet_id: id(1) });
    rig.cut(a);
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a).len(), 1);
}

#[test]
fn shared_subscription_names_are_filters_like_any_other() {
    // MQTT-7.0.0-2: no extension changes what a filter means.
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.subscribe(a, "$share/group/t", Q0);
    rig.say(a, publish("t", "x", Q0, 0));
    rig.server_says(publish("$share/group/t", "x", Q0, 0));
    assert_eq!(rig.hear(a), [r#"PUBLISH "$share/group/t" q0, 1 octets"#]);
}

#[test]
fn clients_do_not_talk_on_the_servers_own_topics() {
    // U-4.7.2-1, MQTT-3.3.5-2
    let mut rig = Rig::new();
    let a = rig.connect(clean("a").with_will(&will("$own", "x", Q0, false)));
    let b = rig.client("b");
    rig.subscribe(b, "$own", Q0);
    rig.say(a, publish("$own", "x", Q1, 1));
    assert_eq!(rig.hear(a), ["CONNACK accepted", "PUBACK id 1"]);
    rig.cut(a);
    assert_eq!(rig.hear(b), [""; 0]);
}

#[test]
fn unless_somebody_wants_them_to() {
    let policy = Policy { relay_reserved_topics: true, ..Policy::default() };
    let mut rig = Rig::new();
    rig.broker = Broker::new(Local::new(), Limits::default()).with_policy(policy);
    let a = rig.client("a");
    rig.subscribe(a, "$own", Q0);
    rig.say(a, publish("$own", "x", Q0, 0));
    assert_eq!(rig.hear(a).len(), 1);
}

#[test]
fn a_filter_too_many_is_refused_and_all_others_stand() {
    let mut rig = Rig::with_limits(Limits { max_subscriptions: 2, ..Limits::default() });
    let a = rig.client("a");
    rig.say(a, subscribe(1, &[("x", Q0), ("y", Q0), ("z", Q0), ("x", Q1)]));
    assert_eq!(rig.hear(a), ["SUBACK id 1 q0 q0 failure q1"]);
    rig.say(a, unsubscribe(2, &["y"]));
    rig.say(a, subscribe(3, &[("z", Q0)]));
    assert_eq!(rig.hear(a), ["UNSUBACK id 2", "SUBACK id 3 q0"]);
}
