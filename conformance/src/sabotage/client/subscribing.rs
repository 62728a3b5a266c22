//! 3.8 and 4.7: how a client asks for messages.

use super::{only_ascii, subscribed, with_first_byte};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate};
use crate::wire::{Kind, Packet, Subscribe};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "subscribing/without-its-flags",
        breaks: &["MQTT-3.8.1-1"],
        title: "A SUBSCRIBE has the flags 0000.",
        breach: || with_first_byte(Kind::Subscribe, 0x80),
    },
    Sabotage {
        name: "subscribing/identifier-zero",
        breaks: &["MQTT-2.3.1-1"],
        title: "A SUBSCRIBE has the Packet Identifier 0.",
        breach: || subscribed(|subscribe| subscribe.id = 0),
    },
    Sabotage {
        name: "subscribing/without-a-filter",
        breaks: &["MQTT-3.8.3-3"],
        title: "A SUBSCRIBE has no Topic Filter.",
        breach: || subscribed(|subscribe| subscribe.filters.clear()),
    },
    Sabotage {
        name: "subscribing/only-the-first-filter",
        breaks: &["U-3.8.3-2"],
        title: "Of several Topic Filters only the first is asked for.",
        breach: || subscribed(|subscribe| subscribe.filters.truncate(1)),
    },
    Sabotage {
        name: "subscribing/always-qos-0",
        breaks: &["U-3.8.3-2"],
        title: "Whatever QoS is meant, QoS 0 is asked for.",
        breach: || {
            subscribed(|subscribe| subscribe.filters.iter_mut().for_each(|(_, qos)| *qos = 0))
        },
    },
    Sabotage {
        name: "subscribing/filter-only-ascii",
        breaks: &["MQTT-3.8.3-1"],
        title: "Characters beyond ASCII are replaced in Topic Filters.",
        breach: || {
            subscribed(|subscribe| {
                subscribe.filters.iter_mut().for_each(|(filter, _)| *filter = only_ascii(filter));
            })
        },
    },
    Sabotage {
        name: "subscribing/hash-widened",
        breaks: &["MQTT-4.7.1-2", "MQTT-4.7.1-3"],
        title: "A Topic Filter with a wildcard in it becomes #.",
        breach: || {
            subscribed(|subscribe| {
                for (filter, _) in &mut subscribe.filters {
                    if filter.contains(&b'+') || filter.contains(&b'#') {
                        *filter = b"#".to_vec();
                    }
                }
            })
        },
    },
    Sabotage {
        name: "subscribing/hash-in-the-middle",
        breaks: &["MQTT-4.7.1-2"],
        title: "The client also subscribes to a filter that goes on after #.",
        breach: || also("mqttspec/#/b"),
    },
    Sabotage {
        name: "subscribing/plus-beside-others",
        breaks: &["MQTT-4.7.1-3"],
        title: "The client also subscribes to a filter with + beside other characters.",
        breach: || also("mqttspec/a+/b"),
    },
    Sabotage {
        name: "subscribing/empty-filter",
        breaks: &["MQTT-4.7.3-1"],
        title: "The client also subscribes to an empty filter.",
        breach: || also(""),
    },
    Sabotage {
        name: "subscribing/null-in-a-filter",
        breaks: &["MQTT-1.5.3-2", "MQTT-4.7.3-2"],
        title: "The client also subscribes to a filter with U+0000 in it.",
        breach: || also("mqttspec/a\0b"),
    },
];

/// Subscribes to something else before each SUBSCRIBE.
fn also(filter: &'static str) -> Breach {
    Box::new(move |link, event| {
        if let Event::FromClient(Packet::Subscribe(_)) = event {
            link.ask(Subscribe::new(0).filter(filter, 0).into());
        }
        Fate::Pass
    })
}
