//! 4.1: what a Server that was stopped and started again has lost.
//!
//! That it was away is seen by a connection that could not be passed on.

use std::collections::BTreeSet;

use super::Sabotage;
use super::breach::{Breach, Event, Fate, instead};
use super::link::Link;
use crate::wire::{Connack, Connect, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "restart/sessions-are-lost",
        breaks: &["MQTT-4.1.0-1"],
        title: "Sessions end with the Server's process.",
        breach: || loses_sessions(|_| Fate::Pass),
    },
    Sabotage {
        name: "restart/sessions-are-lost-in-silence",
        breaks: &["MQTT-3.2.2-2"],
        title: "Sessions end with the Server's process, and are said to be kept.",
        breach: || loses_sessions(|_| instead(Connack::accepted(true))),
    },
    Sabotage {
        name: "restart/sessions-are-denied",
        breaks: &["MQTT-3.2.2-3", "MQTT-4.1.0-1"],
        title: "Sessions outlive the Server's process, and are said to be new.",
        breach: || {
            afterwards(|_, event| match event {
                Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                    instead(Connack::accepted(false))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "restart/messages-are-lost",
        breaks: &["MQTT-4.1.0-1"],
        title: "Messages that wait for a Client end with the Server's process.",
        breach: || {
            let mut published = BTreeSet::new();
            let mut lost = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::Unreachable => {
                    lost.append(&mut published);
                    Fate::Pass
                }
                Event::FromClient(Packet::Publish(publish)) => {
                    published.insert((publish.topic.clone(), publish.payload.clone()));
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish))
                    if !publish.retain
                        && lost.contains(&(publish.topic.clone(), publish.payload.clone())) =>
                {
                    if let Some(id) = publish.id {
                        link.send_server(Packet::Puback(id));
                    }
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "restart/retained-are-lost",
        breaks: &["U-4.1-1"],
        title: "Retained messages end with the Server's process.",
        breach: || {
            afterwards(|_, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.retain => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
];

/// Does something once the Server has been away.
fn afterwards(mut breach: impl FnMut(&mut Link<'_>, Event<'_>) -> Fate + Send + 'static) -> Breach {
    let mut is_later = false;
    Box::new(move |link, event| {
        is_later |= matches!(event, Event::Unreachable);
        if is_later { breach(link, event) } else { Fate::Pass }
    })
}

/// Discards the Session of each Client that comes for the first time after the Server has been
/// away, and has its CONNACK say this.
fn loses_sessions(connack: fn(&Connack) -> Fate) -> Breach {
    let mut seen = BTreeSet::new();
    let mut fresh = BTreeSet::new();
    afterwards(move |link, event| match event {
        Event::FromClient(Packet::Connect(connect)) if !connect.clean_session => {
            if seen.insert(connect.client_id.clone()) {
                fresh.insert(link.number());
                link.elsewhere(Connect::clean(connect.client_id.as_slice()), None);
            }
            Fate::Pass
        }
        Event::FromServer(Packet::Connack(answer)) if fresh.contains(&link.number()) => {
            connack(answer)
        }
        _ => Fate::Pass,
    })
}
