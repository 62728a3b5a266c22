//! What goes on after the connection is lost, and what ends with it.

use super::rig::*;
use crate::client::Limits;
use crate::packet::{Connack, Puback, Pubcomp, Pubrec, QoS};
use crate::topic::TopicFilter;

#[test]
fn a_resumed_session_sends_again_what_has_no_answer() {
    // MQTT-4.4.0-1, MQTT-3.1.2-4, MQTT-4.1.0-1
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.publishes("22", QoS::ExactlyOnce);
    talk.publishes("333", QoS::ExactlyOnce);
    talk.hears(Pubrec { packet_id: id(2) });
    assert_eq!(talk.loses_connection(), NONE);
    assert_eq!(talk.publishes("4444", QoS::AtLeastOnce), NONE);
    assert_eq!(
        talk.reconnect(false, true),
        [
            "connected, true",
            "> PUBREL id 2",
            r#"> PUBLISH "t" q1 id 1 dup, 1 octets"#,
            r#"> PUBLISH "t" q2 id 3 dup, 3 octets"#,
            r#"> PUBLISH "t" q1 id 4, 4 octets"#,
        ]
    );
    assert_eq!(talk.hears(Puback { packet_id: id(1) }), ["Token(0) Delivered"]);
    assert_eq!(talk.hears(Pubcomp { packet_id: id(2) }), ["Token(1) Delivered"]);
}

#[test]
fn a_server_that_has_forgotten_is_told_anew() {
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.publishes("22", QoS::ExactlyOnce);
    talk.publishes("333", QoS::AtLeastOnce);
    talk.hears(Pubrec { packet_id: id(2) });
    talk.loses_connection();
    talk.publishes("4444", QoS::AtMostOnce);
    assert_eq!(
        talk.reconnect(false, false),
        [
            "connected, false",
            "Token(1) Delivered",
            r#"> PUBLISH "t" q1 id 1, 1 octets"#,
            r#"> PUBLISH "t" q1 id 2, 3 octets"#,
            r#"> PUBLISH "t" q0, 4 octets"#,
            "Token(3) Delivered",
        ]
    );
    assert_eq!(talk.hears(Puback { packet_id: id(2) }), ["Token(2) Delivered"]);
}

#[test]
fn a_clean_session_ends_with_its_connection() {
    // MQTT-3.1.2-6
    let limits = Limits { in_flight: 1, ..Limits::default() };
    let mut talk = Talk::new(limits);
    talk.reconnect(true, false);
    talk.subscribes(&["a"]);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.publishes("2", QoS::AtLeastOnce);
    assert_eq!(talk.loses_connection(), ["Token(1) GivenUp"]);
    assert_eq!(
        talk.reconnect(true, false),
        ["connected, false", r#"> SUBSCRIBE id 1 "a" q1"#, r#"> PUBLISH "t" q1 id 2, 1 octets"#],
        "what was never answered is asked for, what was never sent belongs to no Session"
    );
}

#[test]
fn a_clean_session_drops_what_was_kept() {
    // MQTT-3.1.2-6
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.loses_connection();
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    assert_eq!(
        talk.lines(),
        ["Token(0) GivenUp", r#"> CONNECT "c", clean session, keep alive 8 s"#]
    );
    talk.hears(Connack::Accepted { session_present: false });
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, true), ["connected, true"], "nothing is sent again");
}

#[test]
fn another_client_identifier_is_another_session() {
    // MQTT-3.1.3-2
    let mut talk = Talk::connected(false);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.loses_connection();
    talk.client.connect(talk.now, connect("d", false)).unwrap();
    assert_eq!(
        talk.lines(),
        ["Token(0) GivenUp", r#"> CONNECT "d", kept session, keep alive 8 s"#]
    );
}

#[test]
fn an_unanswered_subscription_is_asked_for_again_in_its_place() {
    let mut talk = Talk::connected(false);
    talk.subscribes(&["a"]);
    talk.publishes("1", QoS::AtLeastOnce);
    talk.client.unsubscribe(talk.now, TopicFilter::new("b").unwrap().into()).unwrap();
    talk.lines();
    assert_eq!(talk.loses_connection(), NONE);
    talk.publishes("2", QoS::AtMostOnce);
    assert_eq!(
        talk.reconnect(false, true),
        [
            "connected, true",
            r#"> PUBLISH "t" q1 id 2 dup, 1 octets"#,
            r#"> SUBSCRIBE id 4 "a" q1"#,
            r#"> UNSUBSCRIBE id 5 "b""#,
            r#"> PUBLISH "t" q0, 1 octets"#,
            "Token(3) Delivered",
        ]
    );
    assert_eq!(talk.hears(suback(4, 1)).len(), 1);
}
