//! 1.5: integers and text.

use super::Sabotage;
use super::breach::{Fate, connect, delivery, instead, server, tolerates};
use crate::wire::{Fault, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "data/low-octet-first",
        breaks: &["U-1.5.2-1"],
        title: "The Packet Identifier of a PUBACK or SUBACK comes with its octets exchanged.",
        breach: || {
            server(|packet| match packet {
                Packet::Puback(id) => instead(Packet::Puback(id.swap_bytes())),
                Packet::Suback(suback) => {
                    let mut swapped = suback.clone();
                    swapped.id = swapped.id.swap_bytes();
                    instead(swapped)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "data/only-ascii",
        breaks: &["MQTT-1.5.3-1"],
        title: "Characters beyond ASCII are replaced in the Topic Names of messages.",
        breach: || {
            delivery(|publish| {
                publish.topic.iter_mut().filter(|octet| !octet.is_ascii()).for_each(|octet| {
                    *octet = b'?';
                });
            })
        },
    },
    Sabotage {
        name: "data/byte-order-mark-taken-from-topics",
        breaks: &["MQTT-1.5.3-3"],
        title: "U+FEFF is taken out of Topic Names.",
        breach: || delivery(|publish| publish.topic = without_mark(&publish.topic)),
    },
    Sabotage {
        name: "data/byte-order-mark-taken-from-client-ids",
        breaks: &["MQTT-1.5.3-3", "MQTT-3.1.3-2"],
        title: "U+FEFF is taken out of Client Identifiers.",
        breach: || connect(|connect| connect.client_id = without_mark(&connect.client_id)),
    },
    Sabotage {
        name: "data/long-topics-are-cut",
        breaks: &["U-1.5.3-3", "MQTT-4.7.3-4"],
        title: "Of a Topic Name of more than 1,000 octets only the beginning is delivered.",
        breach: || delivery(|publish| publish.topic.truncate(1_000)),
    },
    Sabotage {
        name: "text/ill-formed-in-connect",
        breaks: &["MQTT-1.5.3-1", "MQTT-3.1.3-4", "MQTT-3.1.3-10", "MQTT-3.1.3-11", "MQTT-3.1.4-1"],
        title: "A CONNECT with ill-formed UTF-8 is accepted.",
        breach: || {
            tolerates(|kind, fault| is(kind, Kind::Connect) && fault == Fault::IllFormedText)
        },
    },
    Sabotage {
        name: "text/null-in-connect",
        breaks: &["MQTT-1.5.3-2", "MQTT-3.1.3-4", "MQTT-3.1.3-10", "MQTT-3.1.3-11", "MQTT-3.1.4-1"],
        title: "A CONNECT with U+0000 in a text is accepted.",
        breach: || {
            tolerates(|kind, fault| is(kind, Kind::Connect) && fault == Fault::NullCharacter)
        },
    },
    Sabotage {
        name: "text/ill-formed-in-publish",
        breaks: &["MQTT-3.3.2-1", "MQTT-1.5.3-1"],
        title: "A PUBLISH to a Topic Name of ill-formed UTF-8 is passed over.",
        breach: || {
            tolerates(|kind, fault| is(kind, Kind::Publish) && fault == Fault::IllFormedText)
        },
    },
    Sabotage {
        name: "text/ill-formed-in-subscribe",
        breaks: &["MQTT-3.8.3-1", "MQTT-1.5.3-1"],
        title: "A SUBSCRIBE to a Topic Filter of ill-formed UTF-8 is granted.",
        breach: || {
            tolerates(|kind, fault| is(kind, Kind::Subscribe) && fault == Fault::IllFormedText)
        },
    },
    Sabotage {
        name: "text/ill-formed-in-unsubscribe",
        breaks: &["MQTT-3.10.3-1", "MQTT-1.5.3-1"],
        title: "An UNSUBSCRIBE from a Topic Filter of ill-formed UTF-8 is passed over.",
        breach: || {
            tolerates(|kind, fault| is(kind, Kind::Unsubscribe) && fault == Fault::IllFormedText)
        },
    },
    Sabotage {
        name: "text/null-in-topics",
        breaks: &["MQTT-4.7.3-2", "MQTT-1.5.3-2", "MQTT-3.3.2-1", "MQTT-3.8.3-1", "MQTT-3.10.3-1"],
        title: "U+0000 in a Topic Name or Topic Filter closes no connection.",
        breach: || {
            tolerates(|kind, fault| !is(kind, Kind::Connect) && fault == Fault::NullCharacter)
        },
    },
];

fn is(seen: Option<Kind>, kind: Kind) -> bool {
    seen == Some(kind)
}

/// The text without any U+FEFF.
pub(super) fn without_mark(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).replace('\u{feff}', "").into_bytes()
}
