//! Laws of the wire layer, and what the reader refuses.

use quickcheck::{Arbitrary, Gen, quickcheck};

use super::{
    Connack, Connect, Framed, Kind, Octets, Packet, Publish, Reader, Sender, Suback, Subscribe,
    Unsubscribe,
};

/// A packet in good order, from either side.
#[derive(Clone, Debug)]
struct Legal(Packet);

impl Arbitrary for Legal {
    fn arbitrary(g: &mut Gen) -> Self {
        let id = u16::arbitrary(g).max(1);
        let qos = *g.choose(&[0, 1, 2]).unwrap();
        Self(match g.choose(&Kind::ALL).unwrap() {
            Kind::Connect => connect(g).into(),
            Kind::Connack => Connack::accepted(bool::arbitrary(g)).into(),
            Kind::Publish => {
                let publish = Publish::at_qos(qos, id, topic(g), Vec::arbitrary(g));
                let publish = if bool::arbitrary(g) { publish.retain() } else { publish };
                let dup = qos > 0 && bool::arbitrary(g);
                if dup { publish.dup() } else { publish }.into()
            }
            Kind::Puback => Packet::Puback(id),
            Kind::Pubrec => Packet::Pubrec(id),
            Kind::Pubrel => Packet::Pubrel(id),
            Kind::Pubcomp => Packet::Pubcomp(id),
            Kind::Subscribe => {
                Subscribe::new(id).filter(topic(g), qos).filter(topic(g) + "/+/#", 0).into()
            }
            Kind::Suback => Suback::new(id, [qos, Suback::FAILURE]).into(),
            Kind::Unsubscribe => Unsubscribe::new(id).filter(topic(g)).filter("#").into(),
            Kind::Unsuback => Packet::Unsuback(id),
            Kind::Pingreq => Packet::Pingreq,
            Kind::Pingresp => Packet::Pingresp,
            Kind::Disconnect => Packet::Disconnect,
        })
    }
}

fn connect(g: &mut Gen) -> Connect {
    let mut connect = Connect::clean(topic(g)).keep_alive(u16::arbitrary(g));
    connect.clean_session = bool::arbitrary(g);
    if bool::arbitrary(g) {
        connect = connect.will(topic(g), Vec::arbitrary(g), 2, bool::arbitrary(g));
    }
    if bool::arbitrary(g) {
        connect = connect.username(topic(g));
        if bool::arbitrary(g) {
            connect = connect.password(Vec::arbitrary(g));
        }
    }
    connect
}

/// Text that is neither empty nor holds what no Topic Name may hold.
fn topic(g: &mut Gen) -> String {
    let text = String::arbitrary(g).replace(['\0', '#', '+'], "");
    text + "t"
}

fn sender(packet: &Packet) -> Sender {
    if packet.kind().comes_from(Sender::Client) { Sender::Client } else { Sender::Server }
}

quickcheck! {
    /// What is written is read again, in pieces of any size.
    fn writer_and_reader_agree(packet: Legal, size: u8) -> bool {
        let Legal(packet) = packet;
        let mut reader = Reader::new(sender(&packet));
        let octets = packet.octets();
        let mut reads = Vec::new();
        for piece in octets.chunks(usize::from(size.max(1))) {
            reader.push(piece);
            reads.extend(std::iter::from_fn(|| reader.next_read()));
        }
        reads.len() == 1 && reads[0].packet == Ok(packet) && reads[0].octets == octets
    }

    /// What comes after a packet does not change how it is read.
    fn packets_stand_alone(first: Legal, second: Legal) -> bool {
        let mut reader = Reader::new(sender(&first.0));
        reader.push(&first.0.then(&second.0));
        reader.next_read().unwrap().packet == Ok(first.0)
            && reader.next_read().unwrap().octets == second.0.octets()
    }

    /// Nothing a subject sends can make the judge stumble, and what it accepts is canonical.
    fn any_octets_are_read_or_refused(octets: Vec<u8>, from_client: bool) -> bool {
        let mut reader = Reader::new(if from_client { Sender::Client } else { Sender::Server });
        reader.push(&octets);
        std::iter::from_fn(|| reader.next_read()).all(|read| match read.packet {
            // The Remaining Length may be written longer than it need be.
            Ok(packet) => read.octets.ends_with(&packet.octets()[2..]),
            Err(malformed) => malformed.offset <= read.octets.len(),
        })
    }

    /// A packet with an octet too many or too few is no packet, unless it ends in free data.
    fn lengths_are_checked(packet: Legal) -> bool {
        let Legal(packet) = packet;
        let free = matches!(packet.kind(), Kind::Publish | Kind::Suback);
        let side = sender(&packet);
        let refused = |octets: Vec<u8>| {
            let mut reader = Reader::new(side);
            reader.push(&octets);
            reader.next_read().unwrap().packet.is_err()
        };
        let empty = matches!(packet.kind(), Kind::Pingreq | Kind::Pingresp | Kind::Disconnect);
        free || refused(packet.append(&[1]).octets())
            && (empty || refused(packet.shorten(1).octets()))
    }
}

/// The statement that the reader names for `octets`, and where.
fn refusal(octets: &[u8], sender: Sender) -> Option<(&'static str, usize)> {
    let mut reader = Reader::new(sender);
    reader.push(octets);
    let malformed = reader.next_read()?.packet.err()?;
    Some((malformed.fault.statement(), malformed.offset))
}

/// Each row: a name, who sends, the octets, the statement they break, and where.
macro_rules! refused {
    ($($name:ident: $sender:ident $octets:expr => $statement:literal at $offset:literal;)*) => {
        $(#[test]
        fn $name() {
            assert_eq!(refusal(&$octets, Sender::$sender), Some(($statement, $offset)));
        })*
    };
}

