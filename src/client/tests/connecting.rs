//! CONNECT, its answers, and DISCONNECT.

use super::rig::*;
use crate::client::{ConnectRefused, Limits};
use crate::packet::{Connack, ConnectRefusal, Delivery, QoS};

#[test]
fn connect_comes_first_and_commands_wait_for_connack() {
    // MQTT-3.1.0-1
    let mut talk = Talk::new(Limits::default());
    assert!(!talk.client.has_waiting());
    assert_eq!(talk.publishes("early", QoS::AtMostOnce), NONE);
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    assert_eq!(talk.lines(), [r#"> CONNECT "c", clean session, keep alive 8 s"#]);
    assert_eq!(talk.subscribes(&["a"]), NONE);
    assert!(talk.client.has_waiting());
    assert_eq!(
        talk.hears(Connack::Accepted { session_present: false }),
        [
            "connected, false",
            r#"> PUBLISH "t" q0, 5 octets"#,
            "Token(0) Delivered",
            r#"> SUBSCRIBE id 1 "a" q1"#,
        ]
    );
    assert!(!talk.client.has_waiting());
}

#[test]
fn a_connection_has_one_connect() {
    let mut talk = Talk::connected(true);
    let refused = talk.client.connect(talk.now, connect("c", true));
    assert_eq!(refused, Err(ConnectRefused::StillConnected));
    assert_eq!(talk.lines(), NONE);
}

#[test]
fn a_session_is_not_kept_without_a_name() {
    // MQTT-3.1.3-7
    let mut talk = Talk::new(Limits::default());
    let refused = talk.client.connect(talk.now, connect("", false));
    assert_eq!(refused, Err(ConnectRefused::EmptyClientId));
    assert_eq!(talk.lines(), NONE);
    assert_eq!(talk.client.connect(talk.now, connect("", true)), Ok(()));
}

#[test]
fn a_refusal_ends_the_connection_and_can_be_followed_by_another() {
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    talk.lines();
    assert_eq!(
        talk.hears(Connack::Refused(ConnectRefusal::NotAuthorized)),
        ["close: the Server refused the connection: not authorized (return code 5)"]
    );
    assert_eq!(talk.reconnect(true, false), ["connected, false"]);
}

#[test]
fn nothing_follows_disconnect() {
    // MQTT-3.14.4-1, MQTT-3.14.4-2
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.client.disconnect(talk.now);
    assert_eq!(talk.lines(), ["> DISCONNECT", "close: disconnected"]);
    let late = publish("x", Delivery::AtLeastOnce { packet_id: id(1), dup: false });
    assert_eq!(talk.hears(late), NONE);
    assert_eq!(talk.publishes("2", QoS::AtMostOnce), NONE);
    talk.passes(1_000_000);
    assert_eq!(talk.times_out(), NONE);
    talk.client.disconnect(talk.now);
    assert_eq!(talk.lines(), NONE);
    assert_eq!(talk.reconnect(false, true).len(), 4, "the Session is still there");
}
