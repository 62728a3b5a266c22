//! What breaks the rules that bind clients: proxies between the judge and a client that conforms.
//!
//! One file a part of the standard, like the cases; what they share is here.

mod acknowledging;
mod broken;
pub(super) mod exceptions;
mod introduction;
mod introduction_fields;
mod keep_alive;
mod leaving;
mod lengths;
mod names;
mod ordering;
mod publishing;
mod publishing_topics;
mod receiving;
mod resuming;
mod subscribing;
mod unsubscribing;
mod websocket;

use std::collections::BTreeSet;

use super::Sabotage;
use super::breach::{Breach, Event, Fate, client, instead};
use super::link::Link;
use crate::wire::{Framed as _, Kind, Packet, Publish, Subscribe, Unsubscribe};

/// All of them, in document order.
pub(super) const FILES: &[&[Sabotage]] = &[
    names::SABOTAGES,               // 1.5.3, 4.7
    lengths::SABOTAGES,             // 2.2.3
    introduction::SABOTAGES,        // 3.1, 3.2
    introduction_fields::SABOTAGES, // 3.1.2, 3.1.3
    keep_alive::SABOTAGES,          // 3.1.2.10, 3.12
    publishing::SABOTAGES,          // 3.3, 3.6, 4.3
    publishing_topics::SABOTAGES,   // 3.3.2, 4.7
    acknowledging::SABOTAGES,       // 3.3.4, 3.4 to 3.7, 4.5
    subscribing::SABOTAGES,         // 3.8, 4.7
    unsubscribing::SABOTAGES,       // 3.10
    leaving::SABOTAGES,             // 3.14
    receiving::SABOTAGES,           // 4.1, 4.3
    resuming::SABOTAGES,            // 4.1, 4.3, 4.4
    ordering::SABOTAGES,            // 4.6
    broken::SABOTAGES,              // 1.5.3, 2.2, 3.3, 4.8
    websocket::SABOTAGES,           // 6
];

/// Gives the client's packets of one type another first octet.
fn with_first_byte(kind: Kind, first: u8) -> Breach {
    client(move |packet| match packet.kind() == kind {
        true => instead(packet.with_first_byte(first)),
        false => Fate::Pass,
    })
}

/// Puts another octet behind the last field of the client's packets of one type.
fn with_a_rest(kind: Kind) -> Breach {
    client(move |packet| match packet.kind() == kind {
        true => super::breach::longer(packet),
        false => Fate::Pass,
    })
}

/// Loses the client's packets of one type.
fn loses(kind: Kind) -> Breach {
    client(move |packet| if packet.kind() == kind { Fate::Drop } else { Fate::Pass })
}

/// Changes each SUBSCRIBE of the client.
fn subscribed(change: impl Fn(&mut Subscribe) + Send + 'static) -> Breach {
    client(move |packet| match packet {
        Packet::Subscribe(subscribe) => {
            let mut changed = subscribe.clone();
            change(&mut changed);
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// Changes each UNSUBSCRIBE of the client.
fn unsubscribed(change: impl Fn(&mut Unsubscribe) + Send + 'static) -> Breach {
    client(move |packet| match packet {
        Packet::Unsubscribe(unsubscribe) => {
            let mut changed = unsubscribe.clone();
            change(&mut changed);
            instead(changed)
        }
        _ => Fate::Pass,
    })
}

/// Loses messages on their way to the client, which so acknowledges none of them.
fn overhears(mut which: impl FnMut(&mut Link<'_>, &Publish) -> bool + Send + 'static) -> Breach {
    Box::new(move |link, event| match event {
        Event::FromServer(Packet::Publish(publish)) if which(link, publish) => Fate::Drop,
        _ => Fate::Pass,
    })
}

/// Acknowledges messages to their end in the place of the client, which never sees them.
fn swallows(mut which: impl FnMut(&mut Link<'_>, &Publish) -> bool + Send + 'static) -> Breach {
    let mut taken = BTreeSet::new();
    Box::new(move |link, event| match event {
        Event::FromServer(Packet::Publish(publish)) if which(link, publish) => {
            match (publish.qos, publish.id) {
                (1, Some(id)) => link.send_server(Packet::Puback(id)),
                (2, Some(id)) => {
                    taken.insert(id);
                    link.send_server(Packet::Pubrec(id));
                }
                _ => {}
            }
            Fate::Drop
        }
        Event::FromServer(Packet::Pubrel(id)) if taken.remove(id) => {
            link.send_server(Packet::Pubcomp(*id));
            Fate::Drop
        }
        _ => Fate::Pass,
    })
}

/// Characters beyond ASCII replaced, octet by octet.
fn only_ascii(text: &[u8]) -> Vec<u8> {
    text.iter().map(|octet| if octet.is_ascii() { *octet } else { b'?' }).collect()
}

/// The text without any U+FEFF.
fn without_mark(text: &[u8]) -> Vec<u8> {
    super::text::without_mark(text)
}
