//! 3.1.3.1 and 3.1.4: Client Identifiers, and who takes over by one.

use super::Sabotage;
use super::breach::{Event, Fate, connect, tolerates};
use super::connack::refuses;
use crate::wire::{Connack, Fault, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
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
];
