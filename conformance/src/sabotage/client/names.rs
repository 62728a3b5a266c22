//! 1.5.3 and 4.7: Topic Names and Topic Filters, whichever way they go.

use super::{only_ascii, without_mark};
use crate::sabotage::Sabotage;
use crate::sabotage::breach::{Breach, Event, Fate, instead};
use crate::wire::Packet;

pub(super) const SABOTAGES: &[Sabotage] = &[
    Sabotage {
        name: "names/only-ascii",
        breaks: &["MQTT-1.5.3-1", "MQTT-3.3.2-1", "MQTT-3.8.3-1"],
        title: "Characters beyond ASCII are replaced in the names that the client sends or receives.",
        breach: || names(only_ascii),
    },
    Sabotage {
        name: "names/byte-order-mark-taken-away",
        breaks: &["MQTT-1.5.3-3"],
        title: "U+FEFF is taken out of the names that the client sends or receives.",
        breach: || names(without_mark),
    },
    Sabotage {
        name: "names/of-one-case",
        breaks: &["U-4.7.3-3"],
        title: "Capital letters of names become small ones.",
        breach: || names(<[u8]>::to_ascii_lowercase),
    },
    Sabotage {
        name: "names/without-outer-spaces",
        breaks: &["U-4.7.3-4"],
        title: "Spaces at the ends of names are taken away.",
        breach: || names(|name| name.trim_ascii().to_vec()),
    },
    Sabotage {
        name: "names/without-outer-slashes",
        breaks: &["U-4.7.3-5", "U-4.7.3-6"],
        title: "Slashes at the ends of names are taken away.",
        breach: || names(without_outer_slashes),
    },
    Sabotage {
        name: "names/without-empty-levels",
        breaks: &["U-4.7.1.1-1"],
        title: "Of two slashes in a row in a name one is taken away.",
        breach: || names(without_empty_levels),
    },
];

/// Changes the names of all messages and the filters of all requests.
fn names(change: fn(&[u8]) -> Vec<u8>) -> Breach {
    Box::new(move |_, event| match event {
        Event::FromClient(Packet::Publish(publish))
        | Event::FromServer(Packet::Publish(publish)) => {
            let mut changed = publish.clone();
            changed.topic = change(&publish.topic);
            instead(changed)
        }
        Event::FromClient(Packet::Subscribe(subscribe)) => {
            let mut changed = subscribe.clone();
            changed.filters.iter_mut().for_each(|(filter, _)| *filter = change(filter));
            instead(changed)
        }
        Event::FromClient(Packet::Unsubscribe(unsubscribe)) => {
            let mut changed = unsubscribe.clone();
            changed.filters.iter_mut().for_each(|filter| *filter = change(filter));
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// A name of nothing but slashes keeps one level, so that it stays a name.
fn without_outer_slashes(name: &[u8]) -> Vec<u8> {
    let is_slash = |octet: &&u8| **octet == b'/';
    let front = name.iter().take_while(is_slash).count();
    let back = name.iter().rev().take_while(is_slash).count();
    match name.get(front..name.len() - back) {
        Some(inner) if !inner.is_empty() => inner.to_vec(),
        _ => b"level".to_vec(),
    }
}

fn without_empty_levels(name: &[u8]) -> Vec<u8> {
    let mut kept = name.to_vec();
    kept.dedup_by(|a, b| *a == b'/' && *b == b'/');
    kept
}
