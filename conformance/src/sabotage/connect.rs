//! 3.1: who may open a Session, and by which CONNECT.

use std::collections::BTreeSet;

use super::Sabotage;
use super::breach::{Event, Fate, agree, connect, tolerates};
use super::connack::{refuses, refuses_as};
use crate::wire::{Fault, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "connect/another-packet-first",
        breaks: &["MQTT-3.1.0-1", "MQTT-4.8.0-1"],
        title: "Packets before the CONNECT are passed over.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(_) | Event::Malformed(..) if link.connect().is_none() => {
                    let is_connect = matches!(event, Event::Malformed(octets, _)
                        if super::breach::kind(octets) == Some(Kind::Connect));
                    if is_connect { Fate::Pass } else { Fate::Drop }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connect/second-one",
        breaks: &["MQTT-3.1.0-2", "U-3.1-1"],
        title: "A second CONNECT on a connection is passed over.",
        breach: || {
            let mut connected = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Connect(_)) if !connected.insert(link.number()) => {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connect/any-protocol-name",
        breaks: &["MQTT-3.1.2-1"],
        title: "A CONNECT for another protocol is taken for one of MQTT.",
        breach: || tolerates(|_, fault| fault == Fault::ProtocolName),
    },
    Sabotage {
        name: "connect/any-level",
        breaks: &["MQTT-3.1.2-2"],
        title: "A CONNECT of a protocol level that there is not is accepted.",
        breach: || tolerates(|_, fault| matches!(fault, Fault::ProtocolLevel(_))),
    },
    Sabotage {
        name: "connect/refused-and-left-open",
        breaks: &["MQTT-3.2.2-5", "MQTT-3.1.2-2"],
        title: "The connection stays open after a CONNACK that refuses.",
        breach: || {
            let mut refused = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Connack(connack)) if connack.code != 0 => {
                    refused.insert(link.number());
                    Fate::Pass
                }
                Event::ServerGone if refused.contains(&link.number()) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connect/level-refused-by-another-code",
        breaks: &["MQTT-3.1.2-2"],
        title: "An unknown protocol level is refused by return code 0x05.",
        breach: || refuses_as(1, 5),
    },
    Sabotage {
        name: "connect/reserved-flag",
        breaks: &["MQTT-3.1.2-3", "MQTT-3.1.4-1"],
        title: "A CONNECT with the reserved connect flag set is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::ConnectFlagReserved),
    },
    Sabotage {
        name: "connect/without-client-id",
        breaks: &["MQTT-3.1.3-3", "MQTT-3.1.4-1"],
        title: "A CONNECT without the field of a Client Identifier is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::ClientIdMissing),
    },
    Sabotage {
        name: "connect/cut-short",
        breaks: &["MQTT-3.1.4-1", "MQTT-3.1.2-9", "MQTT-3.1.2-19", "MQTT-3.1.2-21", "MQTT-3.1.3-3"],
        title: "A CONNECT that ends too early is accepted.",
        breach: || {
            tolerates(|kind, fault| {
                kind == Some(Kind::Connect) && matches!(fault, Fault::Truncated(_))
            })
        },
    },
    Sabotage {
        name: "connect/with-a-rest",
        breaks: &["MQTT-3.1.4-1", "MQTT-3.1.2-11", "MQTT-3.1.2-18", "MQTT-3.1.2-20"],
        title: "A CONNECT with octets behind its last field is accepted.",
        breach: || {
            tolerates(|kind, fault| {
                kind == Some(Kind::Connect) && matches!(fault, Fault::Surplus(_))
            })
        },
    },
    Sabotage {
        name: "connect/password-alone",
        breaks: &["MQTT-3.1.2-22", "MQTT-3.1.4-1"],
        title: "A CONNECT with a Password and no User Name is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::PasswordWithoutUserName),
    },
    Sabotage {
        name: "connect/fields-in-another-order",
        breaks: &["MQTT-3.1.3-1", "MQTT-3.1.2-9", "MQTT-3.1.2-19", "MQTT-3.1.2-21"],
        title: "The User Name is read before the Will Message.",
        breach: || {
            connect(|connect| {
                if let (Some(will), Some(username)) = (&mut connect.will, &mut connect.username) {
                    std::mem::swap(&mut will.message, username);
                }
            })
        },
    },
    Sabotage {
        name: "connect/none-accepted",
        breaks: &["MQTT-3.1.4-4"],
        title: "A CONNECT in good order is refused by return code 0x03.",
        breach: || refuses_as(0, 3),
    },
    Sabotage {
        name: "connect/keep-alive-at-its-ends",
        breaks: &["MQTT-3.1.4-4", "U-3.1.2.10-4"],
        title: "A Keep Alive of 0 or 65,535 is refused.",
        breach: || refuses(|connect| matches!(connect.keep_alive, 0 | u16::MAX), 3),
    },
    Sabotage {
        name: "connect/refused-and-acted-on",
        breaks: &["MQTT-3.1.4-5"],
        title: "A PUBLISH behind a CONNECT that is refused is passed on.",
        breach: || {
            let mut refused = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::Malformed(_, malformed)
                    if matches!(malformed.fault, Fault::ProtocolLevel(_)) =>
                {
                    refused.insert(link.number());
                    Fate::Pass
                }
                Event::FromClient(Packet::Publish(publish)) if refused.contains(&link.number()) => {
                    link.publish_elsewhere(publish.clone());
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connect/deaf-until-connack",
        breaks: &["U-3.1.4-5"],
        title: "What comes before the CONNACK has gone out is lost.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(packet)
                    if packet.kind() != Kind::Connect && !link.is_accepted() =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "credentials/password-must-be-text",
        breaks: &["U-3.1.3.5-1"],
        title: "A Password that is not UTF-8 is refused.",
        breach: || {
            refuses(
                |connect| {
                    let password = connect.password.as_deref().unwrap_or_default();
                    std::str::from_utf8(password).is_err()
                },
                1,
            )
        },
    },
    Sabotage {
        name: "credentials/empty-ones",
        breaks: &["MQTT-3.1.2-19", "MQTT-3.1.2-21", "U-3.1.3.5-1", "U-1.5.3-3"],
        title: "An empty User Name or Password is refused.",
        breach: || {
            refuses(
                |connect| {
                    let fields = [&connect.username, &connect.password];
                    fields.into_iter().flatten().any(Vec::is_empty)
                },
                1,
            )
        },
    },
    Sabotage {
        name: "credentials/long-password",
        breaks: &["U-3.1.3.5-1"],
        title: "A Password of more than 1,000 octets is refused.",
        breach: || refuses(|connect| connect.password.as_ref().is_some_and(|p| p.len() > 1_000), 1),
    },
    Sabotage {
        name: "credentials/user-name-needs-a-password",
        breaks: &["MQTT-3.1.2-20"],
        title: "A User Name without a Password is refused.",
        breach: || refuses(|connect| connect.username.is_some() && connect.password.is_none(), 1),
    },
    Sabotage {
        name: "connect/every-breach-is-agreed-to",
        breaks: &["MQTT-3.1.4-1"],
        title: "Every CONNECT is accepted, whatever is wrong with it.",
        breach: || {
            Box::new(|link, event| match event {
                Event::Malformed(octets, _)
                    if super::breach::kind(octets) == Some(Kind::Connect) =>
                {
                    agree(link, octets);
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
];
