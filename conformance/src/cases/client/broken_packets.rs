//! 2.2 and 4.8: what a client makes of packets whose fixed header breaks the rules.

use super::prelude::*;
use crate::wire::Octets;

pub(super) const CASES: &[ClientCase] = &[
    closes!(
        "broken-packets/type-0",
        "A packet of type 0 closes the connection.",
        Level::Must,
        ["U-2.2.1-1", "MQTT-4.8.0-1"],
        |_| vec![0x00, 0x00]
    ),
    closes!(
        "broken-packets/type-15",
        "A packet of type 15 closes the connection.",
        Level::Must,
        ["U-2.2.1-2", "MQTT-4.8.0-1"],
        |_| vec![0xf0, 0x00]
    ),
    closes!(
        "broken-packets/connect",
        "CONNECT from a Server closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Connect::clean("server").octets()
    ),
    closes!(
        "broken-packets/subscribe",
        "SUBSCRIBE from a Server closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |topic| Subscribe::new(7).filter(topic, 0).octets()
    ),
    closes!(
        "broken-packets/unsubscribe",
        "UNSUBSCRIBE from a Server closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |topic| Unsubscribe::new(7).filter(topic).octets()
    ),
    closes!(
        "broken-packets/pingreq",
        "PINGREQ from a Server closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Packet::Pingreq.octets()
    ),
    closes!(
        "broken-packets/disconnect",
        "DISCONNECT from a Server closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Packet::Disconnect.octets()
    ),
    closes!(
        "broken-packets/flags-of-puback",
        "A PUBACK with other flags than 0000 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::Puback(7).with_first_byte(0x41).octets()
    ),
    closes!(
        "broken-packets/flags-of-pubrec",
        "A PUBREC with other flags than 0000 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::Pubrec(7).with_first_byte(0x52).octets()
    ),
    closes!(
        "broken-packets/flags-of-pubrel",
        "A PUBREL with other flags than 0010 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::Pubrel(7).with_first_byte(0x60).octets()
    ),
    closes!(
        "broken-packets/flags-of-pubcomp",
        "A PUBCOMP with other flags than 0000 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::Pubcomp(7).with_first_byte(0x78).octets()
    ),
    closes!(
        "broken-packets/flags-of-suback",
        "A SUBACK with other flags than 0000 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::from(Suback::new(7, [0])).with_first_byte(0x91).octets()
    ),
    closes!(
        "broken-packets/flags-of-unsuback",
        "An UNSUBACK with other flags than 0000 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::Unsuback(7).with_first_byte(0xb4).octets()
    ),
    closes!(
        "broken-packets/flags-of-pingresp",
        "A PINGRESP with other flags than 0000 closes the connection.",
        Level::Must,
        ["MQTT-2.2.2-2"],
        |_| Packet::Pingresp.with_first_byte(0xd1).octets()
    ),
    closes!(
        "broken-packets/remaining-length-of-five-octets",
        "A Remaining Length of more than four octets closes the connection.",
        Level::Must,
        ["U-2.2.3-2", "MQTT-4.8.0-1"],
        |_| vec![0x30, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00]
    ),
    closes!(
        "broken-packets/long-puback",
        "Octets after the identifier of a PUBACK close the connection.",
        Level::Should,
        ["U-3.4.1-1"],
        |_| Packet::Puback(7).append(&[0]).octets()
    ),
    closes!(
        "broken-packets/long-pubrec",
        "Octets after the identifier of a PUBREC close the connection.",
        Level::Should,
        ["U-3.5.1-1"],
        |_| Packet::Pubrec(7).append(&[0]).octets()
    ),
    closes!(
        "broken-packets/long-pubrel",
        "Octets after the identifier of a PUBREL close the connection.",
        Level::Should,
        ["U-3.6.1-1"],
        |_| Packet::Pubrel(7).append(&[0]).octets()
    ),
    closes!(
        "broken-packets/long-pubcomp",
        "Octets after the identifier of a PUBCOMP close the connection.",
        Level::Should,
        ["U-3.7.1-1"],
        |_| Packet::Pubcomp(7).append(&[0]).octets()
    ),
    closes!(
        "broken-packets/short-puback",
        "A PUBACK without an identifier closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Packet::Puback(7).shorten(2).octets()
    ),
    closes!(
        "broken-packets/long-pingresp",
        "A PINGRESP with a payload closes the connection.",
        Level::Should,
        ["MQTT-4.8.0-1"],
        |_| Packet::Pingresp.append(&[0]).octets()
    ),
];
