//! 4.3: the exchanges that carry messages, by QoS.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Breach, Event, Fate, client, instead, server};
use crate::wire::{Kind, Octets as _, Packet, Publish};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "puback/never",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.2-2", "U-4.3.2-1"],
        title: "No PUBACK is sent.",
        breach: || without(Kind::Puback),
    },
    Sabotage {
        name: "puback/pubrec-instead",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.2-2"],
        title: "A PUBLISH of QoS 1 gets a PUBREC.",
        breach: || {
            server(|packet| match packet {
                Packet::Puback(id) => instead(Packet::Pubrec(*id)),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "pubrec/never",
        breaks: &["MQTT-3.3.4-1", "MQTT-4.3.3-2"],
        title: "No PUBREC is sent.",
        breach: || without(Kind::Pubrec),
    },
    Sabotage {
        name: "pubrel/never",
        breaks: &["MQTT-4.3.3-1"],
        title: "No PUBREL is sent.",
        breach: || without(Kind::Pubrel),
    },
    Sabotage {
        name: "pubrel/too-early",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBREL comes right behind its PUBLISH.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.qos == 2 => {
                    let release = Packet::Pubrel(publish.id.unwrap_or(1));
                    Fate::Instead([publish.octets(), release.octets()].concat())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "pubcomp/never",
        breaks: &["MQTT-4.3.3-2", "MQTT-3.3.4-1"],
        title: "No PUBCOMP is sent.",
        breach: || without(Kind::Pubcomp),
    },
    Sabotage {
        name: "pubcomp/once",
        breaks: &["MQTT-4.3.3-2"],
        title: "A second PUBREL of an exchange is ignored.",
        breach: || {
            let mut released = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Publish(publish)) => {
                    released.remove(&(link.client_id(), publish.id.unwrap_or(0)));
                    Fate::Pass
                }
                Event::FromClient(Packet::Pubrel(id))
                    if !released.insert((link.client_id(), *id)) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos0/twice",
        breaks: &["U-4.3.1-1"],
        title: "Every message of QoS 0 is delivered twice.",
        breach: || {
            server(|packet| match packet {
                Packet::Publish(publish) if publish.qos == 0 => {
                    Fate::Instead([publish.octets(), publish.octets()].concat())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos0/again-on-reconnect",
        breaks: &["U-4.3.1-1"],
        title: "The last message of QoS 0 comes again to a Session that is taken up.",
        breach: || {
            let mut last = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.qos == 0 => {
                    last.insert(link.client_id(), publish.clone());
                    Fate::Pass
                }
                Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                    match last.get(&link.client_id()) {
                        Some(publish) => {
                            Fate::Instead([connack.octets(), publish.octets()].concat())
                        }
                        None => Fate::Pass,
                    }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos1/dup-is-a-repeat",
        breaks: &["MQTT-4.3.2-2"],
        title: "A PUBLISH of QoS 1 with DUP is acknowledged and thrown away.",
        breach: || throws_dups_away(1),
    },
    Sabotage {
        name: "qos2/dup-is-a-repeat",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBLISH of QoS 2 with DUP is acknowledged and thrown away.",
        breach: || throws_dups_away(2),
    },
    Sabotage {
        name: "qos2/every-publish-counts",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBLISH of QoS 2 that is sent again is delivered again.",
        breach: || {
            let mut open = BTreeSet::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.qos == 2 => {
                        let id = publish.id.unwrap_or(0);
                        if !open.insert((link.client_id(), id)) {
                            link.publish_elsewhere(publish.clone());
                        }
                    }
                    Event::FromClient(Packet::Pubrel(id)) => {
                        open.remove(&(link.client_id(), *id));
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "qos2/every-pubrel-counts",
        breaks: &["MQTT-4.3.3-2"],
        title: "A PUBREL that is sent again delivers the message again.",
        breach: || {
            let mut messages = BTreeMap::<_, (Publish, bool)>::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Publish(publish)) if publish.qos == 2 => {
                        let key = (link.client_id(), publish.id);
                        messages.insert(key, (publish.clone(), false));
                    }
                    Event::FromClient(Packet::Pubrel(id)) => {
                        let message = messages.get_mut(&(link.client_id(), Some(*id)));
                        if let Some((publish, released)) = message {
                            if *released {
                                link.publish_elsewhere(publish.clone());
                            }
                            *released = true;
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "qos2/publish-again-after-pubrel",
        breaks: &["MQTT-4.3.3-1"],
        title: "A PUBLISH of QoS 2 comes again, with DUP, in place of its PUBREL.",
        breach: || {
            let mut sent = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.qos == 2 => {
                    sent.insert((link.client_id(), publish.id), publish.clone());
                    Fate::Pass
                }
                Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                    let id = link.client_id();
                    let again = sent.iter().filter(|((client, _), _)| *client == id);
                    let again = again.flat_map(|(_, publish)| publish.clone().dup().octets());
                    Fate::Instead(connack.octets().into_iter().chain(again).collect())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos1/puback-unheard",
        breaks: &["MQTT-4.3.2-1"],
        title: "No PUBACK of a Client is heard.",
        breach: || unheard(Kind::Puback),
    },
    Sabotage {
        name: "qos2/pubcomp-unheard",
        breaks: &["MQTT-4.3.3-1"],
        title: "A message whose PUBCOMP came is sent again from the start.",
        breach: || {
            let mut over = BTreeMap::<_, Vec<Publish>>::new();
            let mut sent = BTreeMap::new();
            Box::new(move |link, event| {
                let client = link.client_id();
                match event {
                    Event::FromServer(Packet::Publish(publish)) => {
                        sent.insert((client, publish.id), publish.clone());
                    }
                    Event::FromClient(Packet::Pubcomp(id)) => {
                        if let Some(publish) = sent.remove(&(client.clone(), Some(*id))) {
                            over.entry(client).or_default().push(publish);
                        }
                    }
                    Event::FromServer(Packet::Connack(connack)) if connack.session_present => {
                        link.send_client(*connack);
                        for publish in over.remove(&client).unwrap_or_default() {
                            link.deliver(publish.dup());
                        }
                        return Fate::Drop;
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
];

/// Keeps all packets of one type from the Client.
fn without(kind: Kind) -> Breach {
    server(move |packet| if packet.kind() == kind { Fate::Drop } else { Fate::Pass })
}

/// Keeps all packets of one type from the Server.
fn unheard(kind: Kind) -> Breach {
    client(move |packet| if packet.kind() == kind { Fate::Drop } else { Fate::Pass })
}

/// Answers a PUBLISH of this QoS with DUP, and does nothing else about it.
fn throws_dups_away(qos: u8) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Publish(publish)) if publish.dup && publish.qos == qos => {
            let id = publish.id.unwrap_or(1);
            link.send_client(if qos == 1 { Packet::Puback(id) } else { Packet::Pubrec(id) });
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}
