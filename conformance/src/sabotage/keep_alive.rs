//! 3.1.2.10, 3.12, 3.14: Keep Alive, PINGREQ and DISCONNECT.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Sabotage;
use super::breach::{Event, Fate, connect, instead, longer, server, tolerates};
use crate::wire::{Fault, Kind, Packet};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "keep-alive/never-watched",
        breaks: &["MQTT-3.1.2-24", "U-3.1.4-6"],
        title: "No silence is too long.",
        breach: || connect(|connect| connect.keep_alive = 0),
    },
    Sabotage {
        name: "keep-alive/what-the-server-sends-counts",
        breaks: &["MQTT-3.1.2-24"],
        title: "A message to the Client puts off the end of its Keep Alive.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Publish(_)) = event {
                    link.ask(Packet::Pingreq);
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "keep-alive/any-octet-counts",
        breaks: &["MQTT-3.1.2-24"],
        title: "Part of a packet puts off the end of the Keep Alive.",
        breach: || {
            Box::new(|link, event| {
                if let Event::PartFromClient = event
                    && link.is_accepted()
                {
                    link.ask(Packet::Pingreq);
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "keep-alive/pings-do-not-count",
        breaks: &["MQTT-3.1.2-24"],
        title: "A PINGREQ is answered, and does not put off the end of the Keep Alive.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pingreq) if link.is_accepted() => {
                    link.send_client(Packet::Pingresp);
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "keep-alive/only-pings-count",
        breaks: &["MQTT-3.1.2-24"],
        title: "A Client that sends no PINGREQ is cut off, whatever else it sends.",
        breach: || {
            let mut pings = std::collections::BTreeMap::new();
            Box::new(move |link, event| {
                let count = pings.entry(link.number()).or_insert_with(Arc::<AtomicU32>::default);
                match event {
                    Event::FromClient(Packet::Pingreq) => {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Event::FromServer(Packet::Connack(_)) => {
                        let seconds = link.connect().map_or(0, |connect| connect.keep_alive);
                        if seconds > 0 {
                            let (count, mut seen) = (Arc::clone(count), 0);
                            let limit = Duration::from_secs(seconds.into()) * 3 / 2;
                            link.close_when(limit, move || {
                                let now = count.load(Ordering::Relaxed);
                                std::mem::replace(&mut seen, now) == now
                            });
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "keep-alive/zero-is-short",
        breaks: &["U-3.1.2.10-4", "U-3.1.2.10-2"],
        title: "Under Keep Alive 0 a PINGREQ closes the connection.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pingreq)
                    if link.connect().is_some_and(|connect| connect.keep_alive == 0) =>
                {
                    link.close();
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "ping/not-answered",
        breaks: &["MQTT-3.12.4-1"],
        title: "No PINGREQ is answered.",
        breach: || server(|p| if p.kind() == Kind::Pingresp { Fate::Drop } else { Fate::Pass }),
    },
    Sabotage {
        name: "ping/every-second-one",
        breaks: &["MQTT-3.12.4-1"],
        title: "Of PINGREQs that come in one segment the first alone is answered.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pingreq) if link.position > 0 => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "ping/not-between-messages",
        breaks: &["MQTT-3.12.4-1"],
        title: "No PINGREQ is answered while a message waits for its acknowledgement.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Pingreq) if link.has_outbound() => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "ping/with-a-body",
        breaks: &["U-3.13.2-1"],
        title: "A PINGRESP has an octet behind its fixed header.",
        breach: || server(|p| if p.kind() == Kind::Pingresp { longer(p) } else { Fate::Pass }),
    },
    Sabotage {
        name: "ping/any-length",
        breaks: &["U-3.12.2-1", "U-3.12.3-1", "MQTT-4.8.0-1"],
        title: "A PINGREQ with octets behind its fixed header is passed over.",
        breach: || tolerates(|_, fault| matches!(fault, Fault::Length(Kind::Pingreq, _))),
    },
    Sabotage {
        name: "disconnect/left-open",
        breaks: &["U-3.14.4-1"],
        title: "A connection on which DISCONNECT came stays open.",
        breach: || {
            let mut left = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Disconnect) => {
                    left.insert(link.number());
                    Fate::Pass
                }
                Event::ServerGone if left.contains(&link.number()) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "disconnect/any-flags",
        breaks: &["MQTT-3.14.1-1"],
        title: "A DISCONNECT with flags is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::Flags(Kind::Disconnect)),
    },
    Sabotage {
        name: "disconnect/any-length",
        breaks: &["U-3.14.2-1", "U-3.14.3-1"],
        title: "A DISCONNECT with octets behind its fixed header is passed over.",
        breach: || tolerates(|_, fault| matches!(fault, Fault::Length(Kind::Disconnect, _))),
    },
    Sabotage {
        name: "disconnect/not-the-end",
        breaks: &["U-3.14-1"],
        title: "A PUBLISH behind a DISCONNECT is passed on.",
        breach: || {
            let mut left = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Disconnect) => {
                    left.insert(link.number());
                    Fate::Pass
                }
                Event::FromClient(Packet::Publish(publish)) if left.contains(&link.number()) => {
                    link.publish_elsewhere(publish.clone());
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "disconnect/right-behind-connect-unheard",
        breaks: &["MQTT-3.14.4-3", "MQTT-3.1.2-10"],
        title: "A DISCONNECT in one segment with its CONNECT is not heard.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Disconnect) if link.position == 1 => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "disconnect/ends-as-a-ping",
        breaks: &["MQTT-3.14.4-3", "MQTT-3.1.2-10", "U-3.14.4-1"],
        title: "A DISCONNECT is taken for a PINGREQ.",
        breach: || {
            super::breach::client(|packet| match packet {
                Packet::Disconnect => instead(Packet::Pingreq),
                _ => Fate::Pass,
            })
        },
    },
];
