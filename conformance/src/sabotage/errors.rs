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
        name: "errors/one-breach-closes-all",
        breaks: &["MQTT-4.8.0-1", "U-4.3-1"],
        title: "A packet that breaks the rules closes the connections of everybody.",
        breach: || {
            Box::new(|link, event| {
                if matches!(event, Event::Malformed(..)) {
                    for other in link.others() {
                        link.other(other).close();
                    }
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "errors/one-loss-closes-all",
        breaks: &["MQTT-3.1.2-8"],
        title: "A connection that ends without DISCONNECT closes those of everybody.",
        breach: || {
            let mut left = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Disconnect) => {
                        left.insert(link.number());
                    }
                    Event::ClientGone(_)
                        if link.is_accepted() && !left.contains(&link.number()) =>
                    {
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
