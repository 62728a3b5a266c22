//! What was told of a Session: how much it holds, and how much it has dropped.
//!
//! Not here: what a Session may hold (`backlog`, `delivering`), and whom it is told.

use super::Session;
use crate::broker::Backlog;
use crate::broker::backlog::UNTOLD;
use crate::session::Empty;

/// What was told of a Session; nothing of most.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// What it was last told to hold.
    pub(super) told: Backlog,
    /// How many messages found no room.
    pub(super) dropped: u64,
    /// How many of those somebody was told of.
    dropped_told: u64,
}

impl<C> Session<C> {
    /// What it held when that was last told, and what it holds now, if that is to be told.
    pub(in crate::broker) fn news(&mut self) -> Option<(Backlog, Backlog)> {
        if self.has_ended {
            return None;
        }
        let (told, held) = (self.tally.told, self.held());
        // The Clients that are absent may be many, and those that are not have sockets of their
        // own, which take more than this.
        let untold = if self.attachment.is_some() { UNTOLD } else { Backlog::default() };
        let is_news = held.differs(told, untold) || held == Backlog::default() && held != told;
        is_news.then(|| {
            self.tally.told = held;
            (told, held)
        })
    }

    /// Nothing of it counts any more: what it held when that was last told.
    pub(in crate::broker) fn count_no_more(&mut self) -> Backlog {
        self.has_ended = true;
        self.tally.as_mut().map(|tally| std::mem::take(&mut tally.told)).unwrap_or_default()
    }

    /// How many messages found no room and were dropped.
    pub fn dropped(&self) -> u64 {
        self.tally.dropped
    }

    /// How many were dropped, when that is worth a word: the first, and then twice as many.
    pub(in crate::broker) fn dropped_news(&mut self) -> Option<u64> {
        let tally = self.tally.as_mut()?;
        let is_news = tally.dropped > 0 && tally.dropped >= 2 * tally.dropped_told;
        is_news.then(|| {
            tally.dropped_told = tally.dropped;
            tally.dropped
        })
    }
}

impl Tally {
    const EMPTY: Self =
        Self { told: Backlog { messages: 0, octets: 0 }, dropped: 0, dropped_told: 0 };
}

impl Empty for Tally {
    fn empty() -> &'static Self {
        static EMPTY: Tally = Tally::EMPTY;
        &EMPTY
    }

    fn new_empty() -> Self {
        Self::EMPTY
    }
}
