//! CONNECT and its answers, Keep Alive, and all the ways in which a connection ends.

use std::time::Duration;

use super::rig::*;
use crate::broker::{Input, Limits};
use crate::packet::{DecodeError, Disconnect, PacketTooLarge, PacketType, Pingreq, Puback};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn connect_is_accepted_and_ping_answered() {
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, Pingreq);
    rig.say(a, Pingreq);
    assert_eq!(rig.hear(a), ["PINGRESP", "PINGRESP"]);
    rig.say(a, Disconnect);
    assert_eq!(rig.hear(a), ["closed: DISCONNECT"]);
}

#[test]
fn another_packet_first_ends_the_connection_without_an_answer() {
    let mut rig = Rig::new();
    let a = rig.open();
    rig.say(a, Pingreq);
    rig.say(a, clean("a"));
    assert_eq!(rig.hear(a), ["closed: PINGREQ before CONNECT [MQTT-3.1.0-1]"]);
}

#[test]
fn a_second_connect_ends_the_connection() {
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say(a, clean("a"));
    assert_eq!(rig.hear(a), ["closed: second CONNECT [MQTT-3.1.0-2]"]);
}

#[test]
fn a_second_connect_of_another_version_is_still_a_second_connect() {
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.say_octets(a, "10 0d 0004 'MQTT' 05 02 003c 0001 'a'");
    assert_eq!(rig.hear(a), ["closed: second CONNECT [MQTT-3.1.0-2]"]);
}

#[test]
fn a_frame_that_is_not_binary_ends_the_connection() {
    let mut rig = Rig::new();
    for peer in [rig.open(), rig.client("a")] {
        rig.input(peer, Input::NotBinary);
        let closed = "closed: a WebSocket data frame that is not binary [MQTT-6.0.0-1]";
        assert_eq!(rig.hear(peer), [closed]);
    }
}

#[test]
fn another_version_is_told_so() {
    let mut rig = Rig::new();
    let a = rig.open();
    rig.say_octets(a, "10 0d 0004 'MQTT' 05 02 003c 0001 'a'");
    assert_eq!(
        rig.hear(a),
        [
            "CONNACK refused with 1: unacceptable protocol version",
            "closed: CONNECT refused, unacceptable protocol version [MQTT-3.1.2-2]",
        ]
    );
}

#[test]
fn a_malformed_connect_has_no_answer() {
    let mut rig = Rig::new();
    let a = rig.open();
    rig.say_octets(a, "10 0d 0004 'MQTT' 04 03 003c 0001 'a'");
    assert_eq!(rig.hear(a), ["closed: CONNECT: reserved connect flag set [MQTT-3.1.2-3], octet 9"]);
}

#[test]
fn a_kept_session_needs_an_identifier_and_what_follows_a_refusal_is_not_looked_at() {
    let mut rig = Rig::new();
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "#", Q0);
    let a = rig.connect(kept(""));
    rig.say(a, retained("t", "x")); // MQTT-3.1.4-5
    assert_eq!(
        rig.hear(a),
        [
            "CONNACK refused with 2: identifier rejected",
            "closed: CONNECT refused, identifier rejected [MQTT-3.1.3-8]",
        ]
    );
    assert_eq!(rig.hear(watcher), [""; 0]);
}

#[test]
fn clients_without_an_identifier_do_not_meet() {
    // MQTT-3.1.3-6
    let mut rig = Rig::new();
    let a = rig.client("");
    let b = rig.client("");
    for peer in [a, b] {
        rig.say(peer, Pingreq);
        assert_eq!(rig.hear(peer), ["PINGRESP"]);
    }
}

