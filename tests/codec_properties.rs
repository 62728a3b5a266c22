//! What holds for every packet, and for every run of octets.
//!
//! Packets are made through the public constructors alone: what these properties hold for is what a
//! user can say.

#![expect(clippy::unwrap_used, reason = "a generator that makes what may not be is a failed test")]

use bytes::{Bytes, BytesMut};
use mqttspec::packet::{
    Binary, ClientId, Connack, Connect, ConnectRefusal, Credentials, DecodeError, Decoder,
    Delivery, Disconnect, OneOrMore, Packet, PacketId, Pingreq, Pingresp, Puback, Pubcomp, Publish,
    Pubrec, Pubrel, QoS, Suback, SubackCode, Subscribe, SubscribeFilter, Text, Unsuback,
    Unsubscribe, Will,
};
use mqttspec::topic::{TopicFilter, TopicName};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(packet in packet()) {
        let mut buffer = BytesMut::from(&encode(&packet)[..]);
        prop_assert_eq!(Decoder::default().decode(&mut buffer), Ok(Some(packet)));
        prop_assert!(buffer.is_empty(), "{} octets too many", buffer.len());
    }

    /// No packet is the beginning of another, so that the first octets that are one are the right
    /// ones.
    #[test]
    fn a_part_of_a_packet_is_none(packet in packet(), cut in any::<prop::sample::Index>()) {
        let octets = encode(&packet);
        let mut buffer = BytesMut::from(&octets[..cut.index(octets.len())]);
        prop_assert_eq!(Decoder::default().decode(&mut buffer), Ok(None));
    }

    #[test]
    fn any_split_gives_the_same_packets(
        packets in prop::collection::vec(packet(), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let octets: Vec<u8> = packets.iter().flat_map(encode).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(octets.len())).collect();
        cuts.sort_unstable();
        cuts.push(octets.len());
        let mut buffer = BytesMut::new();
        let mut decoded = Vec::new();
        let mut start = 0;
        for end in cuts {
            buffer.extend_from_slice(&octets[start..end]);
            start = end;
            while let Some(packet) = Decoder::default().decode(&mut buffer).unwrap() {
                decoded.push(packet);
            }
        }
        prop_assert_eq!(decoded, packets);
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn any_octets_have_a_verdict(octets in prop::collection::vec(any::<u8>(), 0..64)) {
        judge(&octets)?;
    }

    /// Octets that look like a packet at first: a first octet and a length that can be true.
    #[test]
    fn any_body_has_a_verdict(
        first in prop::sample::select(vec![
            0x10, 0x20, 0x30, 0x32, 0x3d, 0x40, 0x62, 0x82, 0x90, 0xa2, 0xb0, 0xc0, 0xe0,
        ]),
        body in prop::collection::vec(prop_oneof![Just(0), 0..8_u8, any::<u8>()], 0..64),
    ) {
        let length = u8::try_from(body.len()).unwrap();
        judge(&[&[first, length], &body[..]].concat())?;
    }

    #[test]
    fn any_mutation_has_a_verdict(
        packet in packet(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut octets = encode(&packet);
        for (place, octet) in mutations {
            let place = place.index(octets.len());
            octets[place] = octet;
        }
        judge(&octets)?;
    }
}

/// Whatever the octets are: they are a packet that says the same when encoded, or the beginning of
/// one, or the fault is at an octet that is there, or just behind the last.
fn judge(octets: &[u8]) -> Result<(), TestCaseError> {
    let mut buffer = BytesMut::from(octets);
    let decoded = Decoder::default().decode(&mut buffer);
    judge_where_it_lies(octets, &decoded, octets.len() - buffer.len())?;
    match decoded {
        Ok(None) => prop_assert_eq!(&buffer[..], octets),
        Ok(Some(packet)) => {
            let taken = octets.len() - buffer.len();
            let written = encode(&packet);
            // A Remaining Length may be said in more octets than it needs; nothing else has two
            // spellings.
            prop_assert!(written.len() <= taken && taken <= written.len() + 3);
            let again = Decoder::default().decode(&mut BytesMut::from(&written[..]));
            prop_assert_eq!(again, Ok(Some(packet)));
        }
        Err(DecodeError::Malformed(fault)) => prop_assert!(fault.offset <= octets.len()),
        Err(DecodeError::UnsupportedProtocolLevel { level, offset }) => {
            prop_assert_eq!(octets[offset], level);
        }
        Err(fault) => prop_assert!(false, "no limit was set, and yet: {}", fault),
    }
    Ok(())
}

/// A PUBLISH says the same where it lies, what is no packet at all has the same fault, and nothing
/// else is a PUBLISH.
fn judge_where_it_lies(
    octets: &[u8],
    decoded: &Result<Option<Packet>, DecodeError>,
    taken: usize,
) -> Result<(), TestCaseError> {
    let is_publish = octets.first().is_some_and(|first| first >> 4 == 3);
    match (Decoder::default().publish_at(octets), decoded) {
        (Ok(Some((there, size))), Ok(Some(Packet::Publish(publish)))) => {
            prop_assert_eq!(size, taken);
            let Publish { topic, payload, delivery, retain } = publish;
            let said = (there.topic(), there.payload, there.delivery, there.retain);
            prop_assert_eq!(said, (topic.as_str(), &payload[..], *delivery, *retain));
        }
        (Ok(None), Ok(None)) => {}
        (Ok(None), _) => prop_assert!(!is_publish),
        (Err(fault), Err(other)) => prop_assert_eq!(fault, *other),
        (there, decoded) => prop_assert!(false, "{:?} and {:?}", there, decoded),
    }
    Ok(())
}

fn encode(packet: &Packet) -> Vec<u8> {
    let mut out = BytesMut::new();
    packet.encode(&mut out).unwrap();
    out.to_vec()
}

/// A packet of any type.
fn packet() -> impl Strategy<Value = Packet> {
    prop_oneof![
        3 => connect().prop_map(Packet::from),
        1 => connack().prop_map(Packet::from),
        4 => publish().prop_map(Packet::from),
        1 => packet_id().prop_map(|packet_id| Puback { packet_id }.into()),
        1 => packet_id().prop_map(|packet_id| Pubrec { packet_id }.into()),
        1 => packet_id().prop_map(|packet_id| Pubrel { packet_id }.into()),
        1 => packet_id().prop_map(|packet_id| Pubcomp { packet_id }.into()),
        2 => subscribe().prop_map(Packet::from),
        2 => suback().prop_map(Packet::from),
        2 => unsubscribe().prop_map(Packet::from),
        1 => packet_id().prop_map(|packet_id| Unsuback { packet_id }.into()),
        1 => prop::sample::select(vec![Pingreq.into(), Pingresp.into(), Disconnect.into()]),
    ]
}

fn connect() -> impl Strategy<Value = Connect> {
    let credentials = (text(), prop::option::of(binary()))
        .prop_map(|(user_name, password)| Credentials { user_name, password });
    let will = (topic_name(), binary(), qos(), any::<bool>())
        .prop_map(|(topic, message, qos, retain)| Will { topic, message, qos, retain });
    (text(), any::<bool>(), any::<u16>(), prop::option::of(will), prop::option::of(credentials))
        .prop_map(|(client_id, clean_session, keep_alive_seconds, will, credentials)| {
            let mut connect = Connect::new(&ClientId::new(client_id))
                .with_clean_session(clean_session)
                .with_keep_alive_seconds(keep_alive_seconds);
            if let Some(will) = &will {
                connect = connect.with_will(will);
            }
            if let Some(credentials) = &credentials {
                connect = connect.with_credentials(credentials);
            }
            connect
        })
}

fn connack() -> impl Strategy<Value = Connack> {
    prop::sample::select(vec![
        Connack::Accepted { session_present: false },
        Connack::Accepted { session_present: true },
        Connack::Refused(ConnectRefusal::UnacceptableProtocolVersion),
        Connack::Refused(ConnectRefusal::IdentifierRejected),
        Connack::Refused(ConnectRefusal::ServerUnavailable),
        Connack::Refused(ConnectRefusal::BadUserNameOrPassword),
        Connack::Refused(ConnectRefusal::NotAuthorized),
    ])
}

fn publish() -> impl Strategy<Value = Publish> {
    let delivery = prop_oneof![
        Just(Delivery::AtMostOnce),
        (packet_id(), any::<bool>())
            .prop_map(|(packet_id, dup)| Delivery::AtLeastOnce { packet_id, dup }),
        (packet_id(), any::<bool>())
            .prop_map(|(packet_id, dup)| Delivery::ExactlyOnce { packet_id, dup }),
    ];
    (topic_name(), payload(), delivery, any::<bool>())
        .prop_map(|(topic, payload, delivery, retain)| Publish { topic, payload, delivery, retain })
}

fn subscribe() -> impl Strategy<Value = Subscribe> {
    let filter = (topic_filter(), qos()).prop_map(|(filter, qos)| SubscribeFilter { filter, qos });
    (packet_id(), one_or_more(filter))
        .prop_map(|(packet_id, filters)| Subscribe::new(packet_id, &filters))
}

fn suback() -> impl Strategy<Value = Suback> {
    let code = prop_oneof![Just(SubackCode::Failure), qos().prop_map(SubackCode::Granted)];
    (packet_id(), one_or_more(code)).prop_map(|(packet_id, codes)| Suback::new(packet_id, &codes))
}

fn unsubscribe() -> impl Strategy<Value = Unsubscribe> {
    (packet_id(), one_or_more(topic_filter()))
        .prop_map(|(packet_id, filters)| Unsubscribe::new(packet_id, &filters))
}

fn one_or_more<T: std::fmt::Debug>(
    entry: impl Strategy<Value = T>,
) -> impl Strategy<Value = OneOrMore<T>> {
    prop::collection::vec(entry, 1..6).prop_map(|list| OneOrMore::new(list).unwrap())
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|number| PacketId::new(number).unwrap())
}

