//! 3.3, 4.3: messages, their flags, and the exchanges that carry them.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Breach, Event, Fate, delivery, instead, published, server, tolerates};
use crate::wire::{Fault, Kind, Octets as _, Packet, Publish};

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
    Sabotage {
        name: "puback/never",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.2-2", "U-4.3.2-1"],
        title: "No PUBACK is sent.",
        breach: || without(Kind::Puback),
    },
    Sabotage {
        name: "puback/pubrec-instead",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.2-2"],
        title: "A PUBLISH of QoS 1 gets a PUBREC.",
        breach: || {
            server(|packet| match packet {
                Packet::Puback(id) => instead(Packet::Pubrec(*id)),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "pubrec/never",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.3-2"],
        title: "No PUBREC is sent.",
        breach: || without(Kind::Pubrec),
    },
    Sabotage {
        name: "pubrel/never",
        breaks: &["MQTT-4.3.3-1"],
        title: "No PUBREL is sent.",
        breach: || without(Kind::Pubrel),
    },
    Sabotage {
        name: "pubrel/too-early",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBREL comes right behind its PUBLISH.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.qos == 2 => {
                    let release = Packet::Pubrel(publish.id.unwrap_or(1));
                    Fate::Instead([publish.octets(), release.octets()].concat())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "pubcomp/never",
        breaks: &["MQTT-4.3.3-2", "MQTT-3.3.4-1"],
        title: "No PUBCOMP is sent.",
        breach: || without(Kind::Pubcomp),
    },
    Sabotage {
        name: "pubcomp/once",
        breaks: &["MQTT-4.3.3-2"],
        title: "A second PUBREL of an exchange is ignored.",
        breach: || {
            let mut released = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Publish(publish)) => {
                    released.remove(&(link.client_id(), publish.id.unwrap_or(0)));
                    Fate::Pass
                }
                Event::FromClient(Packet::Pubrel(id))
                    if !released.insert((link.client_id(), *id)) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos0/twice",
        breaks: &["U-4.3.1-1"],
        title: "Every message of QoS 0 is delivered twice.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.qos == 0 => {
                    Fate::Instead([publish.octets(), publish.octets()].concat())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos0/again-on-reconnect",
        breaks: &["U-4.3.1-1"],
        title: "The last message of QoS 0 comes again to a Session that is taken up.",
        breach: || {
            let mut last = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.qos == 0 => {
                    last.insert(link.client_id(), publish.clone());
                    Fate::Pass
                }
                Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                    match last.get(&link.client_id()) {
                        Some(publish) => {
                            Fate::Instead([connack.octets(), publish.octets()].concat())
                        }
                        None => Fate::Pass,
                    }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos1/dup-is-a-repeat",
        breaks: &["MQTT-4.3.2-2"],
        title: "A PUBLISH of QoS 1 with DUP is acknowledged and thrown away.",
        breach: || throws_dups_away(1),
    },
    Sabotage {
        name: "qos2/dup-is-a-repeat",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBLISH of QoS 2 with DUP is acknowledged and thrown away.",
        breach: || throws_dups_away(2),
    },
    Sabotage {
        name: "qos2/every-publish-counts",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBLISH of QoS 2 that is sent again is delivered again.",
        breach: || {
            let mut open = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.qos == 2 => {
                        let id = publish.id.unwrap_or(0);
                        if !open.insert((link.client_id(), id)) {
                            link.publish_elsewhere(publish.clone());
                        }
                    }
                    Event::FromClient(Packet::Pubrel(id)) => {
                        open.remove(&(link.client_id(), *id));
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "qos2/every-pubrel-counts",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBREL that is sent again delivers the message again.",
        breach: || {
            let mut messages = BTreeMap::<_, (Publish, bool)>::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.qos == 2 => {
                        let key = (link.client_id(), publish.id);
                        messages.insert(key, (publish.clone(), false));
                    }
                    Event::FromClient(Packet::Pubrel(id)) => {
                        let message = messages.get_mut(&(link.client_id(), Some(*id)));
                        if let Some((publish, released)) = message {
                            if *released {
                                link.publish_elsewhere(publish.clone());
                            }
                            *released = true;
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "qos2/publish-again-after-pubrel",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBLISH of QoS 2 comes again, with DUP, in place of its PUBREL.",
        breach: || {
            let mut sent = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.qos == 2 => {
                    sent.insert((link.client_id(), publish.id), publish.clone());
                    Fate::Pass
                }
                Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                    let id = link.client_id();
                    let again = sent.iter().filter(|((client, _), _)| *client == id);
                    let again = again.flat_map(|(_, publish)| publish.clone().dup().octets());
                    Fate::Instead(connack.octets().into_iter().chain(again).collect())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos1/puback-unheard",
        breaks: &["MQTT-4.3.2-1"],
        title: "No PUBACK of a Client is heard.",
        breach: || unheard(Kind::Puback),
    },
    Sabotage {
        name: "qos2/pubcomp-unheard",
        breaks: &["MQTT-4.3.3-1"],
        title: "A message whose PUBCOMP came is sent again from the start.",
        breach: || {
            let mut over = BTreeMap::<_, Vec<Publish>>::new();
            let mut sent = BTreeMap::new();
            Box::new(move |link, event| {
                let client = link.client_id();
                match event {
                    Event::FromServer(Packet::Publish(publish)) => {
                        sent.insert((client, publish.id), publish.clone());
                    }
                    Event::FromClient(Packet::Pubcomp(id)) => {
                        if let Some(publish) = sent.remove(&(client.clone(), Some(*id))) {
                            over.entry(client).or_default().push(publish);
                        }
                    }
                    Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                        link.send_client(*connack);
                        for publish in over.remove(&client).unwrap_or_default() {
                            link.deliver(publish.dup());
                        }
                        return Fate::Drop;
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "redelivery/no-publish",
        breaks: &["MQTT-4.4.0-1"],
        title: "No PUBLISH is sent again.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.dup => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "redelivery/no-pubrel",
        breaks: &["MQTT-4.4.0-1", "MQTT-4.3.3-1"],
        title: "No PUBREL is sent again.",
        breach: || {
            let mut released = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) => {
                    released.remove(&(link.client_id(), publish.id.unwrap_or(0)));
                    Fate::Pass
                }
                Event::FromServer(Packet::Pubrel(id))
                    if !released.insert((link.client_id(), *id)) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "redelivery/once",
        breaks: &["MQTT-4.4.0-1"],
        title: "A message is sent again once, and never after that.",
        breach: || {
            let mut again = BTreeSet::new();
            server(move |packet| match packet {
                Packet::Publish(publish)
                    if publish.dup
                        && !again.insert((publish.topic.clone(), publish.payload.clone())) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "delivery/one-at-a-time",
        breaks: &["U-4.3-1", "MQTT-4.5.0-1"],
        title: "While a Client owes an acknowledgement, nobody else gets messages.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromServer(Packet::Publish(_)) => {
                    let others = link.others();
                    let is_owing = others.into_iter().any(|n| link.other(n).has_outbound());
                    if is_owing { Fate::Drop } else { Fate::Pass }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "delivery/ten-subscribers-at-most",
        breaks: &["MQTT-4.5.0-1"],
        title: "A message reaches ten Clients at most.",
        breach: || {
            let mut copies = BTreeMap::<_, u32>::new();
            server(move |packet| match packet {
                Packet::Publish(publish) if !publish.retain && !publish.dup => {
                    let key = (publish.topic.clone(), publish.payload.clone());
                    let copies = copies.entry(key).or_default();
                    *copies += 1;
                    if *copies > 10 { Fate::Drop } else { Fate::Pass }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "delivery/lost-with-its-publisher",
        breaks: &["MQTT-4.5.0-1"],
        title: "A message whose publisher is gone is not delivered any more.",
        breach: || {
            let mut publishers = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Publish(publish)) => {
                    let key = (publish.topic.clone(), publish.payload.clone());
                    publishers.insert(key, link.number());
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish)) if !publish.retain => {
                    let key = (publish.topic.clone(), publish.payload.clone());
                    let number = link.number();
                    let others = link.others();
                    let is_there = |n: &u64| *n == number || others.contains(n);
                    if publishers.get(&key).is_none_or(is_there) { Fate::Pass } else { Fate::Drop }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "order/pairs-exchanged",
        breaks: &["MQTT-4.6.0-6", "MQTT-4.6.0-5"],
        title: "Of two messages to a Client the second comes first.",
        breach: || exchanges_pairs(|_| true),
    },
    Sabotage {
        name: "order/pairs-exchanged-when-sent-again",
        breaks: &["MQTT-4.6.0-6", "MQTT-4.6.0-1"],
        title: "Of two messages that are sent again the second comes first.",
        breach: || exchanges_pairs(|publish| publish.dup),
    },
];

fn as_qos_0(publish: &Publish) -> Publish {
    Publish { dup: false, qos: 0, id: None, retain: false, ..publish.clone() }
}

/// Keeps all packets of one type from the Client.
fn without(kind: Kind) -> Breach {
    server(move |packet| if packet.kind() == kind { Fate::Drop } else { Fate::Pass })
}

/// Keeps all packets of one type from the Server.
fn unheard(kind: Kind) -> Breach {
    super::breach::client(move |packet| if packet.kind() == kind { Fate::Drop } else { Fate::Pass })
}

/// Answers a PUBLISH of this QoS with DUP, and does nothing else about it.
fn throws_dups_away(qos: u8) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Publish(publish)) if publish.dup && publish.qos == qos => {
            let id = publish.id.unwrap_or(1);
            link.send_client(if qos == 1 { Packet::Puback(id) } else { Packet::Pubrec(id) });
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Holds a message back until the next packet to its Client has gone by.
fn exchanges_pairs(which: fn(&Publish) -> bool) -> Breach {
    let mut held = BTreeMap::<u64, Publish>::new();
    Box::new(move |link, event| match event {
        Event::FromServer(packet) => match (held.remove(&link.number()), packet) {
            (Some(first), _) => Fate::Instead([packet.octets(), first.octets()].concat()),
            (None, Packet::Publish(publish)) if which(publish) => {
                held.insert(link.number(), publish.clone());
                Fate::Drop
            }
            _ => Fate::Pass,
        },
        _ => Fate::Pass,
    })
}
