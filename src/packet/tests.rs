//! The codec as a whole: every packet both ways, every refusal, every split.

use bytes::{Bytes, BytesMut};

use super::hex::hex;
use super::*;
use crate::topic::{TopicFilter, TopicName};

fn decode(octets: &[u8]) -> Result<Option<Packet>, DecodeError> {
    Decoder::default().decode(&mut BytesMut::from(octets))
}

fn encode(packet: &Packet) -> Vec<u8> {
    let mut out = BytesMut::new();
    packet.encode(&mut out).unwrap();
    out.to_vec()
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn topic(text: &'static str) -> TopicName {
    TopicName::new(text).unwrap()
}

fn filter(text: &'static str, qos: QoS) -> SubscribeFilter {
    SubscribeFilter { filter: TopicFilter::new(text).unwrap(), qos }
}

fn client_id(text: &'static str) -> ClientId {
    ClientId::new(Text::new(text).unwrap())
}

fn plain_connect() -> Connect {
    Connect::new(&client_id("p")).with_keep_alive_seconds(60)
}

fn will(to: &'static str, message: &'static [u8]) -> Will {
    let message = Binary::new(message).unwrap();
    Will { topic: topic(to), message, qos: QoS::ExactlyOnce, retain: true }
}

fn credentials(user_name: &'static str, password: Option<&'static [u8]>) -> Credentials {
    let password = password.map(|octets| Binary::new(octets).unwrap());
    Credentials { user_name: Text::new(user_name).unwrap(), password }
}

macro_rules! both_ways {
    ($($name:ident: $octets:expr => $packet:expr;)+) => {
        const VALID: &[&str] = &[$($octets),+];

        $(
        #[test]
        fn $name() {
            let octets = hex($octets);
            let packet = Packet::from($packet);
            assert_eq!(decode(&octets), Ok(Some(packet.clone())), "decoded");
            assert_eq!(encode(&packet), octets, "encoded");
            for cut in 0..octets.len() {
                assert_eq!(decode(&octets[..cut]), Ok(None), "cut after {cut} octets");
            }
        }
        )+
    };
}

both_ways! {
    connect_plain: "10 0d 0004 'MQTT' 04 02 003c 0001 'p'" => plain_connect();
    connect_empty_client_id: "10 0c 0004 'MQTT' 04 02 0000 0000" =>
        Connect::new(&client_id(""));
    connect_full: "10 1d 0004 'MQTT' 04 f4 ffff 0001 'p' 0001 't' 0002 00ff 0002 'me' 0003 'pw' 00" =>
        plain_connect()
            .with_clean_session(false)
            .with_keep_alive_seconds(65_535)
            .with_will(&will("t", b"\x00\xff"))
            .with_credentials(&credentials("me", Some(b"pw\0")));
    connect_user_without_password: "10 0f 0004 'MQTT' 04 82 003c 0001 'p' 0000" =>
        plain_connect().with_credentials(&credentials("", None));
    connack_accepted: "20 02 00 00" => Connack::Accepted { session_present: false };
    connack_session_present: "20 02 01 00" => Connack::Accepted { session_present: true };
    connack_version: "20 02 00 01" => Connack::Refused(ConnectRefusal::UnacceptableProtocolVersion);
    connack_identifier: "20 02 00 02" => Connack::Refused(ConnectRefusal::IdentifierRejected);
    connack_unavailable: "20 02 00 03" => Connack::Refused(ConnectRefusal::ServerUnavailable);
    connack_login: "20 02 00 04" => Connack::Refused(ConnectRefusal::BadUserNameOrPassword);
    connack_refused: "20 02 00 05" => Connack::Refused(ConnectRefusal::NotAuthorized);
    publish_qos_0: "30 06 0003 'a/b' 'x'" => Publish {
        topic: topic("a/b"), payload: Bytes::from("x"), delivery: Delivery::AtMostOnce, retain: false,
    };
    publish_qos_1_retained: "33 05 0001 'a' 0007" => Publish {
        topic: topic("a"),
        payload: Bytes::new(),
        delivery: Delivery::AtLeastOnce { packet_id: id(7), dup: false },
        retain: true,
    };
    publish_qos_2_again: "3c 06 0001 'a' ffff 00" => Publish {
        topic: topic("a"),
        payload: Bytes::from(&b"\0"[..]),
        delivery: Delivery::ExactlyOnce { packet_id: id(65_535), dup: true },
        retain: false,
    };
    publish_byte_order_mark: "30 06 0004 efbbbf 'a'" => Publish {
        topic: topic("\u{feff}a"),
        payload: Bytes::new(),
        delivery: Delivery::AtMostOnce,
        retain: false,
    };
    puback: "40 02 0100" => Puback { packet_id: id(256) };
    pubrec: "50 02 0001" => Pubrec { packet_id: id(1) };
    pubrel: "62 02 0001" => Pubrel { packet_id: id(1) };
    pubcomp: "70 02 ffff" => Pubcomp { packet_id: id(65_535) };
    subscribe: "82 0c 000a 0003 'a/#' 01 0001 '+' 02" => Subscribe::new(
        id(10),
        &OneOrMore::new(vec![
            filter("a/#", QoS::AtLeastOnce),
            filter("+", QoS::ExactlyOnce),
        ]).unwrap(),
    );
    suback: "90 06 000a 00 01 02 80" => Suback::new(
        id(10),
        &OneOrMore::new(vec![
            SubackCode::Granted(QoS::AtMostOnce),
            SubackCode::Granted(QoS::AtLeastOnce),
            SubackCode::Granted(QoS::ExactlyOnce),
            SubackCode::Failure,
        ]).unwrap(),
    );
    unsubscribe: "a2 0a 000b 0003 'a/b' 0001 'c'" => Unsubscribe::new(
        id(11),
        &OneOrMore::new(vec![
            TopicFilter::new("a/b").unwrap(),
            TopicFilter::new("c").unwrap(),
        ]).unwrap(),
    );
    unsuback: "b0 02 000b" => Unsuback { packet_id: id(11) };
    pingreq: "c0 00" => Pingreq;
    pingresp: "d0 00" => Pingresp;
    disconnect: "e0 00" => Disconnect;
}

macro_rules! refused {
    ($($name:ident: $octets:expr => $statement:expr, $offset:expr;)+) => {$(
        #[test]
        fn $name() {
            match decode(&hex($octets)) {
                Err(DecodeError::Malformed(fault)) => {
                    assert_eq!((fault.statement(), fault.offset), ($statement, $offset), "{fault}");
                }
                other => panic!("not refused as malformed: {other:?}"),
            }
        }
    )+};
}

refused! {
    // octets => the statement they break, and the octet where they do
    type_0:                  "00 00"                              => "U-2.2.1-1", 0;
    type_15:                 "f0 00"                              => "U-2.2.1-2", 0;
    five_octets_of_length:   "30 ff ff ff ff 01"                  => "U-2.2.3-2", 4;
    flags_connect:           "11"                                 => "MQTT-2.2.2-2", 0;
    flags_puback:            "41 02 0001"                         => "MQTT-2.2.2-2", 0;
    flags_pubrel:            "60 02 0001"                         => "MQTT-3.6.1-1", 0;
    flags_subscribe:         "80 06 0001 0001 'a' 00"             => "MQTT-3.8.1-1", 0;
    flags_unsubscribe:       "a0 05 0001 0001 'a'"                => "MQTT-3.10.1-1", 0;
    flags_pingreq:           "c1 00"                              => "MQTT-2.2.2-2", 0;
    flags_disconnect:        "e1 00"                              => "MQTT-3.14.1-1", 0;

    connect_other_protocol:  "10 0f 0006 'MQIsdp' 04 02 003c 0001 'p'" => "MQTT-3.1.2-1", 2;
    connect_lower_case:      "10 0d 0004 'mqtt' 04 02 003c 0001 'p'" => "MQTT-3.1.2-1", 2;
    connect_reserved_flag:   "10 0d 0004 'MQTT' 04 03 003c 0001 'p'" => "MQTT-3.1.2-3", 9;
    will_qos_3:              "10 13 0004 'MQTT' 04 1e 003c 0001 'p' 0001 't' 0001 'm'" => "MQTT-3.1.2-14", 9;
    will_qos_without_will:   "10 0d 0004 'MQTT' 04 0a 003c 0001 'p'" => "MQTT-3.1.2-13", 9;
    will_retain_alone:       "10 0d 0004 'MQTT' 04 22 003c 0001 'p'" => "MQTT-3.1.2-15", 9;
    password_without_user:   "10 10 0004 'MQTT' 04 42 003c 0001 'p' 0001 's'" => "MQTT-3.1.2-22", 9;
    connect_trailing:        "10 0e 0004 'MQTT' 04 02 003c 0001 'p' 00" => "MQTT-3.1.4-1", 15;
    connect_without_id:      "10 0a 0004 'MQTT' 04 02 003c"       => "MQTT-3.1.4-1", 12;
    connect_without_will:    "10 0d 0004 'MQTT' 04 06 003c 0001 'p'" => "MQTT-3.1.4-1", 15;
    connect_without_user:    "10 0d 0004 'MQTT' 04 82 003c 0001 'p'" => "MQTT-3.1.4-1", 15;
    connect_will_to_filter:  "10 13 0004 'MQTT' 04 06 003c 0001 'p' 0001 '#' 0001 'm'" => "MQTT-4.7.1-1", 17;
    client_id_not_utf_8:     "10 0e 0004 'MQTT' 04 02 003c 0002 'p' ff" => "MQTT-1.5.3-1", 15;
    client_id_overlong:      "10 0e 0004 'MQTT' 04 02 003c 0002 c080" => "MQTT-1.5.3-1", 14;
    client_id_null:          "10 0e 0004 'MQTT' 04 02 003c 0002 'p' 00" => "MQTT-1.5.3-2", 15;

    connack_flags:           "20 02 02 00"                        => "U-3.2.2.1-1", 2;
    connack_code:            "20 02 00 06"                        => "U-3.2.2.3-2", 3;
    connack_refused_present: "20 02 01 05"                        => "MQTT-3.2.2-4", 2;
    connack_trailing:        "20 03 00 00 00"                     => "U-3.2.1-1", 4;

    publish_qos_3:           "36 05 0001 'a' 0007"                => "MQTT-3.3.1-4", 0;
    publish_dup_qos_0:       "38 03 0001 'a'"                     => "MQTT-3.3.1-2", 0;
    publish_id_zero:         "32 05 0001 'a' 0000"                => "MQTT-2.3.1-1", 5;
    publish_id_missing:      "32 03 0001 'a'"                     => "MQTT-4.8.0-1", 5;
    publish_topic_too_long:  "30 03 0002 'a'"                     => "MQTT-4.8.0-1", 2;
    publish_without_topic:   "30 00"                              => "MQTT-4.8.0-1", 2;
    publish_empty_topic:     "30 02 0000"                         => "MQTT-4.7.3-1", 4;
    publish_null:            "30 04 0002 'a' 00"                  => "MQTT-4.7.3-2", 5;
    publish_all_levels:      "30 05 0003 'a/#'"                   => "MQTT-3.3.2-2", 6;
    publish_one_level:       "30 05 0003 'a/+'"                   => "MQTT-3.3.2-2", 6;
    publish_surrogate:       "30 05 0003 eda080"                  => "MQTT-1.5.3-1", 4;

    puback_id_zero:          "40 02 0000"                         => "MQTT-2.3.1-6", 2;
    pubcomp_id_zero:         "70 02 0000"                         => "U-3.7.2-1", 2;
    suback_id_zero:          "90 03 0000 00"                      => "MQTT-2.3.1-7", 2;
    puback_too_long:         "40 03 0001 00"                      => "U-3.4.1-1", 4;
    puback_too_short:        "40 01 00"                           => "MQTT-4.8.0-1", 2;
    pubrec_too_long:         "50 03 0001 00"                      => "U-3.5.1-1", 4;
    pubrel_too_long:         "62 03 0001 00"                      => "U-3.6.1-1", 4;
    pubcomp_too_long:        "70 03 0001 00"                      => "U-3.7.1-1", 4;

    subscribe_id_zero:       "82 06 0000 0001 'a' 00"             => "MQTT-2.3.1-1", 2;
    subscribe_nothing:       "82 02 0001"                         => "MQTT-3.8.3-3", 4;
    subscribe_qos_3:         "82 06 0001 0001 'a' 03"             => "MQTT-3.8.3-4", 7;
    subscribe_reserved_bits: "82 06 0001 0001 'a' 04"             => "MQTT-3.8.3-4", 7;
    subscribe_without_qos:   "82 05 0001 0001 'a'"                => "MQTT-4.8.0-1", 7;
    subscribe_hash_inside:   "82 0a 0001 0005 'a/#/b' 00"         => "MQTT-4.7.1-2", 8;
    subscribe_plus_glued:    "82 07 0001 0002 'a+' 00"            => "MQTT-4.7.1-3", 7;
    subscribe_empty_filter:  "82 05 0001 0000 00"                 => "MQTT-4.7.3-1", 6;
    subscribe_surrogate:     "82 09 0001 0004 'a' eda080 00"      => "MQTT-1.5.3-1", 7;
    suback_nothing:          "90 02 0001"                         => "MQTT-3.8.4-5", 4;
    suback_code:             "90 03 0001 03"                      => "MQTT-3.9.3-2", 4;
    suback_second_code:      "90 04 0001 00 7f"                   => "MQTT-3.9.3-2", 5;
    unsubscribe_nothing:     "a2 02 0001"                         => "MQTT-3.10.3-2", 4;
    unsubscribe_hash_glued:  "a2 09 0001 0001 'a' 0002 'b#'"      => "MQTT-4.7.1-2", 10;
    unsubscribe_surrogate:   "a2 07 0001 0003 eda080"             => "MQTT-1.5.3-1", 6;
    unsubscribe_cut_short:   "a2 06 0001 0003 'a/'"               => "MQTT-4.8.0-1", 4;
    unsuback_too_long:       "b0 03 0001 00"                      => "U-3.11.1-1", 4;
    pingreq_with_body:       "c0 01 00"                           => "U-3.12.3-1", 2;
    pingresp_with_body:      "d0 01 00"                           => "U-3.13.3-1", 2;
    disconnect_with_body:    "e0 01 00"                           => "U-3.14.3-1", 2;
}

#[test]
fn another_level_is_no_malformed_packet() {
    for level in [0, 3, 5, 6, 0x84, 0xff] {
        let mut octets = hex("10 0d 0004 'MQTT' 04 02 003c 0001 'p'");
        octets[8] = level;
        let refused = DecodeError::UnsupportedProtocolLevel { level, offset: 8 };
        assert_eq!(decode(&octets), Err(refused));
        assert_eq!(refused.statement(), "MQTT-3.1.2-2");
    }
}

#[test]
fn the_largest_packet_is_all_of_its_length_and_a_header_of_five() {
    assert_eq!(Decoder::MAX_PACKET_SIZE, 268_435_455 + 5);
}

#[test]
fn a_packet_too_large_is_refused_before_it_is_there() {
    let decoder = Decoder::new(100);
    let mut exact = BytesMut::from(&hex("30 62 0001 'a'")[..]);
    assert_eq!(decoder.decode(&mut exact), Ok(None));
    let mut over = BytesMut::from(&hex("30 63")[..]);
    let capacity = over.capacity();
    let too_large = PacketTooLarge { packet_type: PacketType::Publish, size: 101, limit: 100 };
    assert_eq!(decoder.decode(&mut over), Err(too_large.into()));
    assert_eq!(over.capacity(), capacity, "nothing was set aside for it");
}

#[test]
fn the_limit_is_for_the_shortest_packets_too() {
    for (octets, packet_type) in [
        ("40 02 0001", PacketType::Puback),
        ("20 02 00 00", PacketType::Connack),
        ("c0 00", PacketType::Pingreq),
    ] {
        let octets = hex(octets);
        let (size, limit) = (octets.len(), octets.len() - 1);
        let too_large = PacketTooLarge { packet_type, size, limit };
        let refused = Decoder::new(limit).decode(&mut BytesMut::from(&octets[..]));
        assert_eq!(refused, Err(too_large.into()));
        assert!(Decoder::new(size).decode(&mut BytesMut::from(&octets[..])).is_ok());
    }
}

#[test]
fn there_is_room_for_what_is_missing_up_to_a_bound() {
    let mut read = BytesMut::from(&hex("30 e807 0001 'a'")[..]);
    assert_eq!(Decoder::default().decode(&mut read), Ok(None));
    assert!(read.capacity() >= 3 + 1_000, "{}", read.capacity());
    let mut read = BytesMut::from(&hex("30 ffffff7f 0001 'a'")[..]);
    assert_eq!(Decoder::default().decode(&mut read), Ok(None));
    assert!((0x1_0000..0x4_0000).contains(&read.capacity()), "{}", read.capacity());
}

#[test]
fn a_publish_is_looked_at_where_it_lies() {
    let read = hex("3b 09 0003 'a/b' 000a 'hi' c0 00");
    let (publish, size) = Decoder::new(11).publish_at(&read).unwrap().expect("it is all there");
    assert_eq!((publish.topic(), publish.payload, size), ("a/b", &b"hi"[..], 11));
    let delivery = Delivery::AtLeastOnce { packet_id: id(10), dup: true };
    assert_eq!((publish.delivery, publish.retain), (delivery, true));
}

#[test]
fn what_is_no_publish_or_not_all_there_is_passed_over() {
    for octets in [
        "",
        "30",
        "30 88",
        "30 07 0003 'a/b'",
        "c0 00",
        // Neither their limit nor their faults are asked for.
        "10 ffffff7f",
        "40 02 0000",
    ] {
        assert_eq!(Decoder::new(9).publish_at(&hex(octets)), Ok(None), "{octets}");
    }
}

#[test]
fn the_limit_is_for_what_stays_where_it_lies_too() {
    let packet_type = PacketType::Publish;
    for (octets, size) in [("30 07 0003 'a/b' 'hi'", 9), ("30 ffffff7f", 268_435_460)] {
        let too_large = PacketTooLarge { packet_type, size, limit: 8 };
        assert_eq!(Decoder::new(8).publish_at(&hex(octets)), Err(too_large.into()));
    }
}

#[test]
fn what_stays_where_it_lies_has_the_same_faults() {
    // MQTT-2.3.1-1, MQTT-3.3.1-2, MQTT-3.3.1-4, MQTT-3.3.2-1, MQTT-3.3.2-2
    for octets in [
        "00 00",
        "30 ffffffff",
        "36 05 0001 'a' 0001",
        "38 03 0001 'a'",
        "30 03 0001 '#'",
        "30 03 0002 'a'",
        "32 05 0001 'a' 0000",
        "32 04 0001 'a' 00",
    ] {
        let fault = decode(&hex(octets)).expect_err(octets);
        assert_eq!(Decoder::default().publish_at(&hex(octets)), Err(fault), "{octets}");
    }
}

#[test]
fn many_packets_in_one_buffer_come_out_in_order() {
    let mut read = BytesMut::from(&hex("c0 00 40 02 0001 30 04 0001 'a' 'x' e0")[..]);
    let decoder = Decoder::default();
    let mut types = Vec::new();
    while let Some(packet) = decoder.decode(&mut read).unwrap() {
        types.push(packet.packet_type().name());
    }
    assert_eq!(types, ["PINGREQ", "PUBACK", "PUBLISH"]);
    assert_eq!(&read[..], [0xe0]);
}

#[test]
fn a_payload_shares_the_memory_it_was_read_into() {
    let mut read = BytesMut::from(&hex("30 08 0001 'a' 'hello'")[..]);
    let place = read.as_ptr() as usize;
    let Some(Packet::Publish(publish)) = Decoder::default().decode(&mut read).unwrap() else {
        panic!("no PUBLISH");
    };
    assert_eq!(publish.payload.as_ptr() as usize, place + 5);
    assert_eq!(publish.topic.as_str().as_ptr() as usize, place + 4);
}

#[test]
fn a_large_payload_can_be_sent_without_a_copy() {
    let publish = Publish {
        topic: topic("a"),
        payload: Bytes::from(vec![7; 200]),
        delivery: Delivery::AtLeastOnce { packet_id: id(1), dup: false },
        retain: false,
    };
    let mut header = BytesMut::new();
    publish.encode_without_payload(&mut header).unwrap();
    assert_eq!(&header[..], hex("32 cd01 0001 'a' 0001"));
    let mut whole = BytesMut::new();
    publish.encode(&mut whole).unwrap();
    assert_eq!(whole[..header.len()], header[..]);
    assert_eq!(whole[header.len()..], publish.payload[..]);
}

/// Every run of up to three octets: a verdict on its first octets is the verdict on all of it.
#[test]
fn no_short_octets_make_it_panic() {
    fn judge_and_extend(octets: [u8; 4], length: usize) {
        let verdict = judge(&octets[..length]);
        let extended = |next| {
            let mut longer = octets;
            longer[length] = next;
            longer
        };
        if verdict != Ok(None) {
            // Decided: what follows is not looked at, whatever it is.
            for next in [0x00, 0x30, 0xff] {
                assert_eq!(decode(&extended(next)[..=length]), verdict, "{:02x?}", extended(next));
            }
        } else if length < 3 {
            (0..=0xff).for_each(|next| judge_and_extend(extended(next), length + 1));
        }
    }
    judge_and_extend([0; 4], 0);
}

/// The same mutations in each run; more of them where the compiler makes that cheap.
#[test]
fn no_mutated_packet_makes_it_panic() {
    const MUTANTS: u32 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let valid: Vec<Vec<u8>> = VALID.iter().map(|octets| hex(octets)).collect();
    let mut random = Random(0);
    for _ in 0..MUTANTS {
        let mut octets = valid[random.below(valid.len())].clone();
        for _ in 0..=random.below(3) {
            let place = random.below(octets.len() + 1);
            let octet = [0, 1, 2, 0x7f, 0x80, 0xff, random.octet(), random.octet()];
            let octet = octet[random.below(octet.len())];
            match random.below(4) {
                0 => octets.insert(place, octet),
                1 if place < octets.len() => drop(octets.remove(place)),
                2 => octets.truncate(place.max(1)),
                _ if place < octets.len() => octets[place] = octet,
                _ => octets.push(octet),
            }
        }
        drop(judge(&octets));
    }
}

/// The verdict on `octets`, which must be one: a packet that says the same when it is encoded and
/// decoded again, or a fault that names a statement and an octet of the packet or just behind it.
fn judge(octets: &[u8]) -> Result<Option<Packet>, DecodeError> {
    let verdict = decode(octets);
    match &verdict {
        Ok(None) => {}
        Ok(Some(packet)) => {
            let again = encode(packet);
            assert!(again.len() <= octets.len(), "{octets:02x?}");
            assert_eq!(decode(&again), verdict, "{octets:02x?}");
        }
        Err(DecodeError::Malformed(fault)) => {
            assert!(!fault.statement().is_empty());
            assert!(fault.offset <= octets.len(), "{octets:02x?}: {fault}");
        }
        Err(DecodeError::UnsupportedProtocolLevel { level, offset }) => {
            assert_eq!(octets[*offset], *level, "{octets:02x?}");
        }
        Err(DecodeError::TooLarge(_)) => panic!("no limit was set: {octets:02x?}"),
    }
    verdict
}

/// SplitMix64, for mutations that are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

#[test]
fn a_fault_reads_as_a_sentence() {
    let DecodeError::Malformed(fault) = decode(&hex("30 05 0003 'a/+'")).unwrap_err() else {
        panic!("malformed");
    };
    insta::assert_snapshot!(fault, @"PUBLISH: wildcard in Topic Name [MQTT-3.3.2-2], octet 6");
}

#[test]
fn a_packet_reads_as_a_line() {
    let line = |octets: &str| decode(&hex(octets)).unwrap().unwrap().to_string();
    insta::assert_snapshot!(
        line("10 1d 0004 'MQTT' 04 f4 ffff 0001 'p' 0001 't' 0002 00ff 0002 'me' 0003 'pw' 00"),
        @r#"CONNECT "p", kept session, keep alive 65535 s, will "t" q2 retain, user "me" with password"#
    );
    insta::assert_snapshot!(line("20 02 00 04"), @"CONNACK refused with 4: bad user name or password");
    insta::assert_snapshot!(line("3d 06 0001 'a' ffff 00"), @r#"PUBLISH "a" q2 id 65535 dup retain, 1 octets"#);
    insta::assert_snapshot!(line("82 0c 000a 0003 'a/#' 01 0001 '+' 02"), @r#"SUBSCRIBE id 10 "a/#" q1 "+" q2"#);
    insta::assert_snapshot!(line("90 06 000a 00 01 02 80"), @"SUBACK id 10 q0 q1 q2 failure");
    insta::assert_snapshot!(line("e0 00"), @"DISCONNECT");
}
