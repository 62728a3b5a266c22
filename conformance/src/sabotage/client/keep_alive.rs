//! 3.1.2.10 and 3.12: how a client shows that it is there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::with_a_rest;
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Event, Fate};
use crate::wire::{Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "keeping-alive/never-pings",
        breaks: &["MQTT-3.1.2-23"],
        title: "An idle client sends no PINGREQ.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pingreq) => {
                    link.send_client(Packet::Pingresp);
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "keeping-alive/what-it-receives-counts",
        breaks: &["MQTT-3.1.2-23"],
        title: "A client sends no PINGREQ while messages come.",
        breach: || {
            let mut is_busy = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Publish(_)) => {
                    is_busy.insert(link.number(), true);
                    Fate::Pass
                }
                Event::FromClient(Packet::Pingreq)
                    if is_busy.insert(link.number(), false) == Some(true) =>
                {
                    link.send_client(Packet::Pingresp);
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "keeping-alive/waits-for-its-pingresp-for-ever",
        breaks: &["U-3.1.2.10-1"],
        title: "A client that gets no PINGRESP leaves the connection open.",
        breach: || {
            let mut asked = BTreeMap::new();
            Box::new(move |link, event| {
                match event {
                    Event::FromClient(Packet::Pingreq) => {
                        asked.insert(link.number(), true);
                    }
                    Event::FromServer(Packet::Pingresp) => {
                        asked.insert(link.number(), false);
                    }
                    Event::ClientGone(_) if asked.get(&link.number()) == Some(&true) => {
                        return Fate::Drop;
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "keeping-alive/pings-though-it-is-off",
        breaks: &["U-3.1.2.10-4"],
        title: "A client whose Keep Alive is off sends PINGREQ, and leaves after a second without answer.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Connack(_)) = event
                    && link.connect().is_some_and(|connect| connect.keep_alive == 0)
                {
                    link.send_server(Packet::Pingreq);
                    link.close_when(Duration::from_secs(1), || true);
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "keeping-alive/pingreq-with-a-rest",
        breaks: &["U-3.12.2-1", "U-3.12.3-1"],
        title: "A PINGREQ has an octet behind its fixed header.",
        breach: || with_a_rest(Kind::Pingreq),
    },
];
