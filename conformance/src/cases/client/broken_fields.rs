//! 1.5.3, 3.3 and 4.8: what a client makes of messages that break the rules.

use super::prelude::*;
use crate::wire::Octets;

pub(super) const CASES: &[ClientCase] = &[
    closes!(
        "broken-messages/qos-3",
        "A PUBLISH with both QoS bits set closes the connection.",
        Level::Must,
        ["MQTT-3.3.1-4", "MQTT-4.8.0-1"],
        |topic| { Publish::qos2(7, topic, "m").with_first_byte(0x36).octets() }
    ),
    closes!(
        "broken-messages/overlong-topic",
        "A Topic Name in overlong UTF-8 closes the connection.",
        Level::Must,
        ["MQTT-1.5.3-1"],
        |_| Publish::qos1(7, b"a\xc0\xaf", "m").octets()
    ),
    closes!(
        "broken-messages/surrogate-in-a-topic",
        "A Topic Name with a surrogate in it closes the connection.",
        Level::Must,
        ["MQTT-1.5.3-1"],
        |_| Publish::qos1(7, b"a\xed\xa0\x80b", "m").octets()
    ),
    closes!(
        "broken-messages/topic-beyond-unicode",
        "A Topic Name with a code point above U+10FFFF closes the connection.",
        Level::Must,
        ["MQTT-1.5.3-1"],
        |_| Publish::qos1(7, b"a\xf4\x90\x80\x80", "m").octets()
    ),
    closes!(
        "broken-messages/cut-off-character",
        "A Topic Name that ends within a character closes the connection.",
        Level::Must,
        ["MQTT-1.5.3-1"],
        |_| Publish::qos1(7, b"a\xe2\x82", "m").octets()
    ),
    closes!(
        "broken-messages/null-in-a-topic",
        "A Topic Name with U+0000 in it closes the connection.",
        Level::Must,
        ["MQTT-1.5.3-2"],
        |_| Publish::qos1(7, "a\0b", "m").octets()
    ),
    closes!(
        "broken-messages/plus-in-a-topic",
        "A Topic Name with + in it closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Publish::qos1(7, "a/+/b", "m").octets()
    ),
    closes!(
        "broken-messages/hash-in-a-topic",
        "A Topic Name with # in it closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Publish::qos1(7, "a/#", "m").octets()
    ),
    closes!(
        "broken-messages/empty-topic",
        "An empty Topic Name closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Publish::qos1(7, "", "m").octets()
    ),
    closes!(
        "broken-messages/identifier-0-at-qos-1",
        "A PUBLISH of QoS 1 with Packet Identifier 0 closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |topic| Publish::qos1(0, topic, "m").octets()
    ),
    closes!(
        "broken-messages/identifier-0-at-qos-2",
        "A PUBLISH of QoS 2 with Packet Identifier 0 closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |topic| Publish::qos2(0, topic, "m").octets()
    ),
    closes!(
        "broken-messages/topic-longer-than-the-packet",
        "A Topic Name that is longer than its packet closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Frame::new(0x30, b"\0\x20abc".to_vec()).octets()
    ),
    closes!(
        "broken-messages/no-room-for-the-identifier",
        "A PUBLISH of QoS 1 that ends before its Packet Identifier closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Frame::new(0x32, b"\0\x03abc".to_vec()).octets()
    ),
    closes!(
        "broken-messages/empty-packet",
        "A PUBLISH without a single field closes the connection.",
        Level::Must,
        ["MQTT-4.8.0-1"],
        |_| Frame::new(0x30, Vec::new()).octets()
    ),
];
