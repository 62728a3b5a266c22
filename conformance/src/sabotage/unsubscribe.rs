//! 3.10, 3.11: UNSUBSCRIBE and UNSUBACK.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Event, Fate, client, cut_short, instead, longer, server, tolerates};
use crate::wire::{Fault, Kind, Octets as _, Packet, Unsubscribe};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "unsubscribe/wrong-flags",
        breaks: &["MQTT-3.10.1-1"],
        title: "An UNSUBSCRIBE with other flags than 0010 is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::Flags(Kind::Unsubscribe)),
    },
    Sabotage {
        name: "unsubscribe/without-filter",
        breaks: &["MQTT-3.10.3-2"],
        title: "An UNSUBSCRIBE without a Topic Filter is passed over.",
        breach: || tolerates(|_, fault| fault == Fault::NoFilter(Kind::Unsubscribe)),
    },
    Sabotage {
        name: "unsubscribe/cut-short",
        breaks: &["MQTT-3.10.3-1", "MQTT-4.8.0-1"],
        title: "An UNSUBSCRIBE that ends within a field is passed over.",
        breach: || cut_short(Kind::Unsubscribe),
    },
    Sabotage {
        name: "unsubscribe/removes-nothing",
        breaks: &["MQTT-3.10.4-1", "MQTT-3.10.4-2", "MQTT-3.10.4-6"],
        title: "An UNSUBSCRIBE is acknowledged, and removes nothing.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromClient(Packet::Unsubscribe(unsubscribe)) => {
                    link.send_client(Packet::Unsuback(unsubscribe.id));
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "unsubscribe/removes-everything",
        breaks: &["MQTT-3.10.4-1"],
        title: "An UNSUBSCRIBE removes all subscriptions of its Client.",
        breach: || {
            let mut held = BTreeMap::<_, BTreeSet<_>>::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Subscribe(subscribe)) => {
                    let filters = subscribe.filters.iter().map(|(filter, _)| filter.clone());
                    held.entry(link.client_id()).or_default().extend(filters);
                    Fate::Pass
                }
                Event::FromClient(Packet::Unsubscribe(unsubscribe)) => {
                    let mut filters = held.remove(&link.client_id()).unwrap_or_default();
                    filters.extend(unsubscribe.filters.clone());
                    let filters = filters.into_iter().collect();
                    instead(Unsubscribe { id: unsubscribe.id, filters })
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "unsubscribe/first-filter-alone",
        breaks: &["MQTT-3.10.4-6"],
        title: "Of several filters in one UNSUBSCRIBE the first alone is removed.",
        breach: || {
            client(|packet| match packet {
                Packet::Unsubscribe(unsubscribe) => {
                    let mut changed = unsubscribe.clone();
                    changed.filters.truncate(1);
                    instead(changed)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "unsubscribe/ends-what-was-started",
        breaks: &["MQTT-3.10.4-3"],
        title: "After an UNSUBSCRIBE no exchange of its Client goes on.",
        breach: || {
            let mut gone = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Unsubscribe(_)) => {
                    gone.insert(link.client_id());
                    Fate::Pass
                }
                Event::FromServer(Packet::Pubrel(_)) if gone.contains(&link.client_id()) => {
                    Fate::Drop
                }
                Event::FromServer(Packet::Publish(publish))
                    if publish.dup && gone.contains(&link.client_id()) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "unsuback/never",
        breaks: &["MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-3.10.4-6"],
        title: "No UNSUBACK is sent.",
        breach: || server(|p| if p.kind() == Kind::Unsuback { Fate::Drop } else { Fate::Pass }),
    },
    Sabotage {
        name: "unsuback/known-filters-only",
        breaks: &["MQTT-3.10.4-5"],
        title: "An UNSUBSCRIBE from a filter that its Client does not hold gets no UNSUBACK.",
        breach: || {
            let mut held = BTreeSet::new();
            Box::new(move |link, event| {
                let id = link.client_id();
                match event {
                    Event::FromClient(Packet::Subscribe(subscribe)) => {
                        let filters = subscribe.filters.iter();
                        held.extend(filters.map(|(filter, _)| (id.clone(), filter.clone())));
                    }
                    Event::FromClient(Packet::Unsubscribe(unsubscribe)) => {
                        let mut known = false;
                        for filter in &unsubscribe.filters {
                            known |= held.remove(&(id.clone(), filter.clone()));
                        }
                        if !known {
                            return Fate::Drop;
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "unsuback/twice",
        breaks: &["MQTT-3.10.4-6"],
        title: "Every UNSUBACK comes twice.",
        breach: || {
            server(|packet| match packet {
                Packet::Unsuback(_) => Fate::Instead([packet.octets(), packet.octets()].concat()),
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "unsuback/with-a-payload",
        breaks: &["U-3.11.1-1"],
        title: "An UNSUBACK has an octet behind its Packet Identifier.",
        breach: || server(|p| if p.kind() == Kind::Unsuback { longer(p) } else { Fate::Pass }),
    },
    Sabotage {
        name: "unsubscribe/for-everybody",
        breaks: &["MQTT-3.10.4-1"],
        title: "An UNSUBSCRIBE removes its filter from all Clients.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromClient(packet @ Packet::Unsubscribe(_)) = event {
                    for other in link.others() {
                        link.other(other).ask(packet.clone());
                    }
                }
                Fate::Pass
            })
        },
    },
];
