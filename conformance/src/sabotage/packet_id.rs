//! 2.3.1: Packet Identifiers.

use std::collections::BTreeMap;

use super::Sabotage;
use super::breach::{Event, Fate, another, delivery, instead, server, tolerates};
use crate::wire::{Fault, Octets as _, Packet, Publish, Suback};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "packet-id/zero",
        breaks: &["MQTT-2.3.1-1", "MQTT-4.8.0-1"],
        title: "PUBLISH, SUBSCRIBE and UNSUBSCRIBE with Packet Identifier 0 are passed over.",
        breach: || tolerates(|_, fault| fault == Fault::PacketIdZero),
    },
    Sabotage {
        name: "packet-id/left-out",
        breaks: &["MQTT-2.3.1-1"],
        title: "Messages above QoS 0 are delivered without their Packet Identifier.",
        breach: || {
            Box::new(|_, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.id.is_some() => {
                    let bare = Publish { id: None, ..publish.clone() };
                    Fate::Instead(bare.octets())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/always-the-same",
        breaks: &["MQTT-2.3.1-4", "MQTT-4.3.2-1"],
        title: "All messages are sent under Packet Identifier 7.",
        breach: || {
            delivery(|publish| {
                if let Some(id) = &mut publish.id {
                    *id = 7;
                }
            })
        },
    },
    Sabotage {
        name: "packet-id/another-when-sent-again",
        breaks: &["MQTT-2.3.1-4", "MQTT-4.4.0-1"],
        title: "A message that is sent again gets another Packet Identifier.",
        breach: || {
            delivery(|publish| {
                if let Some(id) = publish.id.as_mut().filter(|_| publish.dup) {
                    *id += 1_000;
                }
            })
        },
    },
    Sabotage {
        name: "packet-id/at-qos-0",
        breaks: &["MQTT-2.3.1-5", "U-3.3.2-1"],
        title: "A message of QoS 0 has a Packet Identifier.",
        breach: || {
            delivery(|publish| {
                if publish.qos == 0 {
                    publish.id = Some(1);
                }
            })
        },
    },
    Sabotage {
        name: "packet-id/puback-of-another",
        breaks: &["MQTT-2.3.1-6", "MQTT-4.3.2-2"],
        title: "A PUBACK has another Packet Identifier than its PUBLISH.",
        breach: || {
            server(|packet| match packet {
                Packet::Puback(id) => instead(Packet::Puback(another(*id))),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/pubrec-of-another",
        breaks: &["MQTT-2.3.1-6", "MQTT-4.3.3-2"],
        title: "A PUBREC has another Packet Identifier than its PUBLISH.",
        breach: || {
            server(|packet| match packet {
                Packet::Pubrec(id) => instead(Packet::Pubrec(another(*id))),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/pubrel-of-another",
        breaks: &["MQTT-2.3.1-6", "MQTT-4.3.3-1"],
        title: "A PUBREL has another Packet Identifier than its PUBLISH.",
        breach: || {
            server(|packet| match packet {
                Packet::Pubrel(id) => instead(Packet::Pubrel(another(*id))),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/pubcomp-of-another",
        breaks: &["U-3.7.2-1", "MQTT-4.3.3-2"],
        title: "A PUBCOMP has another Packet Identifier than its PUBREL.",
        breach: || {
            server(|packet| match packet {
                Packet::Pubcomp(id) => instead(Packet::Pubcomp(another(*id))),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/suback-of-another",
        breaks: &["MQTT-2.3.1-7", "MQTT-3.8.4-2"],
        title: "A SUBACK has another Packet Identifier than its SUBSCRIBE.",
        breach: || {
            server(|packet| match packet {
                Packet::Suback(suback) => {
                    instead(Suback::new(another(suback.id), suback.codes.as_slice()))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/unsuback-of-another",
        breaks: &["MQTT-2.3.1-7", "MQTT-3.10.4-4"],
        title: "An UNSUBACK has another Packet Identifier than its UNSUBSCRIBE.",
        breach: || {
            server(|packet| match packet {
                Packet::Unsuback(id) => instead(Packet::Unsuback(another(*id))),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/one-space-for-both-directions",
        breaks: &["U-2.3.1-1"],
        title: "A PUBLISH under an identifier that the Server is using itself is ignored.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Publish(publish)) => {
                    let in_use = publish.id.and_then(|id| link.outbound(id));
                    if in_use.is_some() { Fate::Drop } else { Fate::Pass }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/behind-the-payload",
        breaks: &["U-3.3.2-1", "U-3.3.2.2-1"],
        title: "The Packet Identifier of a message comes after its first octets of payload.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.payload.len() >= 2 => {
                    let Some(id) = publish.id else { return Fate::Pass };
                    let mut moved = publish.clone();
                    moved.id = None;
                    moved.payload.splice(2..2, id.to_be_bytes());
                    instead(moved)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "packet-id/used-for-two-exchanges",
        breaks: &["MQTT-4.3.2-2", "U-4.3.2-2"],
        title: "A second message of QoS 1 under the same Packet Identifier is taken for the first.",
        breach: || seen_before(1),
    },
    Sabotage {
        name: "packet-id/used-up-at-qos-2",
        breaks: &["MQTT-4.3.3-2", "U-4.3.3-2"],
        title: "A second message of QoS 2 under the same Packet Identifier is taken for the first.",
        breach: || seen_before(2),
    },
];

/// Answers a message of this QoS whose identifier its Client has used before, and forgets it.
fn seen_before(qos: u8) -> super::Breach {
    // By Client and Packet Identifier: whether the exchange was over.
    let mut seen = BTreeMap::new();
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Publish(publish)) if publish.qos == qos => {
            let Some(id) = publish.id else { return Fate::Pass };
            match seen.get_mut(&(link.client_id(), id)) {
                Some(true) => {
                    link.send_client(if qos == 1 {
                        Packet::Puback(id)
                    } else {
                        Packet::Pubrec(id)
                    });
                    Fate::Drop
                }
                _ => {
                    seen.insert((link.client_id(), id), qos == 1);
                    Fate::Pass
                }
            }
        }
        Event::FromClient(Packet::Pubrel(id)) => {
            seen.entry((link.client_id(), *id)).and_modify(|is_over| *is_over = true);
            Fate::Pass
        }
        _ => Fate::Pass,
    })
}
