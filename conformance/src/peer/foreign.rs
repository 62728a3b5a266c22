//! Messages of other cases, which reach a connection by a filter such as `#`.
//!
//! All cases run at once on one subject, and some publish what breaks the rules. What a subject
//! makes of that is judged where it was published: here it is acknowledged and forgotten, and told
//! apart by its topic before anything else is read of it.

use std::collections::BTreeSet;

use crate::wire::{Packet, Publish, topic_in};

/// Which topics are a case's own, and what is under way of others.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    /// With what the topics of all cases begin, and those of this one.
    realm: Option<(&'static str, String)>,
    /// With what the only topics begin that are to be heard; all when empty.
    own: Vec<String>,
    /// Packet Identifiers of messages of QoS 2 that wait for their PUBREL.
    received: BTreeSet<u16>,
}

impl Foreign {
    /// Topics below `all` belong to some case, and only those below `own` to this one.
    pub(super) fn realm(&mut self, all: &'static str, own: String) {
        self.realm = Some((all, own));
    }

    /// From now on only topics that begin so are the case's own, besides those named before.
    pub(super) fn hear_only(&mut self, prefix: String) {
        self.own.push(prefix);
    }

    /// Whether these are the octets of another case's PUBLISH, in whatever order it is.
    pub(super) fn is_publish(&self, octets: &[u8]) -> bool {
        topic_in(octets).is_some_and(|topic| !self.is_own(topic))
    }

    /// Takes in another case's PUBLISH, and gives its acknowledgement.
    pub(super) fn answer(&mut self, publish: &Publish) -> Option<Packet> {
        let id = publish.id?;
        if publish.qos == 1 {
            return Some(Packet::Puback(id));
        }
        self.received.insert(id);
        Some(Packet::Pubrec(id))
    }

    /// The answer to the PUBREL of another case's message; `None` to one that is the case's own.
    pub(super) fn complete(&mut self, packet: &Packet) -> Option<Packet> {
        match packet {
            Packet::Pubrel(id) if self.received.remove(id) => Some(Packet::Pubcomp(*id)),
            _ => None,
        }
    }

    fn is_own(&self, topic: &[u8]) -> bool {
        let is_below = |prefix: &str| topic.starts_with(prefix.as_bytes());
        if self.own.is_empty() {
            return self.realm.as_ref().is_none_or(|(all, own)| !is_below(all) || is_below(own));
        }
        self.own.iter().any(|prefix| is_below(prefix))
    }
}
