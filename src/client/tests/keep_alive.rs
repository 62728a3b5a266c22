//! Keep Alive, and a Server that does not answer.

use std::time::Duration;

use super::rig::*;
use crate::client::{Input, Limits};
use crate::packet::{Pingresp, QoS};

#[test]
fn a_quiet_client_sends_pingreq_in_time() {
    // MQTT-3.1.2-23
    let mut talk = Talk::connected(true);
    let due = talk.client.deadline().unwrap();
    assert_eq!(due - talk.now, Duration::from_secs(6), "two before the eight are over");
    talk.passes(5_900);
    assert_eq!(talk.times_out(), NONE);
    talk.passes(100);
    assert_eq!(talk.times_out(), ["> PINGREQ"]);
    assert_eq!(talk.hears(Pingresp), NONE);
    talk.passes(4_000);
    talk.publishes("0", QoS::AtMostOnce);
    talk.passes(3_000);
    assert_eq!(talk.times_out(), NONE, "the PUBLISH was a sign of life");
}

#[test]
fn the_promise_binds_before_connack_too() {
    // MQTT-3.1.2-23
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    talk.lines();
    talk.passes(6_000);
    assert_eq!(talk.times_out(), ["> PINGREQ"]);
}

#[test]
fn a_server_that_does_not_answer_is_left() {
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    talk.lines();
    talk.passes(30_000);
    assert_eq!(
        talk.times_out(),
        ["close: the Server did not answer CONNECT in time [U-3.2-1]"],
        "and not a PINGREQ first"
    );

    talk.reconnect(true, false);
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line == "> PINGREQ") {
        talk.now = talk.client.deadline().unwrap();
        lines.extend(talk.times_out());
    }
    assert_eq!(lines.len(), 6, "five in 30 seconds keep the promise");
    assert_eq!(lines[5], "close: the Server did not answer PINGREQ in time [U-3.1.2.10-1]");
    assert_eq!(talk.client.deadline(), None);
}

#[test]
fn a_server_in_the_middle_of_a_long_packet_is_there() {
    let mut talk = Talk::connected(true);
    talk.passes(6_000);
    assert_eq!(talk.times_out(), ["> PINGREQ"]);
    for _ in 0..20 {
        talk.passes(5_000);
        talk.client.handle(talk.now, Input::Heard).unwrap();
        assert!(talk.times_out().iter().all(|line| line == "> PINGREQ"));
    }
    assert_eq!(talk.hears(Pingresp), NONE);
}
