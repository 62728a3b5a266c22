//! 1.5.3, 2.2, 3.3 and 4.8: clients that go on where the Server has broken the rules.

use std::collections::BTreeSet;

use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, instead, kind, overlooks};
use crate::wire::{Connack, Fault, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "broken-packets/type-0-overlooked",
        breaks: &["U-2.2.1-1", "MQTT-4.8.0-1"],
        title: "A packet of type 0 is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::ReservedType(0)),
    },
    Sabotage {
        name: "broken-packets/type-15-overlooked",
        breaks: &["U-2.2.1-2", "MQTT-4.8.0-1"],
        title: "A packet of type 15 is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::ReservedType(15)),
    },
    Sabotage {
        name: "broken-packets/of-clients-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "Packets that only clients send are passed over.",
        breach: || overlooks(|_, fault| matches!(fault, Fault::WrongDirection(..))),
    },
    Sabotage {
        name: "broken-packets/flags-overlooked",
        breaks: &["MQTT-2.2.2-2"],
        title: "A packet with other reserved flags than it should have is passed over.",
        breach: || overlooks(|_, fault| matches!(fault, Fault::Flags(_))),
    },
    Sabotage {
        name: "broken-packets/endless-length-overlooked",
        breaks: &["U-2.2.3-2", "MQTT-4.8.0-1"],
        title: "A Remaining Length of five octets is passed over, and all that comes behind it.",
        breach: || overlooks(|_, fault| fault == Fault::RemainingLength),
    },
    Sabotage {
        name: "broken-packets/length-of-puback-overlooked",
        breaks: &["U-3.4.1-1", "MQTT-4.8.0-1"],
        title: "A PUBACK of another length than two octets is passed over.",
        breach: || of_another_length(Kind::Puback),
    },
    Sabotage {
        name: "broken-packets/length-of-pubrec-overlooked",
        breaks: &["U-3.5.1-1"],
        title: "A PUBREC of another length than two octets is passed over.",
        breach: || of_another_length(Kind::Pubrec),
    },
    Sabotage {
        name: "broken-packets/length-of-pubrel-overlooked",
        breaks: &["U-3.6.1-1"],
        title: "A PUBREL of another length than two octets is passed over.",
        breach: || of_another_length(Kind::Pubrel),
    },
    Sabotage {
        name: "broken-packets/length-of-pubcomp-overlooked",
        breaks: &["U-3.7.1-1"],
        title: "A PUBCOMP of another length than two octets is passed over.",
        breach: || of_another_length(Kind::Pubcomp),
    },
    Sabotage {
        name: "broken-packets/length-of-pingresp-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A PINGRESP with a payload is passed over.",
        breach: || of_another_length(Kind::Pingresp),
    },
    Sabotage {
        name: "broken-messages/qos-3-overlooked",
        breaks: &["MQTT-3.3.1-4", "MQTT-4.8.0-1"],
        title: "A message of QoS 3 is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::Qos3),
    },
    Sabotage {
        name: "broken-messages/ill-formed-topic-overlooked",
        breaks: &["MQTT-1.5.3-1"],
        title: "A message on a Topic Name of ill-formed UTF-8 is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::IllFormedText),
    },
    Sabotage {
        name: "broken-messages/null-overlooked",
        breaks: &["MQTT-1.5.3-2"],
        title: "A message on a Topic Name with U+0000 in it is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::NullCharacter),
    },
    Sabotage {
        name: "broken-messages/wildcard-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A message on a Topic Name with a wildcard in it is passed over.",
        breach: || overlooks(|_, fault| matches!(fault, Fault::TopicWildcard(_))),
    },
    Sabotage {
        name: "broken-messages/empty-topic-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A message on an empty Topic Name is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::EmptyTopic),
    },
    Sabotage {
        name: "broken-messages/identifier-0-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A message with Packet Identifier 0 is passed over.",
        breach: || overlooks(|_, fault| fault == Fault::PacketIdZero),
    },
    Sabotage {
        name: "broken-messages/too-short-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A message that ends within a field is passed over.",
        breach: || overlooks(|_, fault| matches!(fault, Fault::Truncated(_))),
    },
    Sabotage {
        name: "broken-answers/any-connack-accepts",
        breaks: &["MQTT-4.8.0-1"],
        title: "A CONNACK against the rules is taken for one that accepts.",
        breach: || any_connack_accepts(|fault| !matches!(fault, Fault::Flags(_))),
    },
    Sabotage {
        name: "broken-answers/connack-flags-overlooked",
        breaks: &["MQTT-2.2.2-2"],
        title: "A CONNACK with other flags in its fixed header is taken for one that accepts.",
        breach: || any_connack_accepts(|fault| matches!(fault, Fault::Flags(_))),
    },
    Sabotage {
        name: "broken-answers/anything-accepts",
        breaks: &["MQTT-4.8.0-1"],
        title: "Whatever comes first is taken for a CONNACK that accepts.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromServer(_) if !link.is_accepted() => instead(Connack::accepted(false)),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "broken-answers/second-connack-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A second CONNACK is passed over.",
        breach: || {
            let mut answered = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Connack(_)) if !answered.insert(link.number()) => {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "broken-answers/suback-overlooked",
        breaks: &["MQTT-4.8.0-1"],
        title: "A SUBACK against the rules is passed over.",
        breach: || {
            overlooks(|kind, fault| kind == Some(Kind::Suback) && !matches!(fault, Fault::Flags(_)))
        },
    },
];

fn of_another_length(of: Kind) -> Breach {
    overlooks(move |kind, fault| kind == Some(of) && matches!(fault, Fault::Length(..)))
}

fn any_connack_accepts(which: fn(Fault) -> bool) -> Breach {
    Box::new(move |_, event| match event {
        Event::MalformedFromServer(octets, malformed)
            if kind(octets) == Some(Kind::Connack) && which(malformed.fault) =>
        {
            instead(Connack::accepted(false))
        }
        _ => Fate::Pass,
    })
}
