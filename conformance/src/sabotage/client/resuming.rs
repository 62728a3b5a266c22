//! 4.1, 4.3 and 4.4: what a client still knows on its next connection.

use std::collections::{BTreeMap, BTreeSet};

use super::receiving::passes_on_again;
use super::swallows;
use crate::sabotage::breach::{Breach, Event, Fate, another, published};
use crate::sabotage::{Link, Sabotage};
use crate::wire::{Framed as _, Octets as _, Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "resuming/nothing-again",
        breaks: &["MQTT-4.4.0-1", "MQTT-3.1.2-4"],
        title: "No message is sent again.",
        breach: || {
            Box::new(|_, event| match event {
                Event::FromClient(Packet::Publish(publish)) if publish.dup => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "resuming/again-once",
        breaks: &["MQTT-4.4.0-1"],
        title: "A message is sent again once, and never after that.",
        breach: || {
            let mut again = BTreeSet::new();
            Box::new(move |_, event| match event {
                Event::FromClient(Packet::Publish(publish))
                    if publish.dup && !again.insert(publish.payload.clone()) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "resuming/no-pubrel-again",
        breaks: &["MQTT-4.4.0-1", "MQTT-4.3.3-1"],
        title: "No PUBREL is sent again.",
        breach: || pubrel_again(|_, _, _| Fate::Drop),
    },
    Sabotage {
        name: "resuming/publish-before-its-pubrel",
        breaks: &["MQTT-4.3.3-1"],
        title: "A message whose PUBREC has come is sent again all the same, before its PUBREL.",
        breach: || {
            pubrel_again(|_, id, publish| match publish {
                Some(publish) => {
                    Fate::Instead(publish.clone().dup().then(Packet::Pubrel(id)).octets())
                }
                None => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "resuming/without-dup",
        breaks: &["MQTT-3.3.1-1"],
        title: "A message that is sent again has DUP 0.",
        breach: || published(|publish| publish.dup = false),
    },
    Sabotage {
        name: "resuming/another-identifier",
        breaks: &["MQTT-2.3.1-3", "MQTT-4.4.0-1"],
        title: "A message that is sent again has another Packet Identifier.",
        breach: || {
            published(|publish| {
                if publish.dup {
                    publish.id = publish.id.map(another);
                }
            })
        },
    },
    Sabotage {
        name: "resuming/never-done",
        breaks: &["MQTT-4.1.0-1", "MQTT-4.4.0-1"],
        title: "A message that was sent again never counts as delivered.",
        breach: || {
            let mut again = BTreeSet::new();
            Box::new(move |_, event| match event {
                Event::FromClient(Packet::Publish(publish)) if publish.dup => {
                    again.extend(publish.id);
                    Fate::Pass
                }
                Event::FromServer(Packet::Puback(id) | Packet::Pubcomp(id))
                    if again.contains(id) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "resuming/acknowledged-and-sent-again",
        breaks: &["MQTT-4.3.2-1", "MQTT-4.3.3-1"],
        title: "The last message that was acknowledged is sent again.",
        breach: acknowledged_again,
    },
    Sabotage {
        name: "resuming/clean-session-goes-on",
        breaks: &["MQTT-3.1.2-6"],
        title: "A client with a clean Session sends a PUBREL of the Session before.",
        breach: clean_goes_on,
    },
    Sabotage {
        name: "resuming/received-and-forgotten",
        breaks: &["MQTT-4.1.0-1", "MQTT-3.1.2-4", "MQTT-4.3.3-2"],
        title: "On the next connection it is forgotten which messages of QoS 2 came.",
        breach: || {
            let mut begun = BTreeMap::new();
            passes_on_again(move |link, publish| {
                let first = *begun.entry(publish.topic.clone()).or_insert(link.number());
                first == link.number()
            })
        },
    },
    Sabotage {
        name: "resuming/pubrel-of-before-unanswered",
        breaks: &["MQTT-4.3.3-2", "MQTT-4.1.0-1", "MQTT-3.1.2-4"],
        title: "A PUBREL for a message of the connection before gets no answer.",
        breach: || {
            let mut came = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) => {
                    came.insert((link.number(), publish.id));
                    Fate::Pass
                }
                Event::FromServer(Packet::Pubrel(id))
                    if !came.contains(&(link.number(), Some(*id))) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "resuming/dup-is-an-old-one",
        breaks: &["MQTT-4.3.3-2", "MQTT-4.3.2-2"],
        title: "A message with DUP is taken for one that came before, and is not passed on.",
        breach: || swallows(|_, publish| publish.dup),
    },
];

/// Decides over a PUBREL that is sent on another connection than the first of its kind; `fate` gets
/// its message, as that was sent first.
fn pubrel_again(
    mut fate: impl FnMut(&mut Link<'_>, u16, Option<&Publish>) -> Fate + Send + 'static,
) -> Breach {
    let (mut sent, mut received) = (BTreeMap::new(), BTreeSet::new());
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Publish(publish)) => {
            sent.insert((link.client_id(), publish.id), publish.clone());
            Fate::Pass
        }
        Event::FromServer(Packet::Pubrec(id)) => {
            received.insert((link.number(), *id));
            Fate::Pass
        }
        Event::FromClient(Packet::Pubrel(id)) if !received.contains(&(link.number(), *id)) => {
            let publish = sent.get(&(link.client_id(), Some(*id)));
            fate(link, *id, publish)
        }
        _ => Fate::Pass,
    })
}

fn acknowledged_again() -> Breach {
    let (mut sent, mut done) = (BTreeMap::new(), BTreeMap::new());
    Box::new(move |link, event| {
        match event {
            Event::FromClient(Packet::Publish(publish)) => {
                sent.insert((link.client_id(), publish.id), publish.clone());
            }
            Event::FromServer(Packet::Puback(id) | Packet::Pubcomp(id)) => {
                let client = link.client_id();
                if let Some(publish) = sent.remove(&(client.clone(), Some(*id))) {
                    done.insert(client, publish);
                }
            }
            Event::FromServer(Packet::Connack(_)) => {
                if let Some(publish) = done.remove(&link.client_id()) {
                    link.send_server(publish.dup());
                }
            }
            _ => {}
        }
        Fate::Pass
    })
}

fn clean_goes_on() -> Breach {
    let mut released = BTreeMap::new();
    Box::new(move |link, event| {
        match event {
            Event::FromClient(Packet::Pubrel(id)) => {
                released.insert(link.client_id(), *id);
            }
            Event::FromServer(Packet::Pubcomp(_)) => drop(released.remove(&link.client_id())),
            Event::FromServer(Packet::Connack(connack)) if !connack.session_present => {
                if let Some(id) = released.remove(&link.client_id()) {
                    link.send_server(Packet::Pubrel(id));
                }
            }
            _ => {}
        }
        Fate::Pass
    })
}
