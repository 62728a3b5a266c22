//! 3.1: who may open a Session, and by which CONNECT.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Breach, Event, Fate, agree, connect, instead, server, tolerates};
use crate::wire::{Connack, Connect, Fault, Kind, Octets as _, Packet};

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
        name: "client-id/of-twenty-characters-at-most",
        breaks: &["MQTT-3.1.3-5"],
        title: "A Client Identifier of more than 20 characters is refused.",
        breach: || refuses(|connect| connect.client_id.len() > 20, 2),
    },
    Sabotage {
        name: "client-id/without-capital-z",
        breaks: &["MQTT-3.1.3-5"],
        title: "A Client Identifier with a capital Z is refused.",
        breach: || refuses(|connect| connect.client_id.contains(&b'Z'), 2),
    },
    Sabotage {
        name: "client-id/of-any-case",
        breaks: &["MQTT-3.1.3-2"],
        title: "Client Identifiers that differ in case only are one.",
        breach: || connect(|connect| connect.client_id.make_ascii_lowercase()),
    },
    Sabotage {
        name: "client-id/first-octets-count",
        breaks: &["MQTT-3.1.3-2"],
        title: "The last character of a Client Identifier does not count.",
        breach: || {
            connect(|connect| {
                let length = connect.client_id.len().saturating_sub(1);
                connect.client_id.truncate(length.max(1));
            })
        },
    },
    Sabotage {
        name: "client-id/empty-ones-are-one",
        breaks: &["MQTT-3.1.3-6"],
        title: "All Clients without an identifier get the same.",
        breach: || {
            connect(|connect| {
                if connect.client_id.is_empty() {
                    connect.client_id = b"anonymous".to_vec();
                }
            })
        },
    },
    Sabotage {
        name: "client-id/empty-refused-by-another-code",
        breaks: &["MQTT-3.1.3-9", "MQTT-3.1.3-6"],
        title: "An empty Client Identifier is refused by return code 0x05.",
        breach: || refuses(|connect| connect.client_id.is_empty(), 5),
    },
    Sabotage {
        name: "client-id/other-characters-refused-by-another-code",
        breaks: &["MQTT-3.1.3-9"],
        title: "A Client Identifier with other characters is refused by return code 0x05.",
        breach: || refuses(|connect| !connect.client_id.iter().all(u8::is_ascii_alphanumeric), 5),
    },
    Sabotage {
        name: "client-id/empty-with-a-session-to-keep",
        breaks: &["MQTT-3.1.3-8", "MQTT-3.1.3-7"],
        title: "An empty Client Identifier with Clean Session 0 is accepted.",
        breach: || tolerates(|_, fault| fault == Fault::ZeroLengthClientIdKept),
    },
    Sabotage {
        name: "takeover/both-stay",
        breaks: &["MQTT-3.1.4-2"],
        title: "A Client stays connected when another comes by its identifier.",
        breach: || {
            Box::new(|link, event| match event {
                Event::ServerGone => {
                    let id = link.client_id();
                    let others = link.others();
                    let is_taken = others.into_iter().any(|n| link.other(n).client_id() == id);
                    if is_taken { Fate::Drop } else { Fate::Pass }
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "takeover/the-older-one-stays",
        breaks: &["MQTT-3.1.4-2"],
        title: "A Client whose identifier is in use is turned away.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Connect(connect)) => {
                    let others = link.others();
                    let in_use = !connect.client_id.is_empty()
                        && others
                            .into_iter()
                            .any(|n| link.other(n).client_id() == connect.client_id);
                    if in_use {
                        link.send_client(Connack::refused(2));
                        link.close();
                        return Fate::Drop;
                    }
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connack/with-a-payload",
        breaks: &["U-3.2.1-1", "U-3.2.3-1"],
        title: "A CONNACK has a payload.",
        breach: || {
            server(|packet| match packet {
                Packet::Connack(_) => super::breach::longer(packet),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connack/reserved-flags",
        breaks: &["U-3.2.2.1-1"],
        title: "A CONNACK has a reserved flag set.",
        breach: || {
            server(|packet| match packet {
                Packet::Connack(connack) => {
                    let flags = u8::from(connack.session_present) | 2;
                    instead([0x20, 2, flags, connack.code])
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connack/undefined-code",
        breaks: &["U-3.2.2.3-2", "MQTT-3.2.2-6"],
        title: "A CONNACK that refuses has return code 0x06.",
        breach: || refuses_as(1, 6),
    },
    Sabotage {
        name: "connack/second",
        breaks: &["MQTT-3.2.0-1"],
        title: "A PINGRESP comes before the CONNACK.",
        breach: || {
            server(|packet| match packet {
                Packet::Connack(connack) => {
                    Fate::Instead([Packet::Pingresp.octets(), connack.octets()].concat())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connack/session-present-for-clean-session",
        breaks: &["MQTT-3.2.2-1"],
        title: "Session Present is 1 for Clean Session 1 too, if the identifier was seen before.",
        breach: || {
            let mut seen = BTreeSet::new();
            presents(move |connect, present| {
                !seen.insert(connect.client_id.clone()) && connect.clean_session || present
            })
        },
    },
    Sabotage {
        name: "connack/session-never-present",
        breaks: &["MQTT-3.2.2-2"],
        title: "Session Present is always 0.",
        breach: || presents(|_, _| false),
    },
    Sabotage {
        name: "connack/session-always-present",
        breaks: &["MQTT-3.2.2-3"],
        title: "Session Present is 1 whenever Clean Session is 0.",
        breach: || presents(|connect, _| !connect.clean_session),
    },
    Sabotage {
        name: "connack/session-present-without-content",
        breaks: &["U-3.1.2.4-3", "MQTT-3.2.2-2"],
        title: "Session Present is 0 for a Session in which nobody has subscribed.",
        breach: || {
            let mut with_content = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Subscribe(_)) => {
                    with_content.insert(link.client_id());
                    Fate::Pass
                }
                Event::FromServer(Packet::Connack(connack))
                    if connack.session_present && !with_content.contains(&link.client_id()) =>
                {
                    instead(Connack::accepted(false))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connack/refused-with-session-present",
        breaks: &["MQTT-3.2.2-4"],
        title: "Session Present is 1 in a CONNACK that refuses.",
        breach: || {
            server(|packet| match packet {
                Packet::Connack(connack) if connack.code != 0 => {
                    instead(Connack { session_present: true, ..*connack })
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "connack/refused-and-session-discarded",
        breaks: &["MQTT-3.1.2-4", "MQTT-3.1.4-3"],
        title: "A CONNECT that is refused discards the Session of its Client Identifier.",
        breach: || {
            Box::new(|link, event| match event {
                // Its Client Identifier stands behind ten octets of the variable header.
                Event::Malformed(octets, malformed)
                    if matches!(malformed.fault, Fault::ProtocolLevel(_)) =>
                {
                    if let Some([high, low, rest @ ..]) = octets.get(12..) {
                        let length = usize::from(u16::from_be_bytes([*high, *low]));
                        let id = rest.get(..length).unwrap_or_default();
                        link.elsewhere(Connect::clean(id), None);
                    }
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
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

/// Has CONNACKs with one return code come with another; then the connection is closed.
fn refuses_as(code: u8, other: u8) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromServer(Packet::Connack(connack)) if connack.code == code => {
            link.send_client(Connack::refused(other));
            link.close();
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Refuses some CONNECTs by this return code.
fn refuses(which: fn(&Connect) -> bool, code: u8) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Connect(connect)) if which(connect) => {
            link.send_client(Connack::refused(code));
            link.close();
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Sets Session Present in what accepts, by the CONNECT and what the Server says.
fn presents(mut present: impl FnMut(&Connect, bool) -> bool + Send + 'static) -> Breach {
    let mut connects = BTreeMap::new();
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Connect(connect)) => {
            connects.entry(link.number()).or_insert_with(|| connect.clone());
            Fate::Pass
        }
        Event::FromServer(Packet::Connack(connack)) if connack.code == 0 => {
            let Some(connect) = connects.get(&link.number()) else { return Fate::Pass };
            instead(Connack::accepted(present(connect, connack.session_present)))
        }
        _ => Fate::Pass,
    })
}
