//! 3.1 and 3.2: how a client begins a connection, and what it makes of the answer.

use std::collections::BTreeSet;

use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, client, connect, instead};
use crate::wire::{Connack, Connect, Frame, Framed as _, Octets as _, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "introduction/another-packet-first",
        breaks: &["MQTT-3.1.0-1"],
        title: "A PINGREQ goes before the CONNECT.",
        breach: || {
            client(|packet| match packet {
                Packet::Connect(_) => instead(Packet::Pingreq.then(packet)),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "introduction/connect-twice",
        breaks: &["U-3.1-1"],
        title: "The CONNECT is sent once more when it was accepted.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Connack(Connack { code: 0, .. })) = event
                    && let Some(connect) = link.connect().cloned()
                {
                    link.send_server(connect);
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "introduction/another-protocol-name",
        breaks: &["U-3.1.2.1-1"],
        title: "The CONNECT names the protocol as version 3.1 did.",
        breach: || connect(|connect| connect.protocol_name = b"MQIsdp".to_vec()),
    },
    Sabotage {
        name: "introduction/another-level",
        breaks: &["U-3.1.2.2-1"],
        title: "The CONNECT has the protocol level 5.",
        breach: || connect(|connect| connect.level = 5),
    },
    Sabotage {
        name: "introduction/without-an-id",
        breaks: &["MQTT-3.1.3-3"],
        title: "The CONNECT ends before the field of the Client Identifier.",
        breach: || {
            client(|packet| match packet {
                Packet::Connect(connect) => instead(header_of(connect)),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "introduction/another-id-each-time",
        breaks: &["MQTT-3.1.3-2", "MQTT-3.1.2-4"],
        title: "The client comes back for its Session under another Client Identifier.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Connect(connect)) if link.number() > 1 => {
                    let mut changed = connect.clone();
                    changed.client_id.push(b'x');
                    instead(changed)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "introduction/nameless-with-a-session-to-keep",
        breaks: &["MQTT-3.1.3-7"],
        title: "A client without a Client Identifier asks for a Session to be kept.",
        breach: nameless_and_kept,
    },
    Sabotage {
        name: "introduction/needs-an-extension",
        breaks: &["MQTT-7.0.0-2", "MQTT-7.1.2-1", "U-7.1.2-1"],
        title: "A client leaves at the first message, since that has no more than the standard offers.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromServer(Packet::Publish(_)) => {
                    link.close();
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "introduction/unexpected-session-silences-it",
        breaks: &["U-3.2.2.2-1"],
        title: "A client that is told of a Session which it did not expect says nothing any more.",
        breach: || {
            let (mut known, mut silent) = (BTreeSet::new(), BTreeSet::new());
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Connack(connack)) => {
                    let is_new = known.insert(link.client_id());
                    if is_new && connack.session_present {
                        silent.insert(link.number());
                    }
                    Fate::Pass
                }
                Event::FromClient(_) | Event::ClientGone(_) if silent.contains(&link.number()) => {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "introduction/waits-for-its-connack-for-ever",
        breaks: &["U-3.2-1"],
        title: "A client that gets no CONNACK leaves the connection open.",
        breach: || {
            Box::new(|link, event| match event {
                Event::ClientGone(_) if !link.is_accepted() => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
];

/// A CONNECT that has its variable header and no payload.
fn header_of(connect: &Connect) -> Frame {
    let octets = connect.octets();
    // A length below 128 is one octet, one below 16,384 two.
    let begin = if octets[1] & 0x80 == 0 { 2 } else { 3 };
    let header = 2 + connect.protocol_name.len() + 4;
    Frame::new(octets[0], octets[begin..begin + header].to_vec())
}

/// One that leaves without a CONNECT, since it has thought better of it, says one all the same.
fn nameless_and_kept() -> Breach {
    Box::new(|link, event| match event {
        Event::FromClient(Packet::Connect(connect)) if connect.client_id.is_empty() => {
            let mut kept = connect.clone();
            kept.clean_session = false;
            instead(kept)
        }
        Event::ClientGone([]) if link.connect().is_none() => instead(Connect::persistent("")),
        _ => Fate::Pass,
    })
}
