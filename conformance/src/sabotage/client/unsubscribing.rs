//! 3.10: how a client asks for no more messages.

use std::collections::BTreeSet;

use super::{only_ascii, unsubscribed, with_first_byte};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Event, Fate};
use crate::wire::{Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "unsubscribing/without-its-flags",
        breaks: &["MQTT-3.10.1-1"],
        title: "An UNSUBSCRIBE has the flags 0000.",
        breach: || with_first_byte(Kind::Unsubscribe, 0xa0),
    },
    Sabotage {
        name: "unsubscribing/identifier-zero",
        breaks: &["MQTT-2.3.1-1"],
        title: "An UNSUBSCRIBE has the Packet Identifier 0.",
        breach: || unsubscribed(|unsubscribe| unsubscribe.id = 0),
    },
    Sabotage {
        name: "unsubscribing/without-a-filter",
        breaks: &["MQTT-3.10.3-2"],
        title: "An UNSUBSCRIBE has no Topic Filter.",
        breach: || unsubscribed(|unsubscribe| unsubscribe.filters.clear()),
    },
    Sabotage {
        name: "unsubscribing/filter-only-ascii",
        breaks: &["MQTT-3.10.3-1"],
        title: "Characters beyond ASCII are replaced in the filters of an UNSUBSCRIBE.",
        breach: || {
            unsubscribed(|unsubscribe| {
                unsubscribe.filters.iter_mut().for_each(|filter| *filter = only_ascii(filter));
            })
        },
    },
    Sabotage {
        name: "unsubscribing/only-the-first-filter",
        breaks: &["MQTT-3.10.3-1"],
        title: "Of several Topic Filters only the first is unsubscribed from.",
        breach: || unsubscribed(|unsubscribe| unsubscribe.filters.truncate(1)),
    },
    Sabotage {
        name: "unsubscribing/no-ear-for-what-is-on-its-way",
        breaks: &["MQTT-4.5.0-2"],
        title: "Messages on topics that were unsubscribed from are not acknowledged.",
        breach: || {
            let mut left = BTreeSet::new();
            Box::new(move |_, event| match event {
                Event::FromClient(Packet::Unsubscribe(unsubscribe)) => {
                    left.extend(unsubscribe.filters.iter().cloned());
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish)) if left.contains(&publish.topic) => {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
];
