//! What is kept together or not at all.
//!
//! All that one packet changes belongs together: of a PUBLISH of QoS 2 its identifier and its
//! copies for every subscriber, of a lost connection its Will and what the Will becomes. A [`Unit`]
//! is open while such a piece of work is done, and knows how far the [`Journal`] must be durable
//! before the outside world may learn of it.
//!
//! Clauses: [MQTT-4.3.2-2], [MQTT-4.3.3-2]. Not here: what the changes are (`change`).

use super::{Change, MessageNumber, SessionNumber};

/// How far a journal has been written: what was recorded before a place is in front of it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Position(pub u64);

/// Takes down what has changed and has to outlive the server.
pub trait Journal {
    /// Takes down one change, and says up to where the journal must be durable for it to be.
    ///
    /// Changes of one Session come in the order in which they happened, as do those of the retained
    /// messages.
    fn record(&self, change: Change) -> Position;

    /// A number that no Session and no message has, nor ever had.
    fn number(&self) -> u64;
}

/// A piece of work whose changes are kept together or not at all.
pub struct Unit<'a> {
    journal: Option<&'a dyn Journal>,
    recorded: Option<Position>,
}

impl<'a> Unit<'a> {
    /// Work of a server that keeps nothing.
    pub const fn volatile() -> Self {
        Self { journal: None, recorded: None }
    }

    /// Work that is taken down in `journal`.
    pub const fn recording(journal: &'a dyn Journal) -> Self {
        Self { journal: Some(journal), recorded: None }
    }

    /// Up to where the journal must be durable for all that was recorded so far; `None` when
    /// nothing was.
    pub const fn recorded(&self) -> Option<Position> {
        self.recorded
    }

    /// Takes down a change.
    pub(super) fn record(&mut self, change: Change) {
        if let Some(journal) = self.journal {
            self.recorded = self.recorded.max(Some(journal.record(change)));
        }
    }

    /// A number for a Session that is to be kept; `None` when nothing is.
    pub(super) fn session_number(&self) -> Option<SessionNumber> {
        Some(SessionNumber(self.journal?.number()))
    }

    /// A number for a message that is to be kept; `None` when nothing is.
    pub(super) fn message_number(&self) -> Option<MessageNumber> {
        Some(MessageNumber(self.journal?.number()))
    }
}