fn qos() -> impl Strategy<Value = QoS> {
    prop::sample::select(vec![QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce])
}

/// Text of any characters, mostly short.
fn text() -> impl Strategy<Value = Text> {
    characters(0).prop_map(|text| Text::new(text).unwrap())
}

fn topic_name() -> impl Strategy<Value = TopicName> {
    characters(1).prop_map(|text| TopicName::new(text.replace(['+', '#'], "/")).unwrap())
}

/// Levels of any characters, some of them wildcards.
fn topic_filter() -> impl Strategy<Value = TopicFilter> {
    let level = prop_oneof![
        3 => characters(0).prop_map(|text| text.replace(['+', '#'], "/")),
        1 => Just("+".to_owned()),
    ];
    (prop::collection::vec(level, 0..4), any::<bool>()).prop_map(|(mut levels, ends_in_hash)| {
        if ends_in_hash || levels.concat().is_empty() {
            levels.push("#".to_owned());
        }
        TopicFilter::new(levels.join("/")).unwrap()
    })
}

/// `least` characters or more, U+0000 not among them; now and then as many as make a long header.
fn characters(least: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        6 => prop::char::range(' ', '~'),
        1 => any::<char>().prop_map(|any| if any == '\0' { '\u{feff}' } else { any }),
    ];
    let short = prop::collection::vec(character, least..20).prop_map(String::from_iter);
    prop_oneof![12 => short, 1 => (100..300_usize).prop_map(|length| "a".repeat(length))]
}

fn binary() -> impl Strategy<Value = Binary> {
    prop::collection::vec(any::<u8>(), 0..32).prop_map(|octets| Binary::new(octets).unwrap())
}

/// Payloads around both sides of one and two octets of Remaining Length, too.
fn payload() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..64).prop_map(Bytes::from),
        2 => (100..140_usize).prop_map(|length| Bytes::from(vec![0x5a; length])),
        1 => (16_350..16_400_usize).prop_map(|length| Bytes::from(vec![0x5a; length])),
    ]
}
