//! What is known of one Session: what it subscribed to, what it was sent, and what it may be sent.

use std::collections::{BTreeMap, BTreeSet};

use super::filter::matches;
use super::published::Content;
use crate::wire::{Packet, Publish, Suback};

/// One Session, on however many connections.
#[derive(Debug, Default)]
pub(super) struct Session {
    filters: BTreeMap<Vec<u8>, Filter>,
    /// Identifiers that the judge has ever used, by what answers them.
    pub(super) published: BTreeSet<u16>,
    pub(super) subscribed: BTreeSet<u16>,
    pub(super) received: BTreeSet<u16>,
    /// Messages that were read and not answered, and on which connection.
    pub(super) unanswered: BTreeMap<u16, (Publish, usize)>,
    /// First copies, with their identifiers.
    pub(super) delivered: BTreeMap<Content, Option<u16>>,
    /// The last message of each publisher, topic and QoS.
    pub(super) last: BTreeMap<(usize, Vec<u8>, u8), usize>,
}

/// A Topic Filter that was ever asked for.
#[derive(Debug, Default)]
struct Filter {
    /// Asked for in SUBSCRIBEs that are not answered: their identifiers, in which place, and
    /// which QoS.
    asked: Vec<(u16, usize, u8)>,
    /// The greatest QoS that was ever granted.
    granted: Option<u8>,
    /// How often it was asked for.
    times: usize,
}

/// What the subscriptions of a Session let a message have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Due {
    /// The greatest QoS of a filter that matches.
    pub(super) qos: u8,
    /// Whether there is but one filter that matches, asked for but once.
    pub(super) is_single: bool,
}

impl Session {
    /// Takes in what the judge sends.
    pub(super) fn sent(&mut self, packet: &Packet) {
        match packet {
            Packet::Publish(publish) => self.published.extend(publish.id),
            Packet::Pubrel(id) => {
                self.published.insert(*id);
            }
            Packet::Subscribe(subscribe) => {
                self.subscribed.insert(subscribe.id);
                for (place, (filter, qos)) in subscribe.filters.iter().enumerate() {
                    let filter = self.filters.entry(filter.clone()).or_default();
                    filter.asked.push((subscribe.id, place, *qos));
                    filter.times += 1;
                }
            }
            Packet::Unsubscribe(unsubscribe) => {
                self.subscribed.insert(unsubscribe.id);
            }
            Packet::Puback(id) => {
                self.unanswered.remove(id);
            }
            Packet::Pubrec(id) => {
                self.unanswered.remove(id);
                self.received.insert(*id);
            }
            _ => {}
        }
    }

    /// Takes in the answer to a SUBSCRIBE.
    pub(super) fn granted(&mut self, suback: &Suback) {
        for filter in self.filters.values_mut() {
            for &(_, place, _) in filter.asked.iter().filter(|(id, ..)| *id == suback.id) {
                let code = suback.codes.get(place).filter(|&&code| code <= 2);
                filter.granted = filter.granted.max(code.copied());
            }
            filter.asked.retain(|(id, ..)| *id != suback.id);
        }
    }

    /// What a message on this topic may have; `None` when no filter matches.
    pub(super) fn due(&self, topic: &[u8]) -> Option<Due> {
        let matching = || {
            let live = |filter: &Filter| filter.granted.is_some() || !filter.asked.is_empty();
            self.filters.iter().filter(move |(name, filter)| matches(name, topic) && live(filter))
        };
        let greatest = |(_, filter): (_, &Filter)| {
            filter.asked.iter().map(|asked| asked.2).max().max(filter.granted)
        };
        let qos = matching().filter_map(greatest).max()?;
        Some(Due { qos, is_single: matching().map(|(_, filter)| filter.times).sum::<usize>() == 1 })
    }
}
