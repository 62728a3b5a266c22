//! The line of those at QoS 0: messages by themselves, and runs of them.
//!
//! Clauses: none by itself. Not here: which line is next (`queue`).

use std::collections::VecDeque;

use super::{Next, Waiting, shed};
use crate::packet::PublishRun;

/// The line of those at QoS 0.
///
/// Invariant: `messages` is the sum over all places.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Fleeting {
    line: VecDeque<Place>,
    messages: usize,
}

/// A place in the line.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Place {
    /// One that is retained, large, or comes from a publisher at QoS 1 or 2.
    Message(Waiting),
    /// The others, and the place of the first of them among all that ever came.
    Run(u64, PublishRun),
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
        let octets = |place: &Place| match place {
            Place::Message(waiting) => waiting.outbound.octets(),
            Place::Run(_, run) => run.message_octets(),
        };
        self.line.iter().map(octets).sum()
    }

    /// The place of the first among all that ever came.
    pub(super) fn first(&self) -> Option<u64> {
        self.line.front().map(|place| match place {
            Place::Message(waiting) => waiting.arrival,
            Place::Run(arrival, _) => *arrival,
        })
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.messages += 1;
        self.line.push_back(Place::Message(waiting));
    }

    pub(super) fn push_front(&mut self, waiting: Waiting) {
        self.messages += 1;
        self.line.push_front(Place::Message(waiting));
    }

    /// Puts a run at the end, whose first message is the `arrival`th.
    pub(super) fn push_run(&mut self, arrival: u64, run: PublishRun) {
        self.messages += run.len();
        self.line.push_back(Place::Run(arrival, run));
    }

    /// Takes what is first.
    pub(super) fn pop(&mut self) -> Option<Next> {
        let next = match self.line.pop_front()? {
            Place::Message(waiting) => Next::Message(waiting),
            Place::Run(_, run) => Next::Run(run),
        };
        shed(&mut self.line);
        self.messages -= match &next {
            Next::Message(_) => 1,
            Next::Run(run) => run.len(),
        };
        Some(next)
    }

    /// Drops the first message: the octets of topic and payload it had.
    pub(super) fn drop_first(&mut self) -> Option<usize> {
        let octets = match self.line.front_mut()? {
            Place::Message(waiting) => {
                let octets = waiting.outbound.octets();
                self.line.pop_front();
                octets
            }
            Place::Run(arrival, run) => match run.split_first() {
                Some(first) => {
                    *arrival += 1;
                    first.message_octets()
                }
                None => {
                    let octets = run.message_octets();
                    self.line.pop_front();
                    octets
                }
            },
        };
        self.messages -= 1;
        Some(octets)
    }

    /// For how many places there is memory.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.line.capacity()
    }
}
