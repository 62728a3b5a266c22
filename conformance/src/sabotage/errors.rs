//! 4.8: what follows a breach of the protocol.

use std::collections::BTreeSet;

use super::Sabotage;
use super::breach::{Event, Fate, tolerates};
use crate::wire::{Fault, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "errors/wrong-direction",
        breaks: &["MQTT-4.8.0-1"],
        title: "Packets that only a Server may send are passed over.",
        breach: || tolerates(|_, fault| matches!(fault, Fault::WrongDirection(..))),
    },
    Sabotage {
        name: "errors/silent-connections-hold-up-others",
        breaks: &["U-4.3-1"],
        title: "While ten connections have said nothing, nobody's message is delivered.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromServer(Packet::Publish(_)) => {
                    let others = link.others().into_iter();
                    let silent = others.filter(|n| link.other(*n).connect().is_none()).count();
                    if silent >= 10 { Fate::Drop } else { Fate::Pass }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "errors/close-everybody",
        breaks: &["MQTT-4.8.0-1", "U-4.3-1"],
        title: "A breach closes all connections.",
        breach: || {
            let mut connected = BTreeSet::new();
            Box::new(move |link, event| {
                let is_breach = match event {
                    Event::Malformed(..) => true,
                    Event::FromClient(Packet::Connect(_)) => !connected.insert(link.number()),
                    _ => false,
                };
                if is_breach {
                    for other in link.others() {
                        link.other(other).close();
                    }
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "errors/lost-connections-harm-others",
        breaks: &["U-4.3-1"],
        title: "A connection that ends without a DISCONNECT ends the ones opened before it.",
        breach: || {
            let mut left = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Disconnect) => {
                        left.insert(link.number());
                    }
                    Event::ClientGone(_) if left.insert(link.number()) => {
                        for other in link.others() {
                            link.other(other).close();
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "errors/what-follows-counts",
        breaks: &["MQTT-4.8.0-1"],
        title: "A PUBLISH behind a breach is passed on.",
        breach: || {
            let mut broken = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::Malformed(..) => {
                    broken.insert(link.number());
                    Fate::Pass
                }
                Event::FromClient(Packet::Publish(publish)) if broken.contains(&link.number()) => {
                    link.publish_elsewhere(publish.clone());
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
    },
];
