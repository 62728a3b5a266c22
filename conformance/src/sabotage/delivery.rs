//! 4.4 to 4.6: what is sent again, to whom, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Breach, Event, Fate, server};
use crate::wire::{Octets as _, Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
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
