//! 3.3: messages, their flags, and whom they reach.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Event, Fate, delivery, instead, published, tolerates};
use crate::wire::{Fault, Kind, Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "publish/never-dup",
        breaks: &["MQTT-3.3.1-1"],
        title: "A message that is sent again has DUP 0.",
        breach: || delivery(|publish| publish.dup = false),
    },
    Sabotage {
        name: "publish/qos-0-with-dup",
        breaks: &["MQTT-3.3.1-2"],
        title: "A message of QoS 0 has DUP 1.",
        breach: || delivery(|publish| publish.dup |= publish.qos == 0),
    },
    Sabotage {
        name: "publish/dup-from-the-start",
        breaks: &["MQTT-4.3.2-1", "MQTT-4.3.3-1", "MQTT-3.3.1-3"],
        title: "Every message of QoS 1 or 2 has DUP 1.",
        breach: || delivery(|publish| publish.dup |= publish.qos > 0),
    },
    Sabotage {
        name: "publish/dup-passed-on",
        breaks: &["MQTT-3.3.1-3"],
        title: "A message that was published with DUP 1 is passed on with DUP 1.",
        breach: || {
            let mut dups = BTreeSet::new();
            Box::new(move |_, event| match event {
                Event::FromClient(Packet::Publish(publish)) if publish.dup => {
                    dups.insert((publish.topic.clone(), publish.payload.clone()));
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish))
                    if dups.contains(&(publish.topic.clone(), publish.payload.clone())) =>
                {
                    instead(publish.clone().dup())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publish/qos-3",
        breaks: &["MQTT-3.3.1-4"],
        title: "A PUBLISH of QoS 3 is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::Qos3),
    },
    Sabotage {
        name: "publish/without-topic-name",
        breaks: &["MQTT-3.3.2-1", "MQTT-4.8.0-1", "U-3.3.2-1", "U-3.3.2.2-1"],
        title: "A PUBLISH that ends before its payload begins is passed over.",
        breach: || {
            tolerates(|kind, fault| {
                kind == Some(Kind::Publish) && matches!(fault, Fault::Truncated(_))
            })
        },
    },
    Sabotage {
        name: "publish/empty-topic-name",
        breaks: &["MQTT-4.7.3-1"],
        title: "A PUBLISH to a Topic Name of no characters is passed over.",
        breach: || {
            tolerates(|kind, fault| kind == Some(Kind::Publish) && fault == Fault::EmptyTopic)
        },
    },
    Sabotage {
        name: "publish/to-a-wildcard",
        breaks: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        title: "A PUBLISH to a Topic Name with a wildcard is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::TopicWildcard(Kind::Publish)),
    },
    Sabotage {
        name: "publish/under-another-name",
        breaks: &["MQTT-3.3.2-3"],
        title: "A message comes under a Topic Name with one level more than was published.",
        breach: || delivery(|publish| publish.topic.extend(b"/x")),
    },
    Sabotage {
        name: "publish/to-everybody",
        breaks: &["MQTT-3.3.2-3"],
        title: "A message that reaches one subscriber reaches all Clients.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Publish(publish)) = event
                    && !publish.retain
                {
                    for other in link.others() {
                        let mut other = link.other(other);
                        if other.is_accepted() {
                            other.deliver(as_qos_0(publish));
                        }
                    }
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "publish/without-empty-ones",
        breaks: &["U-3.3.3-1"],
        title: "A message without a payload is not delivered.",
        breach: || {
            published(|publish| {
                if publish.payload.is_empty() && !publish.retain {
                    publish.topic = b"mqttspec-saboteur".to_vec();
                }
            })
        },
    },
    Sabotage {
        name: "publish/not-to-its-publisher",
        breaks: &["U-3.3.5-2", "MQTT-4.5.0-1"],
        title: "A Client does not get what it has published itself.",
        breach: || {
            let mut own = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Publish(publish)) => {
                    own.insert((link.number(), publish.topic.clone(), publish.payload.clone()));
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish)) => {
                    let key = (link.number(), publish.topic.clone(), publish.payload.clone());
                    if own.contains(&key) { Fate::Drop } else { Fate::Pass }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publish/to-one-subscriber",
        breaks: &["U-3.3.5-2", "MQTT-4.5.0-1", "U-4.7.3-9"],
        title: "A message reaches the first of its subscribers and nobody else.",
        breach: || {
            let mut given = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) if !publish.retain => {
                    let key = (publish.topic.clone(), publish.payload.clone());
                    let id = link.client_id();
                    if *given.entry(key).or_insert_with(|| id.clone()) == id {
                        Fate::Pass
                    } else {
                        Fate::Drop
                    }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "publish/payload-as-text",
        breaks: &["U-3.3.5-2"],
        title: "Octets above 127 in a payload are replaced.",
        breach: || {
            delivery(|publish| {
                publish.payload.iter_mut().filter(|octet| !octet.is_ascii()).for_each(|octet| {
                    *octet = b'?';
                });
            })
        },
    },
    Sabotage {
        name: "publish/payload-of-60-kib-at-most",
        breaks: &["U-3.3.5-2"],
        title: "A payload is cut to 60,000 octets.",
        breach: || delivery(|publish| publish.payload.truncate(60_000)),
    },
    Sabotage {
        name: "publish/qos-0-acknowledged",
        breaks: &["MQTT-3.3.4-1", "U-4.3.1-1"],
        title: "A PUBLISH of QoS 0 gets a PUBACK.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromClient(Packet::Publish(publish)) = event
                    && publish.qos == 0
                {
                    link.send_client(Packet::Puback(1));
                }
                Fate::Pass
            })
        },
    },
];

fn as_qos_0(publish: &Publish) -> Publish {
    Publish { dup: false, qos: 0, id: None, retain: false, ..publish.clone() }
}
