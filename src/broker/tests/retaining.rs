//! Retained messages.

use super::rig::*;
use crate::broker::{Bound, Limits};
use crate::packet::{Disconnect, Publish};

#[test]
fn the_last_message_is_there_for_those_who_come_later() {
    // MQTT-3.3.1-5, MQTT-3.3.1-6, MQTT-3.3.1-8, MQTT-3.3.1-9, MQTT-3.1.2-7
    let mut rig = Rig::new();
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "#", Q0);
    let a = rig.client("a");
    rig.say(a, retained("t/1", "old"));
    rig.say(a, retained("t/1", "newer"));
    rig.say(a, retained("t/2", "other"));
    rig.say(a, publish("t/1", "passing by", Q1, 8)); // MQTT-3.3.1-12
    rig.say(a, Disconnect);
    let live = [3, 5, 5, 10].map(|octets| format!("q0, {octets} octets"));
    for (line, end) in rig.hear(watcher).iter().zip(live) {
        assert!(line.ends_with(&end), "RETAIN is 0 for an established subscription: {line}");
    }
    let b = rig.client("b");
    assert_eq!(
        rig.subscribe(b, "t/+", Q2),
        [r#"PUBLISH "t/1" q1 id 1 retain, 5 octets"#, r#"PUBLISH "t/2" q1 id 2 retain, 5 octets"#,]
    );
}

#[test]
fn no_payload_is_passed_on_and_clears() {
    // MQTT-3.3.1-10, MQTT-3.3.1-11
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, retained("t", "x"));
    rig.hear(a);
    rig.subscribe(a, "t", Q0);
    rig.say(a, Publish { retain: true, ..publish("t", "", Q0, 0) });
    assert_eq!(rig.hear(a), [r#"PUBLISH "t" q0, 0 octets"#]);
    assert_eq!(rig.subscribe(a, "t", Q0), [""; 0]);
}

#[test]
fn qos_0_takes_the_place_of_the_message_before() {
    // MQTT-3.3.1-7
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, retained("t", "old"));
    rig.say(a, Publish { retain: true, ..publish("t", "newer", Q0, 0) });
    rig.hear(a);
    assert_eq!(rig.subscribe(a, "t", Q2), [r#"PUBLISH "t" q0 retain, 5 octets"#]);
}

#[test]
fn a_session_that_goes_on_is_not_told_again() {
    let mut rig = Rig::new();
    let a = rig.connect(kept("a"));
    rig.say(a, retained("t", "x"));
    rig.hear(a);
    rig.subscribe(a, "t", Q0);
    rig.cut(a);
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a), ["CONNACK accepted, session present"]);
}

#[test]
fn the_servers_own_topics_are_not_for_those_who_ask_for_everything() {
    // MQTT-4.7.2-1
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.server_says(retained("$SYS/x", "x"));
    assert_eq!(rig.subscribe(a, "#", Q0), [""; 0]);
    assert_eq!(rig.subscribe(a, "+/x", Q0), [""; 0]);
    assert_eq!(rig.subscribe(a, "$SYS/#", Q0).len(), 1);
}

#[test]
fn a_message_without_room_has_reached_a_bound_and_goes_on_to_those_who_are_there() {
    let limits = Limits { max_retained_messages: 1, ..Limits::default() };
    let mut rig = Rig::with_limits(limits);
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "#", Q0);
    rig.server_says(retained("a", "kept"));
    assert_eq!(rig.broker.holder().reached_bounds(), [].into());
    rig.server_says(retained("b", "not kept"));
    assert_eq!(rig.broker.holder().reached_bounds(), [(Bound::MaxRetainedMessages, 1)].into());
    assert_eq!(rig.hear(watcher).len(), 2);
}
