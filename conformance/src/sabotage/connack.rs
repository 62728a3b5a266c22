//! 3.2: what a CONNACK says, and what of it is true.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Breach, Event, Fate, instead, server};
use crate::wire::{Connack, Connect, Fault, Octets as _, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
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
];

/// Has CONNACKs with one return code come with another; then the connection is closed.
pub(super) fn refuses_as(code: u8, other: u8) -> Breach {
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
pub(super) fn refuses(which: fn(&Connect) -> bool, code: u8) -> Breach {
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
