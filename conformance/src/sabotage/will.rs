//! 3.1.2.5 to 3.1.2.7: the Will.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Sabotage;
use super::breach::{Breach, Event, Fate, connect, instead, tolerates};
use crate::wire::{Fault, Kind, Packet, Publish, Reader, Sender, Will};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "will/never-published",
        breaks: &["MQTT-3.1.2-8"],
        title: "No Will is published.",
        breach: || connect(|connect| connect.will = None),
    },
    Sabotage {
        name: "will/not-after-a-breach",
        breaks: &["U-3.1.2.5-3", "MQTT-3.1.2-8"],
        title: "No Will is published when the Client has broken the protocol.",
        breach: || {
            let mut connected = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::Malformed(..) => instead(Packet::Disconnect),
                Event::FromClient(Packet::Connect(_)) if !connected.insert(link.number()) => {
                    instead(Packet::Disconnect)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "will/not-after-a-takeover",
        breaks: &["MQTT-3.1.2-8", "MQTT-3.1.4-2"],
        title: "No Will is published when another connection takes the Client Identifier.",
        breach: || {
            let mut discarded = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Connect(connect)) => {
                    for other in link.others() {
                        let mut other = link.other(other);
                        let older = other.connect().filter(|o| o.client_id == connect.client_id);
                        let will = older.and_then(|older| older.will.clone());
                        discarded.extend(will.map(|will| (will.topic, will.message)));
                    }
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish))
                    if discarded.contains(&(publish.topic.clone(), publish.payload.clone())) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "will/of-the-first-connect",
        breaks: &["MQTT-3.1.2-8", "MQTT-3.1.2-10", "MQTT-3.1.2-12"],
        title: "The Will of a Client's first CONNECT is that of all its later ones.",
        breach: || {
            let mut wills = BTreeMap::new();
            connect(move |connect| {
                if let Some(will) = &connect.will {
                    wills.entry(connect.client_id.clone()).or_insert_with(|| will.clone());
                }
                connect.will = wills.get(&connect.client_id).cloned();
            })
        },
    },
    Sabotage {
        name: "will/of-a-refused-connect",
        breaks: &["MQTT-3.1.2-8"],
        title: "The Will of a CONNECT that is refused is published.",
        breach: || {
            Box::new(|link, event| {
                if let Event::Malformed(octets, malformed) = event
                    && matches!(malformed.fault, Fault::ProtocolLevel(_))
                    && let Some(will) = will_behind_a_wrong_level(octets)
                {
                    link.publish_elsewhere(message(&will));
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "will/published-after-disconnect",
        breaks: &["MQTT-3.14.4-3", "MQTT-3.1.2-10", "MQTT-3.1.2-12"],
        title: "The Will is published in spite of a DISCONNECT.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Disconnect) => {
                    link.close();
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "will/published-twice",
        breaks: &["MQTT-3.1.2-10"],
        title: "The Will is published when the connection is lost, and when the Client is back.",
        breach: || {
            let mut published = BTreeMap::new();
            Box::new(move |link, event| {
                let id = link.client_id();
                match event {
                    Event::ClientGone(_) => {
                        if let Some(will) = link.connect().and_then(|c| c.will.clone()) {
                            published.insert(id, will);
                        }
                    }
                    Event::FromServer(Packet::Connack(_)) => {
                        if let Some(will) = published.remove(&id) {
                            link.publish_elsewhere(message(&will));
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "will/without-the-flag",
        breaks: &["MQTT-3.1.2-12"],
        title: "Whoever is lost without a Will has one published to all subscribers of a name.",
        breach: || {
            Box::new(|link, event| {
                let is_lost = matches!(event, Event::ClientGone(_))
                    && link.connect().is_some_and(|connect| connect.will.is_none());
                if is_lost {
                    for other in link.others() {
                        let mut other = link.other(other);
                        let filters = other.filters();
                        let name = filters.into_iter().map(|(filter, _)| filter);
                        let is_name = |f: &Vec<u8>| !f.iter().any(|octet| b"+#".contains(octet));
                        if let Some(name) = name.into_iter().find(is_name) {
                            other.deliver(Publish::qos0(name, "a will"));
                        }
                    }
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "will/late",
        breaks: &["U-3.1.2.5-1"],
        title: "A Will is published more than a second late.",
        breach: || {
            let mut wills = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Connect(connect)) => {
                    wills.extend(connect.will.clone().map(|will| (will.topic, will.message)));
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish))
                    if wills.contains(&(publish.topic.clone(), publish.payload.clone())) =>
                {
                    link.send_client_after(Duration::from_millis(1_150), publish);
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "will/qos-without-will",
        breaks: &["MQTT-3.1.2-13", "MQTT-3.1.2-11", "MQTT-3.1.4-1"],
        title: "A CONNECT with a Will QoS and no Will is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::WillQosWithoutWill),
    },
    Sabotage {
        name: "will/retain-without-will",
        breaks: &["MQTT-3.1.2-15", "MQTT-3.1.2-11", "MQTT-3.1.4-1"],
        title: "A CONNECT with Will Retain and no Will is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::WillRetainWithoutWill),
    },
    Sabotage {
        name: "will/qos-3",
        breaks: &["MQTT-3.1.2-14", "MQTT-3.1.4-1"],
        title: "A CONNECT with a Will of QoS 3 is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::WillQos3),
    },
    Sabotage {
        name: "will/always-retained",
        breaks: &["MQTT-3.1.2-16"],
        title: "Every Will is retained.",
        breach: || wills(|will| will.retain = true),
    },
    Sabotage {
        name: "will/never-retained",
        breaks: &["MQTT-3.1.2-17"],
        title: "No Will is retained.",
        breach: || wills(|will| will.retain = false),
    },
    Sabotage {
        name: "will/always-qos-0",
        breaks: &["MQTT-3.8.4-6"],
        title: "Every Will is published at QoS 0.",
        breach: || wills(|will| will.qos = 0),
    },
    Sabotage {
        name: "will/always-qos-1",
        breaks: &["MQTT-3.8.4-6"],
        title: "Every Will is published at QoS 1.",
        breach: || wills(|will| will.qos = 1),
    },
    Sabotage {
        name: "will/with-its-length",
        breaks: &["U-3.1.3.3-1"],
        title: "The payload of a Will begins with the two octets of its length.",
        breach: || {
            wills(|will| {
                let length = u16::try_from(will.message.len()).unwrap_or(u16::MAX);
                will.message.splice(0..0, length.to_be_bytes());
            })
        },
    },
    Sabotage {
        name: "will/as-text",
        breaks: &["U-3.1.3.3-1"],
        title: "What is no UTF-8 in a Will Message is replaced.",
        breach: || {
            wills(|will| will.message = String::from_utf8_lossy(&will.message).into_owned().into())
        },
    },
    Sabotage {
        name: "will/short",
        breaks: &["U-3.1.3.3-1"],
        title: "A Will Message is cut to 1,000 octets.",
        breach: || wills(|will| will.message.truncate(1_000)),
    },
    Sabotage {
        name: "will/never-empty",
        breaks: &["U-3.1.3.3-1", "MQTT-3.1.2-8"],
        title: "A Will without a message is not published.",
        breach: || {
            connect(|connect| {
                if connect.will.as_ref().is_some_and(|will| will.message.is_empty()) {
                    connect.will = None;
                }
            })
        },
    },
    Sabotage {
        name: "will/topic-with-wildcards",
        breaks: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        title: "A wildcard in a Will Topic is replaced by another character, and the Will published.",
        breach: || {
            Box::new(|_, event| match event {
                Event::Malformed(octets, malformed)
                    if malformed.fault == Fault::TopicWildcard(Kind::Connect) =>
                {
                    let mut fixed = octets.to_vec();
                    for octet in fixed.iter_mut().filter(|octet| b"+#".contains(octet)) {
                        *octet = b'x';
                    }
                    Fate::Instead(fixed)
                }
                _ => Fate::Pass,
            })
        },
    },
];

/// Changes each Will before the Server sees it.
fn wills(change: fn(&mut Will)) -> Breach {
    connect(move |connect| {
        if let Some(will) = &mut connect.will {
            change(will);
        }
    })
}

fn message(will: &Will) -> Publish {
    let publish = Publish::qos0(will.topic.as_slice(), will.message.as_slice());
    if will.retain { publish.retain() } else { publish }
}

/// The Will of a CONNECT of which nothing but the protocol level is wrong.
fn will_behind_a_wrong_level(octets: &[u8]) -> Option<Will> {
    let mut repaired = octets.to_vec();
    // Behind the fixed header of two octets and the six of the Protocol Name.
    *repaired.get_mut(8)? = 4;
    let mut reader = Reader::new(Sender::Client);
    reader.push(&repaired);
    match reader.next_read()?.packet.ok()? {
        Packet::Connect(connect) => connect.will,
        _ => None,
    }
}
