//! 3.8, 3.9: SUBSCRIBE and SUBACK.

use std::collections::{BTreeMap, BTreeSet};

use super::Sabotage;
use super::breach::{Breach, Event, Fate, another, client, cut_short, instead, server, tolerates};
use crate::wire::{Fault, Kind, Octets as _, Packet, Publish, Suback, Subscribe};

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "subscribe/wrong-flags",
        breaks: &["MQTT-3.8.1-1"],
        title: "A SUBSCRIBE with other flags than 0010 is granted.",
        breach: || tolerates(|_, fault| fault == Fault::Flags(Kind::Subscribe)),
    },
    Sabotage {
        name: "subscribe/without-filter",
        breaks: &["MQTT-3.8.3-3"],
        title: "A SUBSCRIBE without a Topic Filter is answered.",
        breach: || tolerates(|_, fault| fault == Fault::NoFilter(Kind::Subscribe)),
    },
    Sabotage {
        name: "subscribe/cut-short",
        breaks: &["U-3.8.3-2", "MQTT-3.8.3-3", "MQTT-4.8.0-1"],
        title: "A SUBSCRIBE that ends within a field is granted.",
        breach: || cut_short(Kind::Subscribe),
    },
    Sabotage {
        name: "subscribe/any-qos",
        breaks: &["MQTT-3.8.3-4"],
        title: "A SUBSCRIBE with a QoS that there is not is granted.",
        breach: || tolerates(|_, fault| matches!(fault, Fault::SubscribeQos(_))),
    },
    Sabotage {
        name: "subscribe/wildcards-anywhere",
        breaks: &["MQTT-4.7.1-2", "MQTT-4.7.1-3", "MQTT-4.8.0-1"],
        title: "A Topic Filter with a wildcard where none may stand is granted.",
        breach: || tolerates(|_, fault| matches!(fault, Fault::FilterWildcard(_))),
    },
    Sabotage {
        name: "subscribe/empty-filter",
        breaks: &["MQTT-4.7.3-1"],
        title: "A Topic Filter without a character is granted.",
        breach: || {
            tolerates(|kind, fault| kind == Some(Kind::Subscribe) && fault == Fault::EmptyTopic)
        },
    },
    Sabotage {
        name: "subscribe/no-wildcards",
        breaks: &["U-3.8.3-1"],
        title: "Topic Filters with wildcards are refused.",
        breach: || {
            codes(|subscribe, codes| {
                for (code, (filter, _)) in codes.iter_mut().zip(&subscribe.filters) {
                    if filter.iter().any(|octet| b"+#".contains(octet)) {
                        *code = Suback::FAILURE;
                    }
                }
            })
        },
    },
    Sabotage {
        name: "subscribe/wildcards-granted-and-dead",
        breaks: &["MQTT-4.5.0-1"],
        title: "Topic Filters with wildcards are granted, and bring nothing.",
        breach: || {
            client(|packet| match packet {
                Packet::Subscribe(subscribe) => {
                    let mut changed = subscribe.clone();
                    for (filter, _) in &mut changed.filters {
                        filter.iter_mut().filter(|o| b"+#".contains(o)).for_each(|o| *o = b'x');
                    }
                    instead(changed)
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "suback/never",
        breaks: &["MQTT-3.8.4-1"],
        title: "No SUBACK is sent.",
        breach: || server(|p| if p.kind() == Kind::Suback { Fate::Drop } else { Fate::Pass }),
    },
    Sabotage {
        name: "suback/of-another",
        breaks: &["MQTT-3.8.4-2", "MQTT-2.3.1-7"],
        title: "Every second SUBACK has the Packet Identifier of another.",
        breach: || {
            let mut is_odd = false;
            server(move |packet| match packet {
                Packet::Suback(suback) => {
                    is_odd = !is_odd;
                    let id = if is_odd { another(suback.id) } else { suback.id };
                    instead(Suback::new(id, suback.codes.as_slice()))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "suback/too-early",
        breaks: &["MQTT-3.8.4-1", "U-3.8.4-1", "MQTT-4.5.0-1"],
        title: "The first message after a SUBACK is lost.",
        breach: || {
            let mut fresh = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromServer(Packet::Suback(_)) => {
                    fresh.insert(link.number());
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(_)) if fresh.remove(&link.number()) => Fate::Drop,
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "suback/one-for-each-filter",
        breaks: &["MQTT-3.8.4-4"],
        title: "A SUBSCRIBE of several filters gets a SUBACK for each.",
        breach: || {
            server(|packet| match packet {
                Packet::Suback(suback) => {
                    let one = |code: &u8| Suback::new(suback.id, [*code]).octets();
                    Fate::Instead(suback.codes.iter().flat_map(one).collect())
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "suback/one-code-less",
        breaks: &["MQTT-3.8.4-5"],
        title: "SUBACK lacks the return code of the last of several filters.",
        breach: || {
            codes(|_, codes| {
                if codes.len() > 1 {
                    codes.pop();
                }
            })
        },
    },
    Sabotage {
        name: "suback/one-code-more",
        breaks: &["MQTT-3.8.4-5"],
        title: "SUBACK has a return code too many.",
        breach: || codes(|_, codes| codes.push(0)),
    },
    Sabotage {
        name: "suback/more-than-asked-for",
        breaks: &["MQTT-3.8.4-6", "MQTT-3.8.4-5"],
        title: "SUBACK grants QoS 2 whatever was asked for.",
        breach: || codes(|_, codes| codes.fill(2)),
    },
    Sabotage {
        name: "suback/codes-in-reverse",
        breaks: &["MQTT-3.9.3-1"],
        title: "The return codes of SUBACK are in reverse order.",
        breach: || codes(|_, codes| codes.reverse()),
    },
    Sabotage {
        name: "suback/undefined-code",
        breaks: &["MQTT-3.9.3-2"],
        title: "The return code for QoS 0 is 3.",
        breach: || {
            codes(|_, codes| codes.iter_mut().filter(|code| **code == 0).for_each(|code| *code = 3))
        },
    },
    Sabotage {
        name: "suback/empty",
        breaks: &["MQTT-3.8.4-5"],
        title: "SUBACK has no return code.",
        breach: || codes(|_, codes| codes.clear()),
    },
    Sabotage {
        name: "subscribe/first-filter-alone",
        breaks: &["MQTT-3.8.4-4"],
        title: "Of several filters in one SUBSCRIBE the first alone is held.",
        breach: || {
            let mut asked = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Subscribe(subscribe)) => {
                    asked.insert((link.number(), subscribe.id), subscribe.filters.len());
                    let mut changed = subscribe.clone();
                    changed.filters.truncate(1);
                    instead(changed)
                }
                Event::FromServer(Packet::Suback(suback)) => {
                    let count = asked.remove(&(link.number(), suback.id)).unwrap_or(1);
                    instead(Suback::new(suback.id, suback.codes.repeat(count)))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "subscribe/twice-is-two-subscriptions",
        breaks: &["MQTT-3.8.4-3"],
        title: "A filter that a Client has subscribed to twice brings every message twice.",
        breach: || {
            let mut count = BTreeMap::<_, u32>::new();
            Box::new(move |link, event| {
                let id = link.client_id();
                match event {
                    Event::FromClient(Packet::Subscribe(subscribe)) => {
                        for (filter, _) in &subscribe.filters {
                            *count.entry((id.clone(), filter.clone())).or_default() += 1;
                        }
                    }
                    Event::FromServer(Packet::Publish(publish)) if !publish.retain => {
                        let twice = count.iter().any(|((client, _), n)| *client == id && *n > 1);
                        if twice {
                            link.deliver(publish.clone());
                        }
                    }
                    _ => {}
                }
                Fate::Pass
            })
        },
    },
    Sabotage {
        name: "subscribe/twice-stays-the-first",
        breaks: &["MQTT-3.8.4-3"],
        title: "A filter that a Client subscribes to again stays as it was.",
        breach: || {
            let mut held = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Subscribe(subscribe)) => {
                    let id = link.client_id();
                    let is_new = |filter: &Vec<u8>| !held.contains(&(id.clone(), filter.clone()));
                    if subscribe.filters.iter().any(|(filter, _)| is_new(filter)) {
                        let filters = subscribe.filters.iter();
                        held.extend(filters.map(|(filter, _)| (id.clone(), filter.clone())));
                        return Fate::Pass;
                    }
                    let codes: Vec<_> = subscribe.filters.iter().map(|(_, qos)| *qos).collect();
                    link.send_client(Suback::new(subscribe.id, codes));
                    Fate::Drop
                }
                Event::FromClient(Packet::Unsubscribe(unsubscribe)) => {
                    let id = link.client_id();
                    for filter in &unsubscribe.filters {
                        held.remove(&(id.clone(), filter.clone()));
                    }
                    Fate::Pass
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "subscribe/twice-loses-a-message",
        breaks: &["MQTT-3.8.4-3"],
        title: "While a filter is subscribed to again a message is lost.",
        breach: || {
            let mut held = BTreeSet::new();
            let mut in_between = BTreeSet::new();
            Box::new(move |link, event| match event {
                Event::FromClient(Packet::Subscribe(subscribe)) => {
                    for (filter, _) in &subscribe.filters {
                        if !held.insert((link.number(), filter.clone())) {
                            in_between.insert(link.number());
                        }
                    }
                    Fate::Pass
                }
                Event::FromServer(Packet::Publish(publish))
                    if !publish.retain && in_between.remove(&link.number()) =>
                {
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos/never-2",
        breaks: &["MQTT-3.8.4-6"],
        title: "What is granted at QoS 2 is delivered at QoS 1.",
        breach: || {
            let mut asked = BTreeMap::new();
            Box::new(move |link, event| match event {
                Event::FromClient(packet @ Packet::Subscribe(subscribe)) => {
                    let codes: Vec<_> = subscribe.filters.iter().map(|(_, qos)| *qos).collect();
                    asked.insert((link.number(), subscribe.id), codes);
                    with_qos(packet, |qos| qos.min(1))
                }
                Event::FromServer(Packet::Suback(suback)) => {
                    let codes = asked.remove(&(link.number(), suback.id)).unwrap_or_default();
                    instead(Suback::new(suback.id, codes))
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "qos/as-granted",
        breaks: &["MQTT-3.8.4-6"],
        title: "A message of QoS 0 is delivered at QoS 1.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromServer(Packet::Publish(publish)) if publish.qos == 0 => {
                    link.deliver(Publish { qos: 1, ..publish.clone() });
                    Fate::Drop
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "overlap/least-qos",
        breaks: &["MQTT-3.3.5-1"],
        title: "A message for a Client with several subscriptions is delivered at QoS 0.",
        breach: || {
            Box::new(|link, event| match event {
                Event::FromServer(Packet::Publish(publish))
                    if publish.qos > 0 && link.filters().len() > 1 =>
                {
                    instead(Publish { qos: 0, id: None, dup: false, ..publish.clone() })
                }
                _ => Fate::Pass,
            })
        },
    },
    Sabotage {
        name: "overlap/too-many-copies",
        breaks: &["U-3.3.5-1"],
        title: "A message for a Client with several subscriptions comes five times.",
        breach: || {
            Box::new(|link, event| {
                if let Event::FromServer(Packet::Publish(publish)) = event
                    && link.filters().len() > 1
                {
                    for _ in 0..4 {
                        link.deliver(publish.clone());
                    }
                }
                Fate::Pass
            })
        },
    },
];

/// Changes the return codes of each SUBACK, with the SUBSCRIBE at hand.
fn codes(mut change: impl FnMut(&Subscribe, &mut Vec<u8>) + Send + 'static) -> Breach {
    let mut asked = BTreeMap::new();
    Box::new(move |link, event| match event {
        Event::FromClient(Packet::Subscribe(subscribe)) => {
            asked.insert((link.number(), subscribe.id), subscribe.clone());
            Fate::Pass
        }
        Event::FromServer(Packet::Suback(suback)) => {
            let mut changed = suback.clone();
            if let Some(subscribe) = asked.remove(&(link.number(), suback.id)) {
                change(&subscribe, &mut changed.codes);
            }
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// The same SUBSCRIBE for another QoS; what is no SUBSCRIBE passes.
fn with_qos(packet: &Packet, change: fn(u8) -> u8) -> Fate {
    let Packet::Subscribe(subscribe) = packet else { return Fate::Pass };
    let mut changed = subscribe.clone();
    for (_, qos) in &mut changed.filters {
        *qos = change(*qos);
    }
    instead(changed)
}
