//! 3.3.4, 3.4 to 3.7 and 4.5: how a client answers messages.

use std::collections::{BTreeMap, BTreeSet};

use super::{loses, overhears, with_a_rest, with_first_byte};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, another, client, instead};
use crate::wire::{Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "acknowledging/qos-0-as-well",
        breaks: &["MQTT-3.3.4-1", "U-4.3.1-1"],
        title: "A message of QoS 0 gets a PUBACK.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Publish(publish)) = event
                    && publish.qos == 0
                {
                    link.send_server(Packet::Puback(1));
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "acknowledging/no-puback",
        breaks: &["MQTT-4.3.2-2", "MQTT-3.3.4-1"],
        title: "A message of QoS 1 gets no answer.",
        breach: || loses(Kind::Puback),
    },
    Sabotage {
        name: "acknowledging/pubrec-at-qos-1",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.2-2"],
        title: "A message of QoS 1 gets a PUBREC.",
        breach: || answers_by(Packet::Puback(0), Packet::Pubrec),
    },
    Sabotage {
        name: "acknowledging/puback-at-qos-2",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.3-2"],
        title: "A message of QoS 2 gets a PUBACK.",
        breach: || answers_by(Packet::Pubrec(0), Packet::Puback),
    },
    Sabotage {
        name: "acknowledging/no-pubcomp",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBREL gets no answer.",
        breach: || loses(Kind::Pubcomp),
    },
    Sabotage {
        name: "acknowledging/low-octet-first",
        breaks: &["U-1.5.2-1", "MQTT-2.3.1-6"],
        title: "Packet Identifiers of acknowledgements come with their octets exchanged.",
        breach: || identifiers(|_, id| id.swap_bytes()),
    },
    Sabotage {
        name: "acknowledging/puback-of-another",
        breaks: &["MQTT-2.3.1-6", "MQTT-4.3.2-2"],
        title: "A PUBACK has another Packet Identifier than its PUBLISH.",
        breach: || identifiers(|kind, id| if kind == Kind::Puback { another(id) } else { id }),
    },
    Sabotage {
        name: "acknowledging/pubrec-of-another",
        breaks: &["MQTT-2.3.1-6", "MQTT-4.3.3-2"],
        title: "A PUBREC has another Packet Identifier than its PUBLISH.",
        breach: || identifiers(|kind, id| if kind == Kind::Pubrec { another(id) } else { id }),
    },
    Sabotage {
        name: "acknowledging/pubcomp-of-another",
        breaks: &["U-3.7.2-1", "MQTT-4.3.3-2"],
        title: "A PUBCOMP has another Packet Identifier than its PUBREL.",
        breach: || identifiers(|kind, id| if kind == Kind::Pubcomp { another(id) } else { id }),
    },
    Sabotage {
        name: "acknowledging/puback-with-flags",
        breaks: &["MQTT-2.2.2-1"],
        title: "A PUBACK has another value in its reserved flags.",
        breach: || with_first_byte(Kind::Puback, 0x41),
    },
    Sabotage {
        name: "acknowledging/puback-with-a-rest",
        breaks: &["U-3.4.1-1"],
        title: "A PUBACK has an octet behind its Packet Identifier.",
        breach: || with_a_rest(Kind::Puback),
    },
    Sabotage {
        name: "acknowledging/pubrec-with-a-rest",
        breaks: &["U-3.5.1-1"],
        title: "A PUBREC has an octet behind its Packet Identifier.",
        breach: || with_a_rest(Kind::Pubrec),
    },
    Sabotage {
        name: "acknowledging/pubcomp-with-a-rest",
        breaks: &["U-3.7.1-1"],
        title: "A PUBCOMP has an octet behind its Packet Identifier.",
        breach: || with_a_rest(Kind::Pubcomp),
    },
    Sabotage {
        name: "acknowledging/only-what-it-asked-for",
        breaks: &["MQTT-4.5.0-2", "U-4.5-1"],
        title: "Messages that match no subscription are not acknowledged.",
        breach: || {
            overhears(|link, publish| {
                let mut filters = link.filters().into_iter();
                !filters.any(|(filter, _)| crate::oracle::matches(&filter, &publish.topic))
            })
        },
    },
    Sabotage {
        name: "acknowledging/nothing-before-the-suback",
        breaks: &["MQTT-4.5.0-2"],
        title: "Messages that come while a SUBACK is due are not acknowledged.",
        breach: || {
            let mut asked = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Subscribe(_)) => {
                        asked.insert(link.number());
                    }
                    Event::FromServer(Packet::Suback(_)) => {
                        asked.remove(&link.number());
                    }
                    Event::FromServer(Packet::Publish(_)) if asked.contains(&link.number()) => {
                        return Fate::Drop;
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "acknowledging/one-space-for-both-directions",
        breaks: &["U-2.3.1-1"],
        title: "A message under an identifier that the client is using itself is not acknowledged.",
        breach: one_space,
    },
];

/// Answers by another acknowledgement than the one of this type.
fn answers_by(type_of: Packet, by: fn(u16) -> Packet) -> Breach {
    client(move |packet| match packet.packet_id() {
        Some(id) if packet.kind() == type_of.kind() => instead(by(id)),
        _ => Fate::Pass,
    })
}

/// Changes the Packet Identifiers of the answers to messages.
fn identifiers(change: fn(Kind, u16) -> u16) -> Breach {
    client(move |packet| {
        let kind = packet.kind();
        match packet {
            Packet::Puback(id) => instead(Packet::Puback(change(kind, *id))),
            Packet::Pubrec(id) => instead(Packet::Pubrec(change(kind, *id))),
            Packet::Pubcomp(id) => instead(Packet::Pubcomp(change(kind, *id))),
            _ => Fate::Pass,
        }
    })
}

fn one_space() -> Breach {
    let mut in_use = BTreeMap::<_, BTreeSet<u16>>::new();
    Box::new(move |link, event| {
        let own = in_use.entry(link.client_id()).or_default();
        match event {
            Event::FromClient(Packet::Publish(publish)) => own.extend(publish.id),
            Event::FromServer(Packet::Puback(id) | Packet::Pubcomp(id)) => drop(own.remove(id)),
            Event::FromServer(Packet::Publish(publish))
                if publish.id.is_some_and(|id| own.contains(&id)) =>
            {
                return Fate::Drop;
            }
            _ => {}
        }
        Fate::Pass
    })
}
