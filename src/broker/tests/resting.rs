//! Connections that have nothing to do, and which have.

use std::time::Duration;

use super::rig::*;
use crate::broker::{Input, Limits};
use crate::packet::{Disconnect, Pingreq};

#[test]
fn a_silent_client_has_nothing_to_do() {
    let mut rig = Rig::new();
    let peer = rig.open();
    assert!(!rig.rest(peer), "it has not said who it is");
    rig.say(peer, clean("a"));
    assert!(!rig.rest(peer), "there is a CONNACK to be put out");
    rig.hear(peer);
    assert!(rig.rest(peer));
    rig.say(peer, Pingreq);
    assert!(!rig.rest(peer), "it is owed a PINGRESP");
    assert_eq!(rig.hear(peer), ["PINGRESP"]);
    assert!(rig.rest(peer));
    rig.say(peer, Disconnect);
    rig.hear(peer);
    assert!(!rig.rest(peer), "it is gone");
}

#[test]
fn who_has_gathered_messages_has_to_hand_them_on() {
    let mut rig = Rig::new();
    let peer = rig.client("a");
    rig.say_among(peer, publish("t", "1", Q0, 0));
    assert!(!rig.rest(peer));
    rig.hear(peer);
    assert!(rig.rest(peer));
}

#[test]
fn who_fails_is_heard_out() {
    let mut rig = Rig::new();
    let peer = rig.client("a");
    rig.input(peer, Input::NetworkFailing);
    assert_eq!(rig.hear(peer), ["hear out"]);
    assert!(!rig.rest(peer));
}

#[test]
fn how_far_a_client_is_ahead_of_its_rate_is_not_forgotten() {
    let mut rig = Rig::with_limits(Limits { max_publish_rate: 10, ..Limits::default() });
    let peer = rig.client("a");
    rig.say(peer, publish("t", "1", Q0, 0));
    rig.hear(peer);
    rig.pass(Duration::from_millis(99));
    assert!(!rig.rest(peer));
    rig.pass(Duration::from_millis(1));
    assert!(rig.rest(peer));
}
