//! What a program asks for, and when it is done.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::{Bytes, BytesMut};

use super::rig::*;
use crate::client::{Client, CommandRefused, Limits, Output};
use crate::packet::{
    Decoder, OneOrMore, Packet, Puback, Pubcomp, Pubrec, QoS, Suback, SubackCode, SubscribeFilter,
    Unsuback,
};
use crate::topic::TopicFilter;

#[test]
fn each_qos_is_complete_when_its_last_answer_is_here() {
    let mut talk = Talk::connected(true);
    assert_eq!(
        talk.publishes("0", QoS::AtMostOnce),
        [r#"> PUBLISH "t" q0, 1 octets"#, "Token(0) Delivered"]
    );
    assert_eq!(talk.publishes("1", QoS::AtLeastOnce), [r#"> PUBLISH "t" q1 id 1, 1 octets"#]);
    assert_eq!(talk.publishes("2", QoS::ExactlyOnce), [r#"> PUBLISH "t" q2 id 2, 1 octets"#]);
    assert_eq!(talk.hears(Pubrec { packet_id: id(2) }), ["> PUBREL id 2"]);
    assert_eq!(talk.hears(Puback { packet_id: id(1) }), ["Token(1) Delivered"]);
    assert!(!talk.client.is_idle());
    assert_eq!(talk.hears(Pubcomp { packet_id: id(2) }), ["Token(2) Delivered"]);
    assert!(talk.client.is_idle());
    assert_eq!(talk.hears(Puback { packet_id: id(1) }), NONE, "nothing ends twice");
}

#[test]
fn commands_keep_their_order_behind_one_that_waits() {
    let limits = Limits { in_flight: 1, waiting: 2, ..Limits::default() };
    let mut talk = Talk::new(limits);
    talk.reconnect(true, false);
    assert_eq!(talk.publishes("1", QoS::AtLeastOnce), [r#"> PUBLISH "t" q1 id 1, 1 octets"#]);
    assert_eq!(talk.publishes("22", QoS::AtLeastOnce), NONE);
    assert_eq!(talk.publishes("0", QoS::AtMostOnce), NONE);
    let refused = talk.client.publish(talk.now, message("", QoS::AtMostOnce));
    assert_eq!(refused, Err(CommandRefused::Full { limit: 2 }));
    assert_eq!(
        talk.hears(Puback { packet_id: id(1) }),
        [
            "Token(0) Delivered",
            r#"> PUBLISH "t" q1 id 2, 2 octets"#,
            r#"> PUBLISH "t" q0, 1 octets"#,
            "Token(2) Delivered",
        ]
    );
}

#[test]
fn a_message_that_no_packet_holds_is_refused() {
    let mut talk = Talk::connected(true);
    let room = Decoder::MAX_PACKET_SIZE - 5 - 3 - 2;
    let mut long = message("", QoS::AtLeastOnce);
    long.payload = Bytes::from(vec![0; room + 1]);
    let refused = talk.client.publish(talk.now, long.clone());
    assert!(matches!(refused, Err(CommandRefused::TooLong(_))));
    long.payload.truncate(room);
    talk.client.publish(talk.now, long).unwrap();
    let Some(Output::Send(Packet::Publish(publish))) = talk.client.poll_output() else {
        panic!("no PUBLISH")
    };
    assert_eq!(publish.encode_without_payload(&mut BytesMut::new()), Ok(()));
}

#[test]
fn more_filters_than_a_packet_holds_are_refused() {
    // A filter has its length before it and its QoS behind it; copies of one text take no room.
    let long = TopicFilter::new("f".repeat(65_532)).unwrap();
    let room = Decoder::MAX_PACKET_SIZE - 5 - 2 - 4_096 * 65_535;
    let mut talk = Talk::new(Limits::default());
    let mut subscribe = |last: usize| {
        let mut filters = vec![long.clone(); 4_096];
        filters.push(TopicFilter::new("f".repeat(last - 3)).unwrap());
        let qos = QoS::AtMostOnce;
        let wanted = filters.into_iter().map(|filter| SubscribeFilter { filter, qos });
        talk.client.subscribe(talk.now, OneOrMore::new(wanted.collect()).unwrap())
    };
    assert!(subscribe(room).is_ok());
    assert!(matches!(subscribe(room + 1), Err(CommandRefused::TooLong(_))));
}

#[test]
fn subscriptions_come_with_their_codes_and_go() {
    let mut talk = Talk::connected(true);
    assert_eq!(talk.subscribes(&["a", "b/#"]), [r#"> SUBSCRIBE id 1 "a" q1 "b/#" q1"#]);
    let filters = TopicFilter::new("a").unwrap().into();
    talk.client.unsubscribe(talk.now, filters).unwrap();
    assert_eq!(talk.lines(), [r#"> UNSUBSCRIBE id 2 "a""#]);
    let codes = vec![SubackCode::Granted(QoS::AtMostOnce), SubackCode::Failure];
    let suback = Suback::new(id(1), &OneOrMore::new(codes).unwrap());
    assert_eq!(
        talk.hears(suback),
        ["Token(0) Subscribed(OneOrMore([Granted(AtMostOnce), Failure]))"]
    );
    assert_eq!(talk.hears(Unsuback { packet_id: id(2) }), ["Token(1) Unsubscribed"]);
    assert!(talk.client.is_idle());
}

#[test]
fn each_state_has_a_hash_of_its_own() {
    // Whoever visits all states knows them by it.
    let mut hashes = BTreeSet::new();
    let mut talk = Talk::new(Limits::default());
    let mut note = |talk: &Talk| assert!(hashes.insert(hash(&talk.client)), "{:?}", talk.client);
    note(&talk);
    talk.reconnect(false, false);
    note(&talk);
    talk.subscribes(&["a"]);
    note(&talk);
    talk.hears(suback(1, 1));
    note(&talk);
    talk.publishes("1", QoS::AtLeastOnce);
    note(&talk);
    talk.loses_connection();
    note(&talk);
}

fn hash(client: &Client) -> u64 {
    let mut hasher = DefaultHasher::new();
    client.hash(&mut hasher);
    hasher.finish()
}
