//! The line of those at QoS 0: messages by themselves, and runs of them.
//!
//! Clauses: none by itself. Not here: which line is next (`queue`).

use std::collections::VecDeque;

use super::{Next, shed};

/// The line of those at QoS 0.
///
/// Invariant: `messages` is the sum over all places.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Fleeting {
    line: VecDeque<Next>,
    messages: usize,
}

impl Fleeting {
    pub(super) const fn new() -> Self {
        Self { line: VecDeque::new(), messages: 0 }
    }

    /// How many messages wait.
    pub(super) const fn len(&self) -> usize {
        self.messages
    }

    /// How many octets of topic and payload they have; this looks at each place.
    pub(super) fn octets(&self) -> usize {
        self.line.iter().map(|next| next.held().octets).sum()
    }

    /// The place of the first among all that ever came.
    pub(super) fn first(&self) -> Option<u64> {
        self.line.front().map(|next| match next {
            Next::Message(waiting) => waiting.arrival,
            Next::Run(arrival, _) => *arrival,
        })
    }

    pub(super) fn push(&mut self, next: Next) {
        self.messages += next.held().messages;
        self.line.push_back(next);
    }

    pub(super) fn push_front(&mut self, next: Next) {
        self.messages += next.held().messages;
        self.line.push_front(next);
    }

    /// Takes what is first.
    pub(super) fn pop(&mut self) -> Option<Next> {
        let next = self.line.pop_front()?;
        shed(&mut self.line);
        self.messages -= next.held().messages;
        Some(next)
    }

    /// Drops the first message: the octets of topic and payload it had.
    pub(super) fn drop_first(&mut self) -> Option<usize> {
        if let Some(Next::Run(arrival, run)) = self.line.front_mut()
            && let Some(first) = run.split_first()
        {
            *arrival += 1;
            self.messages -= 1;
            return Some(first.message_octets());
        }
        Some(self.pop()?.held().octets)
    }

    /// For how many places there is memory.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.line.capacity()
    }
}
