//! 4.1 and 4.3: what a client makes of messages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{overhears, swallows};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, delivery};
use crate::wire::{Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "receiving/qos-0-lost",
        breaks: &["U-4.3.1-1"],
        title: "A message of QoS 0 is not passed on.",
        breach: || swallows(|_, publish| publish.qos == 0),
    },
    Sabotage {
        name: "receiving/qos-1-lost",
        breaks: &["MQTT-4.3.2-2"],
        title: "A message of QoS 1 is acknowledged, and not passed on.",
        breach: || swallows(|_, publish| publish.qos == 1),
    },
    Sabotage {
        name: "receiving/qos-2-lost",
        breaks: &["MQTT-4.3.3-2"],
        title: "A message of QoS 2 is acknowledged, and not passed on.",
        breach: || swallows(|_, publish| publish.qos == 2),
    },
    Sabotage {
        name: "receiving/empty-ones-lost",
        breaks: &["U-3.3.3-1"],
        title: "A message without a payload is acknowledged, and not passed on.",
        breach: || swallows(|_, publish| publish.payload.is_empty()),
    },
    Sabotage {
        name: "receiving/ten-at-once",
        breaks: &["U-4.3.2-1", "MQTT-4.3.2-2"],
        title: "Of messages that come together ten are acknowledged.",
        breach: || overhears(|link, _| link.position >= 10),
    },
    Sabotage {
        name: "receiving/identifier-used-up-at-qos-1",
        breaks: &["MQTT-4.3.2-2"],
        title: "A second message of QoS 1 under one Packet Identifier is taken for the first.",
        breach: || used_up(1),
    },
    Sabotage {
        name: "receiving/identifier-used-up-at-qos-2",
        breaks: &["MQTT-4.3.3-2"],
        title: "A second message of QoS 2 under one Packet Identifier is taken for the first.",
        breach: || used_up(2),
    },
    Sabotage {
        name: "receiving/qos-2-again-is-passed-on-again",
        breaks: &["MQTT-4.3.3-2"],
        title: "A message of QoS 2 that comes again is passed on again.",
        breach: || passes_on_again(|_, _| true),
    },
    Sabotage {
        name: "receiving/qos-2-passed-on-twice-when-it-comes-often",
        breaks: &["MQTT-4.3.3-2"],
        title: "A message of QoS 2 that comes for the fifth time is passed on again.",
        breach: || {
            let mut times = BTreeMap::<_, u32>::new();
            passes_on_again(move |_, publish| {
                let times = times.entry(publish.topic.clone()).or_default();
                *times += 1;
                *times == 4
            })
        },
    },
    Sabotage {
        name: "receiving/forgets-while-idle",
        breaks: &["MQTT-4.1.0-2", "MQTT-4.1.0-1"],
        title: "After a second without packets it is forgotten which messages came.",
        breach: forgets_while_idle,
    },
    Sabotage {
        name: "receiving/second-pubrel-unanswered",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBREL that comes again gets no answer.",
        breach: || {
            let mut released = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(Publish { id: Some(id), .. })) => {
                    released.remove(&(link.client_id(), *id));
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
        name: "receiving/long-topics-are-cut",
        breaks: &["U-1.5.3-3"],
        title: "Of a Topic Name of more than 1,000 octets only the beginning is passed on.",
        breach: || {
            delivery(|publish| {
                if !publish.topic.contains(&b'/') {
                    publish.topic.truncate(1_000);
                }
            })
        },
    },
    Sabotage {
        name: "receiving/deep-topics-unread",
        breaks: &["U-4.7.3-7"],
        title: "A message on a Topic Name of more than 200 levels is not acknowledged.",
        breach: || {
            overhears(|_, publish| {
                publish.topic.iter().filter(|octet| **octet == b'/').count() > 200
            })
        },
    },
    Sabotage {
        name: "receiving/control-characters-unread",
        breaks: &["U-1.5.3-2"],
        title: "A message on a Topic Name with control characters is passed over in silence.",
        breach: || overhears(|_, publish| publish.topic.iter().any(u8::is_ascii_control)),
    },
];

/// Acknowledges a message of this QoS under an identifier that was used before, and loses it.
fn used_up(qos: u8) -> Breach {
    let mut used = BTreeSet::new();
    swallows(move |link, publish| {
        publish.qos == qos && !used.insert((link.client_id(), publish.id)) && !publish.dup
    })
}

/// Passes a message of QoS 2 that comes again on once more, where `which` says so.
pub(super) fn passes_on_again(
    mut which: impl FnMut(&mut crate::sabotage::Link<'_>, &Publish) -> bool + Send + 'static,
) -> Breach {
    Box::new(move |link, event| {
        if let Event::FromServer(Packet::Publish(publish)) = event
            && publish.qos == 2
            && publish.dup
            && which(link, publish)
        {
            link.deliver(Publish { qos: 0, id: None, dup: false, ..publish.clone() });
        }
        Fate::Pass
    })
}

fn forgets_while_idle() -> Breach {
    let mut came = BTreeMap::new();
    Box::new(move |link, event| {
        if let Event::FromServer(Packet::Publish(publish)) = event
            && publish.qos == 2
        {
            let last = came.insert(publish.topic.clone(), Instant::now());
            if publish.dup && last.is_some_and(|last| last.elapsed() > Duration::from_secs(1)) {
                link.deliver(Publish { qos: 0, id: None, dup: false, ..publish.clone() });
            }
        }
        Fate::Pass
    })
}
