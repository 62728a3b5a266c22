//! Messages of QoS 0 that come together, and are handed on together.

use std::time::Duration;

use super::rig::*;
use crate::broker::{Limits, Listening};
use crate::packet::{Disconnect, Packet, Publish};

/// A watcher of everything and a client that will say three things together, two of them at once.
fn with_gathered() -> (Rig, Peer, Peer) {
    let mut rig = Rig::with_limits(Limits { max_topic_levels: 3, ..Limits::default() });
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "#", Q0);
    let will = will("will", "gone", Q0, false);
    let a = rig.connect(clean("a").with_will(&will));
    rig.hear(a);
    for payload in ["1", "22"] {
        rig.say_among(a, publish("t", payload, Q0, 0));
    }
    assert_eq!(rig.hear(watcher), [""; 0], "they gather");
    (rig, watcher, a)
}

const GATHERED: [&str; 2] = [r#"PUBLISH "t" q0, 1 octets"#, r#"PUBLISH "t" q0, 2 octets"#];

#[test]
fn they_are_handed_on_in_their_order() {
    let (mut rig, watcher, a) = with_gathered();
    rig.pass_on(a);
    assert_eq!(rig.hear(watcher), GATHERED);
    rig.pass_on(a);
    assert_eq!(rig.hear(watcher), [""; 0], "once");
}

/// A topic of more levels than are taken, which ends the connection of its publisher.
const DEEP: &str = "1/2/3/4";

macro_rules! come_before {
    ($($name:ident: $next:expr => $then:expr;)+) => {$(
        #[test]
        fn $name() {
            // MQTT-4.6.0-6
            let (mut rig, watcher, a) = with_gathered();
            let next: Packet = $next.into();
            rig.say_among(a, next);
            rig.pass_on(a);
            let expected: &[&str] = &$then;
            assert_eq!(rig.hear(watcher), [&GATHERED, expected].concat());
        }
    )+};
}

come_before! {
    another_topic:      publish("u", "", Q0, 0)      => [r#"PUBLISH "u" q0, 0 octets"#];
    acknowledged_one:   publish("t", "333", Q1, 1)   => [r#"PUBLISH "t" q0, 3 octets"#];
    retained_one:       retained("t", "333")         => [r#"PUBLISH "t" q0, 3 octets"#];
    goodbye:            Disconnect                   => [];
    violation_and_will: clean("a")                   => [r#"PUBLISH "will" q0, 4 octets"#];
    too_deep_and_will:  publish(DEEP, "", Q0, 0)     => [r#"PUBLISH "will" q0, 4 octets"#];
}

#[test]
fn what_their_publisher_does_next_comes_behind_them() {
    let (mut rig, _, a) = with_gathered();
    rig.say_among(a, subscribe(1, &[("t", Q0)]));
    assert_eq!(rig.hear(a), ["SUBACK id 1 q0"], "it had not subscribed when it said them");
    rig.say_among(a, publish("t", "333", Q0, 0));
    rig.say_among(a, unsubscribe(2, &["t"]));
    assert_eq!(rig.hear(a), ["UNSUBACK id 2", r#"PUBLISH "t" q0, 3 octets"#]);
}

#[test]
fn who_unsubscribes_meanwhile_gets_nothing_more() {
    // MQTT-3.10.4-2
    let (mut rig, watcher, a) = with_gathered();
    rig.pass_on(a);
    rig.hear(watcher);
    rig.say_among(a, publish("t", "3", Q0, 0));
    rig.say(watcher, unsubscribe(9, &["#"]));
    rig.pass_on(a);
    assert_eq!(rig.hear(watcher), ["UNSUBACK id 9"]);
}

#[test]
fn who_subscribes_meanwhile_is_found() {
    let (mut rig, watcher, a) = with_gathered();
    let late = rig.client("late");
    rig.subscribe(late, "t", Q0);
    rig.pass_on(a);
    assert_eq!(rig.hear(watcher), GATHERED);
    assert_eq!(rig.hear(late), GATHERED);
    // From a route that was found before.
    let later = rig.client("later");
    rig.subscribe(later, "t", Q0);
    rig.say(a, publish("t", "1", Q0, 0));
    assert_eq!(rig.hear(later), GATHERED[..1]);
}

#[test]
fn no_more_gather_than_are_worth_it() {
    let (mut rig, watcher, a) = with_gathered();
    for _ in 0..300 {
        rig.say_among(a, publish("t", "1", Q0, 0));
    }
    assert_eq!(rig.hear(watcher).len(), 256, "before all have come");
    let large = Publish { payload: vec![7; 4_095].into(), ..publish("t", "", Q0, 0) };
    for _ in 0..5 {
        rig.say_among(a, large.clone());
    }
    assert_eq!(rig.hear(watcher).len(), 46 + 4, "sixteen KiB are enough as well");
}

#[test]
fn what_is_as_large_as_what_is_worth_it_gathers_no_more() {
    let (mut rig, watcher, a) = with_gathered();
    rig.pass_on(a);
    rig.hear(watcher);
    let mut say = |octets| {
        rig.say_among(a, Publish { payload: vec![7; octets].into(), ..publish("t", "", Q0, 0) });
        rig.hear(watcher).len()
    };
    // Four packets of 4,096 octets are the sixteen KiB.
    assert_eq!([4_090; 4].map(&mut say), [0; 4]);
    assert_eq!(say(4_090), 4);
    // Of a payload of four KiB there is no copy to gather.
    assert_eq!(say(4_095), 1);
    assert_eq!(say(4_096), 2);
}

#[test]
fn so_many_and_so_much_are_fetched_at_once() {
    let (mut rig, watcher, a) = with_gathered();
    rig.pass_on(a);
    rig.hear(watcher);
    // Runs of sixteen KiB, as above, of which there may be 64.
    let large = Publish { payload: vec![7; 4_090].into(), ..publish("t", "", Q0, 0) };
    for _ in 0..6 * 4 {
        rig.say_among(a, large.clone());
    }
    rig.pass_on(a);
    assert_eq!(rig.fetched(watcher), 4);
    rig.hear(watcher);
    // Small ones, and messages by themselves.
    for qos in [Q0, Q1] {
        for number in 1..=70 {
            rig.say(a, publish("t", "1", qos, number));
        }
        assert_eq!(rig.fetched(watcher), 64, "{qos}");
        rig.hear(watcher);
    }
}

/// A subscriber, and a client that floods it with so many messages; how often it had to wait.
fn with_flood(limits: Limits, count: usize) -> (Rig, Peer, Peer, usize) {
    let mut rig = Rig::with_limits(limits);
    let (subscriber, a) = (rig.client("subscriber"), rig.client("a"));
    rig.subscribe(subscriber, "t", Q0);
    let mut pauses = 0;
    for _ in 0..count {
        while rig.listening(a) != Listening::Now {
            rig.pass(Duration::from_millis(1));
            pauses += 1;
        }
        rig.say_among(a, publish("t", "1", Q0, 0));
    }
    (rig, subscriber, a, pauses)
}

#[test]
fn a_flood_waits_for_a_subscriber_that_is_behind() {
    let (_, _, _, pauses) = with_flood(Limits::default(), 4_096);
    assert_eq!(pauses, 0);
    let (mut rig, subscriber, a, pauses) = with_flood(Limits::default(), 4_096 + 512);
    assert_eq!(pauses, 2, "a millisecond for each 256");
    assert_eq!(rig.hear(subscriber).len(), 4_096 + 256);
    rig.pass_on(a);
    assert_eq!(rig.hear(subscriber).len(), 256, "none is lost");
}

#[test]
fn nobody_waits_for_a_subscriber_that_takes_nothing() {
    let limits = || Limits { max_queued_messages: 5_000, ..Limits::default() };
    let (_, _, _, pauses) = with_flood(limits(), 5_200);
    let (_, _, _, later) = with_flood(limits(), 10_000);
    assert_eq!(later, pauses, "until there is no room left");
}

#[test]
fn one_that_joins_others_shows_that_its_client_is_there() {
    // MQTT-3.1.2-24
    let mut rig = Rig::new();
    let a = rig.connect(clean("a").with_keep_alive_seconds(10));
    rig.hear(a);
    rig.say_among(a, publish("t", "1", Q0, 0));
    rig.pass(Duration::from_secs(14));
    rig.say_among(a, publish("t", "22", Q0, 0));
    rig.pass(Duration::from_secs(14));
    assert_eq!(rig.hear(a), [""; 0]);
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.hear(a).len(), 1, "it is closed");
}
