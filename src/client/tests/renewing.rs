//! Subscriptions that the Server has lost.

use super::rig::*;
use crate::packet::{OneOrMore, QoS, Suback, SubackCode, Unsuback};
use crate::topic::TopicFilter;

/// A Client to which the Server has granted `a` and `b`.
fn subscribed(clean_session: bool) -> Talk {
    let mut talk = Talk::connected(clean_session);
    talk.subscribes(&["a", "b"]);
    talk.hears(suback(1, 2));
    talk
}

/// The same for nine filters, one more than are asked for again in one packet.
fn subscribed_to_many(clean_session: bool) -> Talk {
    let mut talk = Talk::connected(clean_session);
    let filters = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    talk.subscribes(&filters);
    talk.hears(suback(1, filters.len()));
    talk
}

#[test]
fn what_the_server_has_lost_is_asked_for_before_all_else() {
    for clean_session in [true, false] {
        let mut talk = subscribed(clean_session);
        talk.loses_connection();
        talk.publishes("1", QoS::AtMostOnce);
        let lines = talk.reconnect(clean_session, false);
        assert!(lines[1].starts_with("> SUBSCRIBE"), "{lines:?}");
        assert!(lines[1].ends_with(r#""a" q1 "b" q1"#), "{lines:?}");
        assert_eq!(lines[2..], [r#"> PUBLISH "t" q0, 1 octets"#, "Token(1) Delivered"]);
    }
}

#[test]
fn what_the_server_has_kept_is_not_asked_for() {
    let mut talk = subscribed(false);
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, true), ["connected, true"]);
}

#[test]
fn it_is_asked_for_again_until_it_is_answered() {
    let mut talk = subscribed(false);
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, false).len(), 2);
    talk.loses_connection();
    // The Server has a Session again, and perhaps never saw the SUBSCRIBE.
    let lines = talk.reconnect(false, true);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(talk.hears(suback(2, 2)), NONE, "nobody but itself has asked");
    assert!(talk.client.is_idle());
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, true), ["connected, true"]);
}

#[test]
fn a_refusal_is_told_once() {
    let mut talk = subscribed(true);
    talk.loses_connection();
    talk.reconnect(true, false);
    let codes = vec![SubackCode::Granted(QoS::AtMostOnce), SubackCode::Failure];
    let suback = Suback::new(id(1), &OneOrMore::new(codes).unwrap());
    assert_eq!(talk.hears(suback), ["refused b"]);
    talk.loses_connection();
    assert_eq!(talk.reconnect(true, false)[1], r#"> SUBSCRIBE id 1 "a" q1"#);
}

#[test]
fn what_was_unsubscribed_is_not_asked_for() {
    let mut talk = subscribed(true);
    talk.client.unsubscribe(talk.now, TopicFilter::new("a").unwrap().into()).unwrap();
    talk.hears(Unsuback { packet_id: id(2) });
    talk.loses_connection();
    assert_eq!(talk.reconnect(true, false)[1], r#"> SUBSCRIBE id 1 "b" q1"#);
}

#[test]
fn many_are_asked_for_in_several_packets() {
    let mut talk = subscribed_to_many(true);
    talk.loses_connection();
    assert_eq!(talk.reconnect(true, false).len(), 3);
}

#[test]
fn all_are_asked_for_again_until_each_packet_is_answered() {
    let mut talk = subscribed_to_many(false);
    talk.loses_connection();
    talk.reconnect(false, false);
    assert_eq!(talk.hears(suback(1, 8)), NONE, "the ninth is in another packet");
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, true).len(), 3);
    talk.hears(suback(3, 8));
    talk.hears(suback(4, 1));
    talk.loses_connection();
    assert_eq!(talk.reconnect(false, true), ["connected, true"]);
}

#[test]
fn another_client_identifier_has_subscribed_to_nothing() {
    // MQTT-3.1.3-2
    let mut talk = subscribed(false);
    talk.loses_connection();
    talk.client.connect(talk.now, connect("d", false)).unwrap();
    talk.lines();
    let connack = crate::packet::Connack::Accepted { session_present: false };
    assert_eq!(talk.hears(connack), ["connected, false"]);
}

#[test]
fn a_new_qos_that_is_refused_leaves_the_subscription_as_it_was() {
    let mut talk = subscribed(true);
    talk.subscribes(&["a"]);
    let suback = Suback::new(id(2), &SubackCode::Failure.into());
    talk.hears(suback);
    talk.loses_connection();
    let lines = talk.reconnect(true, false);
    assert!(lines[1].ends_with(r#""a" q1 "b" q1"#), "{lines:?}");
}

#[test]
fn the_qos_that_is_asked_for_again_is_that_which_was_wanted() {
    let mut talk = Talk::connected(true);
    talk.subscribes(&["a"]);
    talk.hears(Suback::new(id(1), &SubackCode::Granted(QoS::AtMostOnce).into()));
    talk.loses_connection();
    assert_eq!(talk.reconnect(true, false)[1], r#"> SUBSCRIBE id 1 "a" q1"#);
}
