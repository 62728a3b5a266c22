//! 3.4 to 3.7: the form of PUBACK, PUBREC, PUBREL and PUBCOMP, and what they stand for.

use super::Sabotage;
use super::breach::{Event, Fate, instead, longer, server, tolerates};
use crate::wire::{Fault, Framed as _, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "puback/with-a-rest",
        breaks: &["U-3.4.1-1"],
        title: "A PUBACK has an octet behind its Packet Identifier.",
        breach: || server(|p| if p.kind() == Kind::Puback { longer(p) } else { Fate::Pass }),
    },
    Sabotage {
        name: "pubrec/with-a-rest",
        breaks: &["U-3.5.1-1"],
        title: "A PUBREC has an octet behind its Packet Identifier.",
        breach: || server(|p| if p.kind() == Kind::Pubrec { longer(p) } else { Fate::Pass }),
    },
    Sabotage {
        name: "pubrel/with-a-rest",
        breaks: &["U-3.6.1-1"],
        title: "A PUBREL has an octet behind its Packet Identifier.",
        breach: || server(|p| if p.kind() == Kind::Pubrel { longer(p) } else { Fate::Pass }),
    },
    Sabotage {
        name: "pubcomp/with-a-rest",
        breaks: &["U-3.7.1-1"],
        title: "A PUBCOMP has an octet behind its Packet Identifier.",
        breach: || server(|p| if p.kind() == Kind::Pubcomp { longer(p) } else { Fate::Pass }),
    },
    Sabotage {
        name: "pubrel/without-its-flags",
        breaks: &["MQTT-3.6.1-1"],
        title: "A PUBREL is sent with the flags 0000.",
        breach: || {
            server(|packet| match packet {
                Packet::Pubrel(_) => instead(packet.with_first_byte(0x60)),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "pubrel/any-flags",
        breaks: &["MQTT-3.6.1-1"],
        title: "A PUBREL with other flags than 0010 is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::Flags(Kind::Pubrel)),
    },
    Sabotage {
        name: "puback/any-length",
        breaks: &["U-3.4.1-1", "MQTT-4.8.0-1"],
        title: "A PUBACK of another length than two octets is passed over.",
        breach: || any_length(Kind::Puback),
    },
    Sabotage {
        name: "pubrec/any-length",
        breaks: &["U-3.5.1-1", "MQTT-4.8.0-1"],
        title: "A PUBREC of another length than two octets is passed over.",
        breach: || any_length(Kind::Pubrec),
    },
    Sabotage {
        name: "pubrel/any-length",
        breaks: &["U-3.6.1-1", "MQTT-4.8.0-1"],
        title: "A PUBREL of another length than two octets is passed over.",
        breach: || any_length(Kind::Pubrel),
    },
    Sabotage {
        name: "pubcomp/any-length",
        breaks: &["U-3.7.1-1", "MQTT-4.8.0-1"],
        title: "A PUBCOMP of another length than two octets is passed over.",
        breach: || any_length(Kind::Pubcomp),
    },
    Sabotage {
        name: "puback/pubrec-stands-for-it",
        breaks: &["MQTT-4.3.2-1"],
        title: "A PUBREC acknowledges a message of QoS 1.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pubrec(id)) if link.outbound(*id) == Some(1) => {
                    instead(Packet::Puback(*id))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "pubrec/puback-stands-for-it",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBACK ends the exchange of a message of QoS 2.",
        breach: || ends_qos_2(Kind::Puback),
    },
    Sabotage {
        name: "pubrec/pubcomp-stands-for-it",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBCOMP before any PUBREC ends the exchange of a message of QoS 2.",
        breach: || ends_qos_2(Kind::Pubcomp),
    },
    Sabotage {
        name: "puback/of-one-octet",
        breaks: &["MQTT-4.3.2-1"],
        title: "Of the Packet Identifier in a PUBACK the low octet alone counts.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Puback(id)) => {
                    let alike =
                        (0..=u8::MAX).map(|high| u16::from_be_bytes([high, id.to_be_bytes()[1]]));
                    let owed = alike.into_iter().find(|id| link.outbound(*id) == Some(1));
                    instead(Packet::Puback(owed.unwrap_or(*id)))
                }
                _ => Fate::Pass,
            })
        },
    },
];

fn any_length(kind: Kind) -> super::Breach {
    tolerates(move |_, fault| matches!(fault, Fault::Length(seen, _) if seen == kind))
}

/// Ends an exchange of QoS 2 by an acknowledgement that cannot.
fn ends_qos_2(kind: Kind) -> super::Breach {
    let mut open = std::collections::BTreeSet::new();
    Box::new(move |link, event| match event {
        Event::FromServer(Packet::Publish(publish)) if publish.qos == 2 => {
            open.extend(publish.id.map(|id| (link.number(), id)));
            Fate::Pass
        }
        Event::FromServer(Packet::Pubrel(id)) if open.remove(&(link.number(), *id)) => {
            link.send_server(Packet::Pubcomp(*id));
            Fate::Drop
        }
        Event::FromClient(Packet::Pubrec(id)) => {
            open.remove(&(link.number(), *id));
            Fate::Pass
        }
        Event::FromClient(packet) if packet.kind() == kind => match packet.packet_id() {
            Some(id) if open.contains(&(link.number(), id)) => instead(Packet::Pubrec(id)),
            _ => Fate::Pass,
        },
        _ => Fate::Pass,
    })
}
