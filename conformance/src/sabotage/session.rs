//! 3.1.2.4, 4.1: what a Session keeps, and for how long.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Event, Fate, connect, instead};
use crate::wire::{Connack, Connect, Packet, Publish, Subscribe, Unsubscribe};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "session/forgotten",
        breaks: &["MQTT-3.1.2-4", "MQTT-3.1.2-5", "MQTT-4.1.0-1", "MQTT-4.4.0-1"],
        title: "Sessions are not kept, and said to be.",
        breach: || {
            let mut known = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Connect(connect)) if !connect.client_id.is_empty() => {
                    instead(with_clean_session(connect, true))
                }
                Event::FromServer(Packet::Connack(connack)) if connack.code == 0 => {
                    let clean = link.connect().is_none_or(|connect| connect.clean_session);
                    let id = link.client_id();
                    let present = !clean && known.contains(&id);
                    if clean {
                        known.remove(&id);
                    } else {
                        known.insert(id);
                    }
                    instead(Connack::accepted(present))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "session/subscriptions-end-with-a-lost-connection",
        breaks: &["MQTT-3.1.2-4"],
        title: "Subscriptions are forgotten when a connection ends without a DISCONNECT.",
        breach: || {
            let mut left = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Disconnect) => {
                    left.insert(link.number());
                    Fate::Pass
                }
                Event::ClientGone(_) if !left.contains(&link.number()) => {
                    unsubscribe_all(link);
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "session/everything-subscribed-again",
        breaks: &["MQTT-3.1.2-4", "MQTT-3.3.1-6"],
        title: "A Session that is taken up is subscribed anew to all it ever was.",
        breach: || {
            let mut ever = BTreeMap::<_, Vec<_>>::new();
            Box::new(move |link, event| {
                let id = link.client_id();
                match event {
                    Event::FromClient(Packet::Subscribe(subscribe)) => {
                        ever.entry(id).or_default().extend(subscribe.filters.clone());
                    }
                    Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                        let filters = ever.get(&id).cloned().unwrap_or_default();
                        if !filters.is_empty() {
                            link.ask(Subscribe { id: 0, filters }.into());
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "session/nothing-waits",
        breaks: &["MQTT-3.1.2-5", "MQTT-4.5.0-1"],
        title: "A message that was published while its Client was away never comes.",
        breach: || waiting(|_| true),
    },
    Sabotage {
        name: "session/nothing-of-qos-2-waits",
        breaks: &["MQTT-3.1.2-5"],
        title: "A message of QoS 2 that was published while its Client was away never comes.",
        breach: || waiting(|publish| publish.qos == 2),
    },
    Sabotage {
        name: "session/never-clean",
        breaks: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        title: "Clean Session 1 discards nothing.",
        breach: || {
            let mut kept = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Connect(connect)) if !connect.client_id.is_empty() => {
                    if !connect.clean_session {
                        kept.insert(connect.client_id.clone());
                    }
                    instead(with_clean_session(connect, false))
                }
                Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                    let clean = link.connect().is_some_and(|connect| connect.clean_session);
                    let present = !clean && kept.contains(&link.client_id());
                    instead(Connack::accepted(present))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "session/outlives-a-clean-one",
        breaks: &["MQTT-3.1.2-6", "MQTT-3.2.2-3"],
        title: "A Session of Clean Session 1 is kept after its connection.",
        breach: || {
            connect(|connect| {
                if !connect.client_id.is_empty() {
                    connect.clean_session = false;
                }
            })
        },
    },
    Sabotage {
        name: "session/retained-messages-end-with-it",
        breaks: &["MQTT-3.1.2-7", "U-4.1-1"],
        title: "Retained messages are deleted when the connection of their publisher ends.",
        breach: || {
            let mut retained = BTreeMap::<_, BTreeSet<_>>::new();
            Box::new(move |link, event| {
                let number = link.number();
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.retain => {
                        retained.entry(number).or_default().insert(publish.topic.clone());
                    }
                    Event::FromClient(Packet::Disconnect) | Event::ClientGone(_) => {
                        for topic in retained.remove(&number).unwrap_or_default() {
                            link.send_server(Publish::qos0(topic, "").retain());
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "session/retained-messages-end-with-a-clean-one",
        breaks: &["MQTT-3.1.2-7"],
        title: "A CONNECT that discards a Session deletes what its Client had retained.",
        breach: || {
            let mut retained = BTreeMap::<_, BTreeSet<_>>::new();
            Box::new(move |link, event| {
                let id = link.client_id();
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.retain => {
                        retained.entry(id).or_default().insert(publish.topic.clone());
                    }
                    Event::FromServer(Packet::Connack(_))
                        if link.connect().is_some_and(|connect| connect.clean_session) =>
                    {
                        for topic in retained.remove(&id).unwrap_or_default() {
                            link.send_server(Publish::qos0(topic, "").retain());
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "session/retained-messages-are-fetched-once",
        breaks: &["U-4.1-1"],
        title: "A retained message is deleted when a subscriber has got it.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Publish(publish)) = event
                    && publish.retain
                {
                    link.send_server(Publish::qos0(publish.topic.as_slice(), "").retain());
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "session/ends-before-its-connection",
        breaks: &["MQTT-4.1.0-2", "MQTT-4.1.0-1"],
        title: "The subscriptions of all Clients end whenever another one leaves.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromClient(Packet::Disconnect) = event {
                    for other in link.others() {
                        unsubscribe_all(&mut link.other(other));
                    }
                }
                Fate::Pass
            })
        },
    },
];

/// The same CONNECT with another Clean Session.
fn with_clean_session(connect: &Connect, clean_session: bool) -> Connect {
    let mut changed = connect.clone();
    changed.clean_session = clean_session;
    changed
}

/// Has the Server forget what the Client has subscribed to on this connection.
fn unsubscribe_all(link: &mut super::Link<'_>) {
    let filters: Vec<_> = link.filters().into_iter().map(|(filter, _)| filter).collect();
    if !filters.is_empty() {
        link.ask(Unsubscribe { id: 0, filters }.into());
    }
}

/// Withholds some of the messages that were published while their Client was away.
fn waiting(which: fn(&Publish) -> bool) -> super::Breach {
    let mut present = BTreeMap::new();
    // By payload and topic: for whom they were too early.
    let mut missed = BTreeMap::<_, BTreeSet<_>>::new();
    let mut withheld = BTreeSet::new();
    Box::new(move |link, event| {
        let (id, number) = (link.client_id(), link.number());
        match event {
            Event::FromServer(Packet::Connack(connack)) if connack.code == 0 => {
                present.insert(id, Some(number));
            }
            Event::ClientGone(_) | Event::ServerGone | Event::FromClient(Packet::Disconnect)
                if present.get(&id) == Some(&Some(number)) =>
            {
                present.insert(id, None);
            }
            Event::FromClient(Packet::Publish(publish)) => {
                let absent = present.iter().filter(|(_, at)| at.is_none());
                let absent: BTreeSet<_> = absent.map(|(id, _)| id.clone()).collect();
                missed.insert((publish.topic.clone(), publish.payload.clone()), absent);
            }
            Event::FromServer(Packet::Publish(publish)) if which(publish) && !publish.retain => {
                let message = (publish.topic.clone(), publish.payload.clone());
                if missed.get(&message).is_some_and(|absent| absent.contains(&id)) {
                    match (publish.qos, publish.id) {
                        (1, Some(packet_id)) => link.send_server(Packet::Puback(packet_id)),
                        (2, Some(packet_id)) => {
                            withheld.insert((number, packet_id));
                            link.send_server(Packet::Pubrec(packet_id));
                        }
                        _ => {}
                    }
                    return Fate::Drop;
                }
            }
            Event::FromServer(Packet::Pubrel(packet_id))
                if withheld.remove(&(number, *packet_id)) =>
            {
                link.send_server(Packet::Pubcomp(*packet_id));
                return Fate::Drop;
            }
            _ => {}
        }
        Fate::Pass
    })
}