refused! {
    type_0:               Server *b"\x00\x00"                => "U-2.2.1-1" at 0;
    type_15:              Server *b"\xf0\x00"                => "U-2.2.1-2" at 0;
    length_of_five:       Server *b"\x30\xff\xff\xff\xff"    => "U-2.2.3-2" at 4;
    connack_flags:        Server *b"\x20\x02\x02\x00"        => "U-3.2.2.1-1" at 2;
    connack_code:         Server *b"\x20\x02\x00\x06"        => "U-3.2.2.3-2" at 3;
    connack_session:      Server *b"\x20\x02\x01\x02"        => "MQTT-3.2.2-4" at 2;
    connack_of_mqtt_5:    Server *b"\x20\x03\x00\x00\x00"    => "U-3.2.1-1" at 1;
    publish_qos_3:        Server *b"\x36\x05\0\x01a\0\x01"   => "MQTT-3.3.1-4" at 0;
    publish_dup_qos_0:    Server *b"\x38\x03\0\x01a"         => "MQTT-3.3.1-2" at 0;
    publish_id_0:         Server *b"\x32\x05\0\x01a\0\0"     => "MQTT-2.3.1-1" at 5;
    publish_no_topic:     Server *b"\x30\x02\0\0"            => "MQTT-4.7.3-1" at 4;
    publish_wildcard:     Server *b"\x30\x05\0\x03a/#"       => "MQTT-3.3.2-2" at 6;
    publish_null:         Server *b"\x30\x04\0\x02a\0"       => "MQTT-1.5.3-2" at 5;
    publish_overlong:     Server *b"\x30\x05\0\x03a\xc0\x80" => "MQTT-1.5.3-1" at 5;
    publish_surrogate:    Server *b"\x30\x05\0\x03\xed\xa0\x80" => "MQTT-1.5.3-1" at 4;
    publish_truncated:    Server *b"\x30\x03\0\x02a"         => "U-7.1.1-1" at 5;
    puback_long:          Server *b"\x40\x03\0\x01\0"        => "U-3.4.1-1" at 1;
    puback_flags:         Server *b"\x42\x02\0\x01"          => "MQTT-2.2.2-1" at 0;
    puback_id_0:          Server *b"\x40\x02\0\0"            => "MQTT-2.3.1-6" at 2;
    pubcomp_id_0:         Server *b"\x70\x02\0\0"            => "U-3.7.2-1" at 2;
    pubrel_flags:         Server *b"\x60\x02\0\x01"          => "MQTT-3.6.1-1" at 0;
    suback_code:          Server *b"\x90\x03\0\x01\x03"      => "MQTT-3.9.3-2" at 4;
    suback_empty:         Server *b"\x90\x02\0\x01"          => "MQTT-3.8.4-5" at 4;
    unsuback_id_0:        Server *b"\xb0\x02\0\0"            => "MQTT-2.3.1-7" at 2;
    pingresp_long:        Server *b"\xd0\x01\0"              => "U-3.13.2-1" at 1;
    subscribe_from_server: Server Subscribe::new(1).filter("a", 0).octets() => "U-7.1.1-1" at 0;
    connack_from_client:  Client Connack::accepted(false).octets() => "U-7.1.2-1" at 0;
    connect_reserved:     Client Connect::clean("a").flags(0x03).octets() => "MQTT-3.1.2-3" at 9;
    connect_will_qos:     Client Connect::clean("a").flags(0x0a).octets() => "MQTT-3.1.2-13" at 9;
    connect_will_qos_3:   Client Connect::clean("a").will("t", "m", 3, false).octets()
                              => "MQTT-3.1.2-14" at 9;
    connect_will_retain:  Client Connect::clean("a").flags(0x22).octets() => "MQTT-3.1.2-15" at 9;
    connect_password:     Client Connect::clean("a").password("p").octets()
                              => "MQTT-3.1.2-22" at 9;
    connect_no_id:        Client Connect::clean("").shorten(2).octets() => "MQTT-3.1.3-3" at 12;
    connect_empty_id:     Client Connect::persistent("").octets() => "MQTT-3.1.3-7" at 12;
    connect_will_topic:   Client Connect::clean("a").will("t/#", "m", 0, false).octets()
                              => "MQTT-4.7.1-1" at 19;
    connect_level:        Client Connect::clean("a").level(5).octets() => "U-3.1.2.2-1" at 8;
    connect_name:         Client Connect::clean("a").protocol_name("MQIsdp").octets()
                              => "U-3.1.2.1-1" at 2;
    subscribe_flags:      Client Subscribe::new(1).filter("a", 0).with_first_byte(0x80).octets()
                              => "MQTT-3.8.1-1" at 0;
    subscribe_qos:        Client Subscribe::new(1).filter("a", 3).octets() => "MQTT-3.8.3-4" at 7;
    subscribe_nothing:    Client Subscribe::new(1).octets() => "MQTT-3.8.3-3" at 4;
    subscribe_hash_inside: Client Subscribe::new(1).filter("a/#/b", 0).octets()
                              => "MQTT-4.7.1-2" at 8;
    subscribe_hash_glued: Client Subscribe::new(1).filter("a#", 0).octets() => "MQTT-4.7.1-2" at 6;
    subscribe_plus_glued: Client Subscribe::new(1).filter("a+", 0).octets() => "MQTT-4.7.1-3" at 6;
    unsubscribe_flags:    Client Unsubscribe::new(1).filter("a").with_first_byte(0xa0).octets()
                              => "MQTT-3.10.1-1" at 0;
    unsubscribe_nothing:  Client Unsubscribe::new(1).octets() => "MQTT-3.10.3-2" at 4;
}