#[test]
fn packets_of_a_server_end_the_connection() {
    for octets in ["20 02 00 00", "90 03 0001 00", "b0 02 0001", "d0 00"] {
        let mut rig = Rig::new();
        let a = rig.client("a");
        rig.say_octets(a, octets);
        let heard = rig.hear(a);
        assert!(heard[0].ends_with("from a Client [MQTT-4.8.0-1]"), "{heard:?}");
    }
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_ends_the_connection() {
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.subscribe(a, "t", Q2);
    rig.say(a, publish("t", "x", Q2, 1));
    rig.hear(a);
    rig.say(a, Puback { packet_id: id(1) });
    assert_eq!(rig.hear(a), ["closed: PUBACK for identifier 1, which is of QoS 2 [MQTT-4.8.0-1]"]);
}

#[test]
fn silence_is_allowed_for_one_and_a_half_keep_alive() {
    // MQTT-3.1.2-24
    let mut rig = Rig::new();
    let a = rig.connect(clean("a").with_keep_alive_seconds(10));
    rig.hear(a);
    rig.pass(14 * SECOND);
    rig.say(a, Pingreq);
    rig.pass(14 * SECOND);
    assert_eq!(rig.hear(a), ["PINGRESP"]);
    rig.pass(SECOND);
    assert_eq!(
        rig.hear(a),
        ["closed: silent for longer than one and a half Keep Alive [MQTT-3.1.2-24]"]
    );
}

#[test]
fn keep_alive_zero_is_no_bound() {
    let mut rig = Rig::new();
    let a = rig.client("a");
    rig.pass(1_000_000 * SECOND);
    assert_eq!(rig.hear(a), [""; 0]);
}

#[test]
fn what_the_server_sends_does_not_count_for_the_client() {
    // MQTT-3.1.2-24
    let mut rig = Rig::new();
    let a = rig.connect(clean("a").with_keep_alive_seconds(10));
    let b = rig.client("b");
    rig.hear(a);
    rig.subscribe(a, "t", Q0);
    for _ in 0..16 {
        rig.say(b, publish("t", "x", Q0, 0));
        rig.pass(SECOND);
    }
    assert!(rig.hear(a).last().unwrap().ends_with("[MQTT-3.1.2-24]"));
}

#[test]
fn connect_must_come_in_time() {
    let mut rig = Rig::with_limits(Limits { connect_timeout: 3 * SECOND, ..Limits::default() });
    let a = rig.open();
    rig.pass(2 * SECOND);
    assert_eq!(rig.hear(a), [""; 0]);
    rig.pass(SECOND);
    assert_eq!(rig.hear(a), ["closed: no CONNECT in time [U-3.1.4-2]"]);
}

#[test]
fn a_timeout_that_comes_too_early_changes_nothing() {
    let mut rig = Rig::new();
    let a = rig.connect(clean("a").with_keep_alive_seconds(10));
    rig.hear(a);
    rig.input(a, Input::Timeout);
    assert_eq!(rig.hear(a), [""; 0]);
}

#[test]
fn one_connection_ends_and_no_other() {
    // MQTT-4.8.0-1
    let mut rig = Rig::new();
    let a = rig.client("a");
    let b = rig.client("b");
    rig.say_octets(a, "f0 00");
    assert_eq!(rig.hear(a), ["closed: reserved packet type 15 [U-2.2.1-2], octet 0"]);
    rig.say(b, Pingreq);
    assert_eq!(rig.hear(b), ["PINGRESP"]);
}

#[test]
fn what_there_is_no_room_for_ends_its_own_connection() {
    // MQTT-4.8.0-2, U-4.8-1
    let mut rig = Rig::new();
    let a = rig.client("a");
    let b = rig.client("b");
    let too_large = PacketTooLarge { packet_type: PacketType::Publish, size: 101, limit: 100 };
    rig.input(a, Input::Undecodable(DecodeError::TooLarge(too_large)));
    assert_eq!(
        rig.hear(a),
        ["closed: PUBLISH of 101 octets where 100 is the limit [MQTT-4.8.0-2]"]
    );
    rig.say(b, Pingreq);
    assert_eq!(rig.hear(b), ["PINGRESP"]);
}

#[test]
fn without_room_for_another_session_a_client_is_told_so() {
    // U-3.2.2.3-1
    let mut rig = Rig::with_limits(Limits { max_sessions: 2, ..Limits::default() });
    let a = rig.connect(kept("a"));
    rig.cut(a);
    rig.client("b");
    let c = rig.connect(clean("c"));
    assert_eq!(
        rig.hear(c),
        [
            "CONNACK refused with 3: server unavailable",
            "closed: CONNECT refused, server unavailable [U-3.2.2.3-1]",
        ]
    );
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a), ["CONNACK accepted, session present"], "who has one keeps it");
}

#[test]
fn what_is_to_be_said_can_be_counted_and_who_it_is_asked() {
    let mut rig = Rig::new();
    let peer = rig.open();
    assert_eq!(rig.state(peer), (0, false));
    rig.say(peer, clean("a"));
    rig.say(peer, Pingreq);
    assert_eq!(rig.state(peer), (2, true));
    rig.hear(peer);
    assert_eq!(rig.state(peer), (0, true));
    rig.cut(peer);
    assert_eq!(rig.state(peer), (0, false));
}
