//! The Will: published once, unless DISCONNECT has discarded it.

use std::time::Duration;

use super::rig::*;
use crate::broker::{Input, Limits};
use crate::packet::Disconnect;

const GONE: &str = r#"PUBLISH "will" q0, 4 octets"#;

/// A watcher of `will`, and a client that has left one.
fn with_will() -> (Rig, Peer, Peer) {
    let mut rig = Rig::new();
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "will", Q0);
    let will = will("will", "gone", Q1, false);
    let a = rig.connect(clean("a").with_keep_alive_seconds(1).with_will(&will));
    rig.hear(a);
    (rig, watcher, a)
}

macro_rules! published_after {
    ($($name:ident: $end:expr;)+) => {$(
        #[test]
        fn $name() {
            // MQTT-3.1.2-8, MQTT-3.1.2-10
            let (mut rig, watcher, peer) = with_will();
            let end: fn(&mut Rig, Peer) = $end;
            end(&mut rig, peer);
            assert_eq!(rig.hear(watcher), [GONE]);
            rig.input(peer, Input::NetworkClosed);
            assert_eq!(rig.hear(watcher), [""; 0], "and never again");
        }
    )+};
}

published_after! {
    network_failure:    |rig, peer| rig.cut(peer);
    keep_alive_expired: |rig, _| rig.pass(Duration::from_secs(2));
    malformed_packet:   |rig, peer| rig.say_octets(peer, "82 02 0001");
    protocol_violation: |rig, peer| rig.say(peer, clean("a"));
    same_client_again:  |rig, _| {
        rig.client("a");
    };
    faulty_disconnect:  |rig, peer| rig.say_octets(peer, "e1 00");
    server_stopping:    |rig, peer| rig.input(peer, Input::Stopping);
}

#[test]
fn disconnect_discards_it() {
    // MQTT-3.14.4-3
    let (mut rig, watcher, a) = with_will();
    rig.say(a, Disconnect);
    rig.input(a, Input::NetworkClosed);
    assert_eq!(rig.hear(watcher), [""; 0]);
}

#[test]
fn without_one_nothing_is_published() {
    // MQTT-3.1.2-12; the next connection of the same Client has left none.
    let (mut rig, watcher, a) = with_will();
    rig.say(a, Disconnect);
    let a = rig.client("a");
    rig.cut(a);
    assert_eq!(rig.hear(watcher), [""; 0]);
}

#[test]
fn it_is_retained_if_it_is_to_be() {
    // MQTT-3.1.2-16, MQTT-3.1.2-17
    for retain in [false, true] {
        let mut rig = Rig::new();
        let a = rig.connect(clean("a").with_will(&will("t", "gone", Q1, retain)));
        rig.hear(a);
        rig.cut(a);
        let b = rig.client("b");
        let expected = if retain { vec![r#"PUBLISH "t" q0 retain, 4 octets"#] } else { vec![] };
        assert_eq!(rig.subscribe(b, "t", Q0), expected);
    }
}

#[test]
fn the_last_messages_come_before_it() {
    let (mut rig, watcher, a) = with_will();
    rig.say(a, publish("will", "last words", Q1, 1));
    rig.hear(a);
    rig.cut(a);
    assert_eq!(rig.hear(watcher), [r#"PUBLISH "will" q0, 10 octets"#, GONE]);
}

#[test]
fn a_new_connection_leaves_its_own() {
    let (mut rig, watcher, _) = with_will();
    let a = rig.connect(clean("a").with_will(&will("will", "of the second", Q1, false)));
    rig.hear(a);
    rig.cut(a);
    assert_eq!(rig.hear(watcher), [GONE, r#"PUBLISH "will" q0, 13 octets"#]);
}

#[test]
fn a_stop_sends_first_what_waits_and_wills_with_it() {
    const WAITING: usize = 200;
    let (mut rig, watcher, a) = with_will();
    for _ in 0..WAITING {
        rig.say(a, publish("will", "last words", Q0, 1));
    }
    rig.input(a, Input::Stopping);
    rig.input(watcher, Input::Stop);
    let heard = rig.hear(watcher);
    assert_eq!(heard.len(), WAITING + 2);
    assert_eq!(heard[WAITING..], [GONE, "closed: server stopping"]);
}

#[test]
fn where_a_client_may_not_publish_its_will_is_not_published() {
    // U-4.7.2-1, and a bound of this server.
    let mut rig = Rig::with_limits(Limits { max_topic_levels: 3, ..Limits::default() });
    let watcher = rig.client("watcher");
    rig.say(watcher, subscribe(1, &[("#", Q0), ("$SYS/#", Q0), ("$other/#", Q0)]));
    rig.hear(watcher);
    for (topic, comes) in
        [("$SYS/broker", false), ("$other/t", false), ("a/b/c/d", false), ("a/b/c", true)]
    {
        let a = rig.connect(clean("a").with_will(&will(topic, "gone", Q0, true)));
        rig.hear(a);
        rig.cut(a);
        assert_eq!(rig.hear(watcher).len(), usize::from(comes), "{topic}");
    }
}
