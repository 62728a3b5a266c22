//! 3.3.2 and 4.7: the Topic Names on which a client publishes.

use super::only_ascii;
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, published};
use crate::wire::{Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "publishing/topic-only-ascii",
        breaks: &["MQTT-3.3.2-1"],
        title: "Characters beyond ASCII are replaced in the Topic Names of messages.",
        breach: || published(|publish| publish.topic = only_ascii(&publish.topic)),
    },
    Sabotage {
        name: "publishing/topic-in-latin-1",
        breaks: &["MQTT-1.5.3-1"],
        title: "Topic Names beyond ASCII are not encoded as UTF-8.",
        breach: || published(|publish| publish.topic = latin_1(&publish.topic)),
    },
    Sabotage {
        name: "publishing/plus-in-a-topic",
        breaks: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        title: "A message of QoS 0 is also published on a name with + in it.",
        breach: || also("mqttspec/+/b"),
    },
    Sabotage {
        name: "publishing/hash-in-a-topic",
        breaks: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        title: "A message of QoS 0 is also published on a name with # in it.",
        breach: || also("mqttspec/#"),
    },
    Sabotage {
        name: "publishing/empty-topic",
        breaks: &["MQTT-4.7.3-1"],
        title: "A message of QoS 0 is also published on an empty name.",
        breach: || also(""),
    },
    Sabotage {
        name: "publishing/null-in-a-topic",
        breaks: &["MQTT-1.5.3-2", "MQTT-4.7.3-2"],
        title: "A message of QoS 0 is also published on a name with U+0000 in it.",
        breach: || also("mqttspec/a\0b"),
    },
];

/// Publishes the same on another name before each message of QoS 0.
fn also(topic: &'static str) -> Breach {
    Box::new(move |link, event| {
        if let Event::FromClient(Packet::Publish(publish)) = event
            && publish.qos == 0
        {
            link.send_server(Publish { topic: topic.into(), ..publish.clone() });
        }
        Fate::Pass
    })
}

/// An octet for each character, which of all scripts knows one.
fn latin_1(text: &[u8]) -> Vec<u8> {
    let characters = String::from_utf8_lossy(text);
    characters.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0xbf)).collect()
}
