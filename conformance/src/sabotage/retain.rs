//! 3.3.1.3: retained messages.

use std::collections::BTreeSet;

use super::Sabotage;
use super::breach::{Event, Fate, delivery, instead, published, server};
use crate::wire::{Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "retain/nothing-kept",
        breaks: &["MQTT-3.3.1-5", "MQTT-3.3.1-6"],
        title: "No message is retained.",
        breach: || published(|publish| publish.retain = false),
    },
    Sabotage {
        name: "retain/first-one-kept",
        breaks: &["MQTT-3.3.1-6"],
        title: "Of several retained messages on a topic the first is kept.",
        breach: || {
            let mut kept = BTreeSet::new();
            published(move |publish| {
                if publish.retain && !publish.payload.is_empty() {
                    publish.retain = kept.insert(publish.topic.clone());
                }
            })
        },
    },
    Sabotage {
        name: "retain/last-one-not-sent-to-who-comes-later",
        breaks: &["MQTT-3.3.1-6", "MQTT-3.8.4-3", "U-3.8.4-2"],
        title: "A connection gets the retained message of a topic once, however it subscribes.",
        breach: || {
            let mut sent = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish))
                    if publish.retain && !sent.insert((link.number(), publish.topic.clone())) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "retain/one-for-each-subscribe",
        breaks: &["MQTT-3.3.1-6", "MQTT-3.8.4-4"],
        title: "A SUBSCRIBE brings one retained message and no more.",
        breach: || {
            let mut given = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Subscribe(_)) => {
                        given.remove(&link.number());
                    }
                    Event::FromServer(Packet::Publish(publish))
                        if publish.retain && !given.insert(link.number()) =>
                    {
                        return Fate::Drop;
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "retain/not-at-qos-0",
        breaks: &["MQTT-3.3.1-7"],
        title: "A message of QoS 0 is not retained, and leaves the one before.",
        breach: || published(|publish| publish.retain &= publish.qos > 0),
    },
    Sabotage {
        name: "retain/flag-never-set",
        breaks: &["MQTT-3.3.1-8"],
        title: "A retained message comes to a new subscription with RETAIN 0.",
        breach: || delivery(|publish| publish.retain = false),
    },
    Sabotage {
        name: "retain/flag-lost-when-sent-again",
        breaks: &["MQTT-3.3.1-8"],
        title: "A retained message that is sent again has RETAIN 0.",
        breach: || delivery(|publish| publish.retain &= !publish.dup),
    },
    Sabotage {
        name: "retain/flag-always-set",
        breaks: &["MQTT-3.3.1-9"],
        title: "Every message has RETAIN 1.",
        breach: || delivery(|publish| publish.retain = true),
    },
    Sabotage {
        name: "retain/flag-passed-on",
        breaks: &["MQTT-3.3.1-9"],
        title: "A message that was published to be retained reaches everybody with RETAIN 1.",
        breach: || {
            let mut retained = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Connect(connect)) => {
                    let will = connect.will.iter().filter(|will| will.retain);
                    retained.extend(will.map(|will| (will.topic.clone(), will.message.clone())));
                    Fate::Pass
                }
                Event::FromClient(Packet::Publish(publish)) if publish.retain => {
                    retained.insert((publish.topic.clone(), publish.payload.clone()));
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish))
                    if link.is_accepted()
                        && retained.contains(&(publish.topic.clone(), publish.payload.clone())) =>
                {
                    instead(publish.clone().retain())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "retain/never-cleared",
        breaks: &["MQTT-3.3.1-10"],
        title: "A retained PUBLISH without a payload clears nothing.",
        breach: || published(|publish| publish.retain &= !publish.payload.is_empty()),
    },
    Sabotage {
        name: "retain/cleared-in-silence",
        breaks: &["MQTT-3.3.1-10", "U-3.3.1.3-1"],
        title: "A retained PUBLISH without a payload is not delivered.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.payload.is_empty() => match publish.qos {
                    0 => Fate::Drop,
                    _ => instead(Packet::Pingresp),
                },
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "retain/empty-one-kept",
        breaks: &["MQTT-3.3.1-11"],
        title: "A retained PUBLISH without a payload is kept, and sent to who subscribes later.",
        breach: || {
            let mut empty = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.retain => {
                        if publish.payload.is_empty() {
                            empty.insert(publish.topic.clone());
                        } else {
                            empty.remove(&publish.topic);
                        }
                    }
                    Event::FromServer(Packet::Suback(_)) => {
                        for (filter, _) in link.filters() {
                            if empty.contains(&filter) {
                                link.deliver(Publish::qos0(filter, "").retain());
                            }
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "retain/everything-kept",
        breaks: &["MQTT-3.3.1-12"],
        title: "Every message is retained, and every empty one clears.",
        breach: || published(|publish| publish.retain = true),
    },
    Sabotage {
        name: "retain/clears-all-topics",
        breaks: &["MQTT-3.3.1-6"],
        title: "A retained PUBLISH without a payload clears the topics of its Client.",
        breach: || {
            let mut retained = BTreeSet::<(u64, Vec<u8>)>::new();
            Box::new(move |link, event| {
                if let Event::FromClient(Packet::Publish(publish)) = event
                    && publish.retain
                {
                    if publish.payload.is_empty() {
                        for (number, topic) in &retained {
                            if *number == link.number() {
                                link.send_server(Publish::qos0(topic.as_slice(), "").retain());
                            }
                        }
                    } else {
                        retained.insert((link.number(), publish.topic.clone()));
                    }
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "retain/of-the-whole-server",
        breaks: &["MQTT-3.3.1-6", "MQTT-3.3.2-3"],
        title: "A subscription brings what is retained for another topic of the same publisher.",
        breach: || {
            let mut retained = Vec::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.retain => {
                        retained.push(Publish { qos: 0, id: None, ..publish.clone() });
                    }
                    Event::FromServer(Packet::Suback(_)) => {
                        let filters = link.filters();
                        let stem = |topic: &[u8]| {
                            let end = topic.iter().rposition(|octet| *octet == b'/');
                            topic[..end.unwrap_or(0)].to_vec()
                        };
                        for publish in &retained {
                            let is_near =
                                |f: &[u8]| stem(f) == stem(&publish.topic) && f != publish.topic;
                            if filters.iter().any(|(filter, _)| is_near(filter)) {
                                link.deliver(publish.clone());
                            }
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
];
