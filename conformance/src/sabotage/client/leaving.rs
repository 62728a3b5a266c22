//! 3.14: how a client leaves.

use std::collections::BTreeSet;

use super::with_a_rest;
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Event, Fate, client, instead};
use crate::wire::{Framed as _, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "leaving/disconnect-with-a-rest",
        breaks: &["U-3.14.2-1", "U-3.14.3-1"],
        title: "A DISCONNECT has an octet behind its fixed header.",
        breach: || with_a_rest(Kind::Disconnect),
    },
    Sabotage {
        name: "leaving/stays",
        breaks: &["MQTT-3.14.4-1", "U-3.14-1"],
        title: "A client that has sent DISCONNECT leaves the connection open.",
        breach: || {
            let mut gone = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Disconnect) => {
                    gone.insert(link.number());
                    Fate::Pass
                }
                Event::ClientGone(_) if gone.contains(&link.number()) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "leaving/has-something-to-add",
        breaks: &["MQTT-3.14.4-2"],
        title: "A PINGREQ follows the DISCONNECT.",
        breach: || {
            client(|packet| match packet {
                Packet::Disconnect => instead(packet.then(Packet::Pingreq)),
                _ => Fate::Pass,
            })
        },
    },
];
