//! What outlives the server: every change is told, what they add up to is all that is needed, and
//! a Client is told nothing that a crash could make untrue.

use super::rig::*;
use crate::broker::{Change, Input, Kept};
use crate::packet::{Disconnect, Packet, Puback, Pubcomp, Publish, Pubrec, Pubrel};

/// What the changes of a server add up to.
fn changes(rig: &Rig, before: &Kept) -> Kept {
    let mut kept = before.clone();
    rig.broker.holder().take_changes().into_iter().for_each(|change| kept.apply(change));
    kept
}

/// A server that dies without a word, and the next one.
fn restart(rig: &mut Rig, before: &Kept) -> Kept {
    let kept = changes(rig, before);
    *rig = Rig::keeping(kept.clone());
    changes(rig, &kept)
}

fn reconnect(rig: &mut Rig, name: &'static str) -> Vec<String> {
    let peer = rig.connect(kept(name));
    rig.hear(peer)
}

#[test]
fn a_session_goes_on_after_the_end_of_the_server() {
    // MQTT-3.1.2-4, MQTT-4.1.0-1
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.subscribe(a, "t/+", Q2);
    rig.subscribe(a, "u", Q1);
    rig.say(a, unsubscribe(3, &["u"]));
    let b = rig.client("b");
    rig.say(b, publish("t/1", "sent", Q1, 1));
    rig.say(b, publish("t/2", "sent", Q2, 2));
    rig.hear(a);
    rig.cut(a);
    rig.say(b, publish("t/3", "waits", Q2, 3));
    rig.say(b, publish("t/4", "gone", Q0, 0));
    rig.say(b, publish("u", "not asked for", Q1, 4));

    let before = restart(&mut rig, &Kept::default());
    // MQTT-4.4.0-1: with the identifiers that they had.
    assert_eq!(
        reconnect(&mut rig, "a"),
        [
            "CONNACK accepted, session present",
            r#"PUBLISH "t/1" q1 id 1 dup, 4 octets"#,
            r#"PUBLISH "t/2" q2 id 2 dup, 4 octets"#,
            r#"PUBLISH "t/3" q2 id 3, 5 octets"#,
        ]
    );
    let b = rig.client("b");
    rig.say(b, publish("t/5", "new", Q1, 1));
    restart(&mut rig, &before);
    let heard = reconnect(&mut rig, "a");
    assert_eq!(heard.last().unwrap(), r#"PUBLISH "t/5" q1 id 4, 3 octets"#);
    assert_eq!(heard.len(), 5);
}

#[test]
fn what_has_come_to_its_end_does_not_come_again() {
    // MQTT-4.3.3-1
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.subscribe(a, "t", Q2);
    let b = rig.client("b");
    for (qos, number) in [(Q1, 1), (Q2, 2), (Q2, 3), (Q2, 4)] {
        rig.say(b, publish("t", "x", qos, number));
    }
    rig.hear(a);
    rig.say(a, Puback { packet_id: id(1) });
    rig.say(a, Pubrec { packet_id: id(2) });
    rig.say(a, Pubrec { packet_id: id(3) });
    rig.say(a, Pubcomp { packet_id: id(2) });
    let before = restart(&mut rig, &Kept::default());
    let expected = [
        "CONNACK accepted, session present",
        "PUBREL id 3",
        r#"PUBLISH "t" q2 id 4 dup, 1 octets"#,
    ];
    assert_eq!(reconnect(&mut rig, "a"), expected);
    // Twice is no different.
    restart(&mut rig, &before);
    assert_eq!(reconnect(&mut rig, "a"), expected);
}

#[test]
fn a_message_of_qos_2_is_taken_once_whatever_happens_to_the_server() {
    // MQTT-4.3.3-2
    let mut rig = Rig::keeping(Kept::default());
    let reader = rig.connect(kept("reader"));
    rig.hear(reader);
    rig.subscribe(reader, "t", Q2);
    let a = rig.connect(kept("a"));
    rig.say(a, publish("t", "once", Q2, 7));
    let before = restart(&mut rig, &Kept::default());

    let a = rig.connect(kept("a"));
    rig.say(a, publish("t", "once", Q2, 7));
    assert_eq!(rig.hear(a), ["CONNACK accepted, session present", "PUBREC id 7"]);
    rig.say(a, Pubrel { packet_id: id(7) });
    restart(&mut rig, &before);

    // After PUBCOMP the identifier stands for another message.
    let a = rig.connect(kept("a"));
    rig.say(a, publish("t", "another", Q2, 7));
    assert_eq!(
        reconnect(&mut rig, "reader"),
        [
            "CONNACK accepted, session present",
            r#"PUBLISH "t" q2 id 1, 4 octets"#,
            r#"PUBLISH "t" q2 id 2, 7 octets"#,
        ]
    );
}

#[test]
fn retained_messages_stay_and_what_the_server_says_of_itself_does_not() {
    // MQTT-3.3.1-5, MQTT-3.3.1-10
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.client("a");
    rig.say(a, retained("t/1", "older"));
    rig.say(a, retained("t/1", "newer!"));
    rig.say(a, retained("t/2", "gone"));
    rig.say(a, retained("t/2", ""));
    rig.server_says(Publish { retain: true, ..publish("$SYS/broker/version", "1", Q0, 0) });
    restart(&mut rig, &Kept::default());
    let b = rig.client("b");
    let heard = rig.subscribe(b, "#", Q2);
    assert_eq!(heard, [r#"PUBLISH "t/1" q1 id 1 retain, 6 octets"#]);
    assert_eq!(rig.subscribe(b, "$SYS/#", Q2), [""; 0]);
}

#[test]
fn a_clean_session_leaves_nothing_behind_and_ends_a_kept_one_for_good() {
    // MQTT-3.1.2-6
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.client("a");
    rig.subscribe(a, "t", Q2);
    rig.say(a, publish("t", "to itself", Q2, 1));
    assert_eq!(changes(&rig, &Kept::default()), Kept::default());
    rig.cut(a);

    let a = rig.connect(kept("a"));
    rig.subscribe_after_connack(a, "t", Q2);
    rig.say(a, publish("t", "to itself", Q2, 1));
    let before = changes(&rig, &Kept::default());
    assert_eq!(before.sessions.len(), 1);
    rig.client("a");
    assert_eq!(restart(&mut rig, &before), Kept::default());
    assert_eq!(reconnect(&mut rig, "a"), ["CONNACK accepted"]);
}

#[test]
fn the_will_of_a_kept_session_is_due_when_the_server_dies_and_only_once() {
    // MQTT-3.1.2-8, MQTT-3.1.2-10
    let mut rig = Rig::keeping(Kept::default());
    let reader = rig.connect(kept("reader"));
    rig.hear(reader);
    rig.subscribe(reader, "will/#", Q1);
    for name in ["dies", "leaves", "is cut off"] {
        let will = will("will/1", name, Q1, false);
        let peer = rig.connect(kept(name).with_will(&will));
        rig.hear(peer);
        match name {
            "leaves" => rig.say(peer, Disconnect),
            "is cut off" => rig.cut(peer),
            _ => {}
        }
    }
    let before = restart(&mut rig, &Kept::default());
    let wills = ["is cut off", "dies"];
    let expected: Vec<_> =
        wills.iter().map(|will| format!("will/1 {} octets", will.len())).collect();
    let hear = |rig: &mut Rig| -> Vec<String> {
        let heard = reconnect(rig, "reader");
        let octets = |line: &String| {
            let (_, octets) = line.rsplit_once(", ").unwrap();
            format!("will/1 {octets}")
        };
        heard.iter().skip(1).map(octets).collect()
    };
    assert_eq!(hear(&mut rig), expected);
    restart(&mut rig, &before);
    assert_eq!(hear(&mut rig), expected, "sent again, and not published again");
}

#[test]
fn a_payload_is_told_with_one_number_to_all_who_keep_it() {
    let mut rig = Rig::keeping(Kept::default());
    for name in ["a", "b", "c"] {
        let peer = rig.connect(kept(name));
        rig.subscribe_after_connack(peer, "t", Q1);
    }
    let publisher = rig.client("publisher");
    rig.broker.holder().take_changes();
    rig.say(publisher, retained("t", "x"));
    let late = rig.connect(kept("late"));
    rig.subscribe_after_connack(late, "t", Q1);
    let mut numbers: Vec<_> = rig
        .broker
        .holder()
        .take_changes()
        .into_iter()
        .filter_map(|change| match change {
            Change::Queued { message, .. } | Change::Retained { message } => Some(message.number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers.len(), 5, "three who are there, the retained one, one who comes later");
    numbers.dedup();
    assert_eq!(numbers.len(), 1);
}

#[test]
fn acknowledgements_wait_for_what_they_acknowledge_and_only_for_that() {
    let mut rig = Rig::keeping(Kept::default());
    rig.show_holds();
    let volatile = rig.connect(clean("volatile"));
    rig.say(volatile, subscribe(1, &[("clean", Q2)]));
    rig.say(volatile, publish("clean", "x", Q1, 2));
    rig.say(volatile, publish("clean", "x", Q2, 3));
    let heard = rig.hear(volatile);
    assert!(heard.iter().all(|line| !line.starts_with("hold")), "{heard:?}");

    // SessionBegun, Subscribed.
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a), ["hold 1", "CONNACK accepted"]);
    rig.say(a, subscribe(1, &[("t", Q2)]));
    assert_eq!(rig.hear(a), ["hold 2", "SUBACK id 1 q2"]);
    // Queued, Sent.
    rig.say(volatile, publish("t", "x", Q1, 4));
    assert_eq!(rig.hear(volatile), ["hold 3", "PUBACK id 4"]);
    assert_eq!(rig.hear(a), ["hold 4", r#"PUBLISH "t" q1 id 1, 1 octets"#]);
    // Received, and Queued for the Client itself.
    rig.say(a, publish("t", "x", Q2, 5));
    assert_eq!(
        rig.hear(a),
        ["hold 6", "PUBREC id 5", "hold 7", r#"PUBLISH "t" q2 id 2, 1 octets"#]
    );
    // Freed; Released.
    rig.say(a, Pubrel { packet_id: id(5) });
    assert_eq!(rig.hear(a), ["hold 8", "PUBCOMP id 5"]);
    rig.say(a, Pubrec { packet_id: id(2) });
    assert_eq!(rig.hear(a), ["hold 9", "PUBREL id 2"]);
    // A retained message outlives the server whoever has published it.
    rig.say(volatile, retained("r", "x"));
    assert_eq!(rig.hear(volatile), ["hold 10", "PUBACK id 77"]);
}

#[test]
fn a_session_that_goes_on_is_promised_once_it_is_kept() {
    // MQTT-3.2.2-2
    let mut rig = Rig::keeping(Kept::default());
    rig.show_holds();
    let first = rig.connect(kept("a"));
    rig.say(first, publish("t", "x", Q2, 5));
    let second = rig.connect(kept("a"));
    // SessionBegun and Received, of which nothing is on the disk yet.
    assert_eq!(rig.hear(second), ["hold 2", "CONNACK accepted, session present"]);
}

#[test]
fn a_message_of_qos_2_reaches_nobody_before_it_is_certain_that_it_was_taken() {
    let mut rig = Rig::keeping(Kept::default());
    let volatile = rig.client("volatile");
    rig.subscribe(volatile, "t", Q2);
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.show_holds();
    rig.say(a, publish("t", "x", Q2, 5));
    assert_eq!(rig.hear(volatile), ["hold 2", r#"PUBLISH "t" q2 id 1, 1 octets"#]);
}

#[test]
fn nobody_waits_for_what_is_durable_or_comes_once_at_most() {
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.connect(kept("a"));
    rig.subscribe_after_connack(a, "t", Q2);
    let zero = rig.client("zero");
    rig.subscribe(zero, "t", Q0);
    let publisher = rig.client("publisher");
    rig.show_holds();
    // The same twice: what the first answer waited for is enough for the second.
    rig.say(a, publish("other", "x", Q2, 5));
    assert_eq!(rig.hear(a), ["hold 3", "PUBREC id 5"]);
    rig.say(a, publish("other", "x", Q2, 5));
    assert_eq!(rig.hear(a), ["PUBREC id 5"]);
    // Nothing is recorded of QoS 0.
    rig.say(publisher, publish("t", "x", Q0, 0));
    assert_eq!(rig.hear(a), [r#"PUBLISH "t" q0, 1 octets"#]);
    assert_eq!(rig.hear(zero), [r#"PUBLISH "t" q0, 1 octets"#]);
    // At QoS 1 it may come twice, also to whoever gets it at QoS 0.
    rig.say(publisher, publish("t", "x", Q1, 6));
    assert_eq!(rig.hear(zero), [r#"PUBLISH "t" q0, 1 octets"#]);
}

#[test]
fn a_will_reaches_nobody_at_qos_0_before_it_is_certain_that_it_is_not_due_again() {
    let mut rig = Rig::keeping(Kept::default());
    let [zero, one] = [("zero", Q0), ("one", Q1)].map(|(name, qos)| {
        let peer = rig.client(name);
        rig.subscribe(peer, "will", qos);
        peer
    });
    let a = rig.connect(kept("a").with_will(&will("will", "gone", Q1, false)));
    rig.hear(a);
    rig.show_holds();
    rig.cut(a);
    let heard = rig.hear(zero);
    assert!(heard[0].starts_with("hold ") && heard.len() == 2, "{heard:?}");
    assert_eq!(rig.hear(one), [r#"PUBLISH "will" q1 id 1, 4 octets"#]);
}

#[test]
fn a_restored_session_knows_its_subscriptions_and_counts_on() {
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.connect(kept("a"));
    rig.subscribe_after_connack(a, "t", Q1);
    rig.server_says(publish("t", "1", Q1, 1));
    assert_eq!(rig.hear(a).len(), 1, "it is on its way");
    let before = restart(&mut rig, &Kept::default());
    rig.server_says(publish("t", "22", Q1, 1));
    let now = changes(&rig, &before);
    let session = now.sessions.values().next().expect("one");
    assert_eq!(session.deliveries.keys().copied().collect::<Vec<_>>(), [1, 2]);
    // [MQTT-3.10.4-2] It ends a subscription that was made with the earlier server.
    let a = rig.connect(kept("a"));
    rig.say(a, unsubscribe(9, &["t"]));
    rig.server_says(publish("t", "333", Q1, 1));
    let heard = rig.hear(a);
    assert!(heard.iter().all(|line| !line.ends_with("3 octets")), "{heard:?}");
    assert_eq!(changes(&rig, &now).sessions.values().next().expect("one").subscriptions.len(), 0);
}

#[test]
fn a_topic_without_a_message_is_not_told_to_have_lost_one() {
    // MQTT-3.3.1-10
    let mut rig = Rig::keeping(Kept::default());
    let publisher = rig.client("publisher");
    rig.say(publisher, Publish { retain: true, ..publish("t", "", Q1, 1) });
    assert_eq!(rig.broker.holder().take_changes(), []);
    rig.say(publisher, retained("t", "x"));
    rig.say(publisher, Publish { retain: true, ..publish("t", "", Q1, 1) });
    let changes = rig.broker.holder().take_changes();
    assert!(matches!(changes[..], [Change::Retained { .. }, Change::Unretained { .. }]));
}

#[test]
fn a_client_is_told_nothing_that_cannot_be_kept() {
    let mut rig = Rig::keeping(Kept::default());
    rig.show_holds();
    let a = rig.connect(kept("a"));
    rig.say(a, Disconnect);
    rig.input(a, Input::NotKept);
    assert_eq!(rig.hear(a), ["closed: what it asks for cannot be kept at the moment"]);
    let b = rig.connect(kept("b"));
    rig.input(b, Input::NotKept);
    rig.say(b, Packet::Pingreq(crate::packet::Pingreq));
    assert_eq!(rig.hear(b), ["closed: what it asks for cannot be kept at the moment"]);
}
