//! 3.3, 3.6 and 4.3: how a client sends messages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{loses, with_a_rest, with_first_byte};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, another, client, instead, published};
use crate::wire::{Framed as _, Kind, Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "publishing/qos-0-with-dup",
        breaks: &["MQTT-3.3.1-2"],
        title: "A message of QoS 0 has DUP set.",
        breach: || {
            client(|packet| match packet {
                Packet::Publish(publish) if publish.qos == 0 => {
                    instead(publish.with_first_byte(0x38 | u8::from(publish.retain)))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/qos-0-with-an-identifier",
        breaks: &["MQTT-2.3.1-5", "U-3.3.2.2-1"],
        title: "A message of QoS 0 has a Packet Identifier.",
        breach: || {
            published(|publish| {
                publish.id.get_or_insert(7);
            })
        },
    },
    Sabotage {
        name: "publishing/qos-0-becomes-1",
        breaks: &["MQTT-4.3.1-1"],
        title: "A message of QoS 0 is sent with QoS 1.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Publish(publish)) if publish.qos == 0 => {
                    link.ask(Publish { qos: 1, ..publish.clone() }.into());
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/retained-unasked",
        breaks: &["MQTT-4.3.1-1", "MQTT-4.3.2-1", "MQTT-4.3.3-1"],
        title: "Every message has RETAIN set.",
        breach: || published(|publish| publish.retain = true),
    },
    Sabotage {
        name: "publishing/identifier-behind-the-payload",
        breaks: &["U-3.3.2-1"],
        title: "The Packet Identifier of a message comes after its first octets of payload.",
        breach: || {
            published(|publish| {
                if publish.payload.len() >= 2
                    && let Some(id) = publish.id.take()
                {
                    publish.payload.splice(2..2, id.to_be_bytes());
                }
            })
        },
    },
    Sabotage {
        name: "publishing/identifier-zero",
        breaks: &["MQTT-2.3.1-1"],
        title: "A message of QoS 1 or 2 has the Packet Identifier 0.",
        breach: || published(|publish| publish.id = publish.id.map(|_| 0)),
    },
    Sabotage {
        name: "publishing/one-identifier-for-all",
        breaks: &["MQTT-2.3.1-2"],
        title: "All messages of QoS 1 have the same Packet Identifier.",
        breach: one_identifier,
    },
    Sabotage {
        name: "publishing/identifier-shared-with-a-subscribe",
        breaks: &["MQTT-2.3.1-2"],
        title: "A SUBSCRIBE has the Packet Identifier of a message that was not acknowledged.",
        breach: shared_with_a_subscribe,
    },
    Sabotage {
        name: "publishing/identifier-free-after-pubrec",
        breaks: &["MQTT-2.3.1-3", "U-4.3.3-2"],
        title: "A Packet Identifier is used again when its PUBREC has come.",
        breach: || {
            let mut received = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Pubrec(id)) => {
                    received.insert(link.client_id(), *id);
                    Fate::Pass
                }
                Event::FromClient(Packet::Publish(publish)) if publish.qos == 1 => {
                    let Some(id) = received.get(&link.client_id()) else { return Fate::Pass };
                    instead(Publish { id: Some(*id), ..publish.clone() })
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/qos-1-becomes-0",
        breaks: &["MQTT-4.3.2-1"],
        title: "A message of QoS 1 is sent with QoS 0, and taken for delivered.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Publish(publish)) if publish.qos == 1 => {
                    publish.id.into_iter().for_each(|id| link.send_client(Packet::Puback(id)));
                    instead(Publish { qos: 0, id: None, dup: false, ..publish.clone() })
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/done-before-its-puback",
        breaks: &["U-4.3.2-2", "MQTT-4.3.2-1"],
        title: "A message of QoS 1 is taken for delivered as soon as it is sent.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Publish(publish)) if publish.qos == 1 => {
                    publish.id.into_iter().for_each(|id| link.send_client(Packet::Puback(id)));
                    Fate::Pass
                }
                Event::FromServer(Packet::Puback(_)) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/qos-2-becomes-1",
        breaks: &["MQTT-4.3.3-1"],
        title: "A message of QoS 2 is sent with QoS 1.",
        breach: qos_2_becomes_1,
    },
    Sabotage {
        name: "publishing/done-before-its-pubcomp",
        breaks: &["U-4.3.3-2", "MQTT-4.3.3-1"],
        title: "A message of QoS 2 is taken for delivered as soon as its PUBREL is sent.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pubrel(id)) => {
                    link.send_client(Packet::Pubcomp(*id));
                    Fate::Pass
                }
                Event::FromServer(Packet::Pubcomp(_)) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/no-pubrel",
        breaks: &["MQTT-4.3.3-1", "MQTT-2.3.1-6"],
        title: "A PUBREC gets no answer.",
        breach: || loses(Kind::Pubrel),
    },
    Sabotage {
        name: "publishing/second-pubrec-unanswered",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBREC that comes again gets no answer.",
        breach: || {
            let mut seen = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Pubrec(id)) if !seen.insert((link.number(), *id)) => {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/pubrel-of-another",
        breaks: &["MQTT-2.3.1-6", "MQTT-4.3.3-1"],
        title: "A PUBREL has another Packet Identifier than its PUBREC.",
        breach: || {
            client(|packet| match packet {
                Packet::Pubrel(id) => instead(Packet::Pubrel(another(*id))),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publishing/pubrel-without-its-flags",
        breaks: &["MQTT-3.6.1-1"],
        title: "A PUBREL has the flags 0000.",
        breach: || with_first_byte(Kind::Pubrel, 0x60),
    },
    Sabotage {
        name: "publishing/pubrel-with-a-rest",
        breaks: &["U-3.6.1-1"],
        title: "A PUBREL has an octet behind its Packet Identifier.",
        breach: || with_a_rest(Kind::Pubrel),
    },
    Sabotage {
        name: "publishing/never-empty",
        breaks: &["U-3.3.3-1"],
        title: "A message without a payload gets one.",
        breach: || {
            published(|publish| {
                if publish.payload.is_empty() {
                    publish.payload = b"empty".to_vec();
                }
            })
        },
    },
];

/// The PUBACKs find their messages in the order in which those were sent.
fn one_identifier() -> Breach {
    let mut waiting = VecDeque::new();
    Box::new(move |_, event| match event {
        Event::FromClient(Packet::Publish(publish)) if publish.qos == 1 => {
            waiting.extend(publish.id);
            instead(Publish { id: Some(1), ..publish.clone() })
        }
        Event::FromServer(Packet::Puback(_)) => match waiting.pop_front() {
            Some(id) => instead(Packet::Puback(id)),
            None => Fate::Pass,
        },
        _ => Fate::Pass,
    })
}

fn shared_with_a_subscribe() -> Breach {
    let mut held = None;
    let mut asked = None;
    Box::new(move |_, event| match event {
        Event::FromClient(Packet::Publish(publish)) => {
            held = publish.id;
            Fate::Pass
        }
        Event::FromClient(Packet::Subscribe(subscribe)) => {
            let Some(id) = held else { return Fate::Pass };
            asked = Some(subscribe.id);
            let mut changed = subscribe.clone();
            changed.id = id;
            instead(changed)
        }
        Event::FromServer(Packet::Suback(suback)) => {
            let Some(id) = asked.take() else { return Fate::Pass };
            let mut changed = suback.clone();
            changed.id = id;
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// The client hears of a PUBREC and a PUBCOMP all the same.
fn qos_2_becomes_1() -> Breach {
    let mut changed = BTreeSet::new();
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Publish(publish)) if publish.qos == 2 => {
            changed.extend(publish.id);
            instead(Publish { qos: 1, ..publish.clone() })
        }
        Event::FromServer(Packet::Puback(id)) if changed.contains(id) => {
            instead(Packet::Pubrec(*id))
        }
        Event::FromClient(Packet::Pubrel(id)) if changed.remove(id) => {
            link.send_client(Packet::Pubcomp(*id));
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}
