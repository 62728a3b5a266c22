//! What is held for all Clients together, and how much of that one of them may have.
//!
//! A bound over all that goes to whoever comes first would be taken by those who never read, and be
//! missed by those who do. So no Session may hold more than half of what all others leave: of `n`
//! that take nothing each has at most one part in `n + 1`, and as much is left for the next.
//!
//! Sums that all Sessions touch at every message would be one thing that all threads meet at. A
//! Session whose Client is connected tells only of changes that are worth it.
//!
//! Clauses: none; the standard knows no bounds. Not here: what is done when there is no room
//! (`delivering`).

use super::{Broker, Holder, Limits, Session};
use crate::packet::PublishRun;

/// What Sessions hold for their Clients: messages that wait, and those that are on their way
/// without an acknowledgement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Backlog {
    /// How many messages.
    pub messages: usize,
    /// How many octets of topic and payload are in them.
    pub octets: usize,
}

/// So much may change before a Session tells, and so much a Client that is connected may always
/// have, whatever others hold: one that keeps up never waits for those who do not.
pub(super) const UNTOLD: Backlog = Backlog { messages: 64, octets: 16 * 1024 };

impl Backlog {
    /// What a run takes.
    pub(super) fn of(run: &PublishRun) -> Self {
        Self { messages: run.len(), octets: run.message_octets() }
    }

    /// The most that one Session may hold while all others hold this much.
    pub(super) fn share(self, limits: &Limits) -> Self {
        Self {
            messages: limits.max_total_queued_messages.saturating_sub(self.messages) / 2,
            octets: limits.max_total_queued_octets.saturating_sub(self.octets) / 2,
        }
    }

    /// This without `part`, or nothing.
    pub(super) fn without(self, part: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(part.messages),
            octets: self.octets.saturating_sub(part.octets),
        }
    }

    /// The lesser of both, each by itself.
    pub(super) fn min(self, other: Self) -> Self {
        Self { messages: self.messages.min(other.messages), octets: self.octets.min(other.octets) }
    }

    /// Whether it is so far from `other` that somebody should know, when so much is not worth it.
    pub(super) fn differs(self, other: Self, untold: Self) -> bool {
        self.messages.abs_diff(other.messages) > untold.messages
            || self.octets.abs_diff(other.octets) > untold.octets
    }
}

impl<H: Holder> Broker<H> {
    /// Tells what a Session holds by now, if it is to be told.
    pub(super) fn settle(&self, session: &mut Session<H::Connection>) {
        if let Some((before, now)) = session.news() {
            self.holder.holds(before, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_worth_a_word_and_no_less_in_either_direction() {
        let untold = Backlog { messages: 64, octets: 1_000 };
        let middle = Backlog { messages: 100, octets: 5_000 };
        for (messages, octets, differs) in [
            (100, 5_000, false),
            (36, 4_000, false),
            (164, 6_000, false),
            (35, 5_000, true),
            (165, 5_000, true),
            (100, 3_999, true),
            (100, 6_001, true),
        ] {
            let other = Backlog { messages, octets };
            assert_eq!(middle.differs(other, untold), differs, "{other:?}");
            assert_eq!(other.differs(middle, untold), differs, "{other:?}");
        }
    }
}
