//! 2.2 and 4.2: the fixed header, and where packets begin and end.

use super::Sabotage;
use super::breach::{Event, Fate, delivery, instead, server, tolerates};
use crate::wire::{Fault, Framed as _, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "header/type-0",
        breaks: &["U-2.2.1-1", "MQTT-4.8.0-1"],
        title: "A packet of type 0 is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::ReservedType(0)),
    },
    Sabotage {
        name: "header/type-15",
        breaks: &["U-2.2.1-2", "MQTT-4.8.0-1"],
        title: "A packet of type 15 is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::ReservedType(15)),
    },
    Sabotage {
        name: "header/sends-type-15",
        breaks: &["U-2.2.1-2"],
        title: "A packet of type 15 comes before each PINGRESP.",
        breach: || {
            server(|packet| match packet {
                Packet::Pingresp => instead([0xf0, 0, 0xd0, 0]),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "header/flags-of-its-own",
        breaks: &["MQTT-2.2.2-1"],
        title: "SUBACK, UNSUBACK and PINGRESP are sent with the flags 0010.",
        breach: || {
            server(|packet| match packet {
                Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp => {
                    instead(packet.with_first_byte(packet.kind().first_byte() | 2))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "header/wrong-flags-in-connect",
        breaks: &["MQTT-2.2.2-2", "MQTT-3.1.4-1"],
        title: "A CONNECT with flags in its fixed header is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::Flags(Kind::Connect)),
    },
    Sabotage {
        name: "header/wrong-flags",
        breaks: &["MQTT-2.2.2-2"],
        title: "PINGREQ, PUBACK, PUBREC and PUBCOMP with flags are passed over.",
        breach: || {
            tolerates(|_, fault| {
                let kinds = [Kind::Pingreq, Kind::Puback, Kind::Pubrec, Kind::Pubcomp];
                kinds.into_iter().any(|kind| fault == Fault::Flags(kind))
            })
        },
    },
    Sabotage {
        name: "header/payload-cut-to-one-octet-of-length",
        breaks: &["U-2.2.3-1"],
        title: "A message of more than 100 octets is cut off there.",
        breach: || delivery(|publish| publish.payload.truncate(100)),
    },
    Sabotage {
        name: "header/length-of-five-octets",
        breaks: &["U-2.2.3-2", "MQTT-4.8.0-1", "MQTT-3.1.4-1"],
        title: "A Remaining Length of five octets is waited for, and not refused.",
        breach: || tolerates(|_, fault| fault == Fault::RemainingLength),
    },
    Sabotage {
        name: "framing/one-packet-a-segment",
        breaks: &["U-4.2-1", "MQTT-4.6.0-6"],
        title: "Of packets that come in one segment only the first is read.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(_) if link.position > 0 => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "framing/no-packet-in-pieces",
        breaks: &["U-4.2-1", "MQTT-7.1.1-1"],
        title: "A packet of which the segments bring one part after the other is not read.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(_) if !link.whole => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "framing/half-a-packet-is-a-packet",
        breaks: &["U-2.2.3-1", "U-4.2-1"],
        title: "A packet whose connection ends before its last octet is taken for a whole one.",
        breach: || {
            Box::new(|_, event| match event {
                Event::ClientGone(rest @ [_, length, body @ ..]) if *length < 128 => {
                    let missing = usize::from(*length).saturating_sub(body.len());
                    Fate::Instead([rest, &vec![b'x'; missing]].concat())
                }
                _ => Fate::Pass,
            })
        },
    },
];
