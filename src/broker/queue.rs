//! The messages that wait for one Client, in the order in which they came.
//!
//! Clauses: [MQTT-3.1.2-5], [MQTT-4.6.0-5], [MQTT-4.6.0-6]. Not here: what is retained and does not
//! wait here yet (`rest`), and how those of QoS 0 stand in line (`fleeting`).

mod fleeting;

use std::collections::VecDeque;

use self::fleeting::Fleeting;
use super::rest::Rest;
use super::{Backlog, Position, Retained};
use crate::packet::{PublishRun, QoS};
use crate::session::{Empty, Outbound};
use crate::topic::{TopicFilter, TopicName};

/// The messages that wait for one Client.
///
/// Those of QoS 0 stand in a line of their own, so that a Client which does not acknowledge still
/// gets them; while both lines move, the older message goes first, whatever its QoS.
///
/// Invariants: `octets` is the sum over both lines; each line is in ascending order, as are the
/// rests; what was fetched of a rest has its place.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Queue {
    /// QoS 0.
    fleeting: Fleeting,
    /// QoS 1 and 2.
    lasting: VecDeque<Waiting>,
    /// What is retained and still owed, each at its place; hardly ever there are any.
    #[expect(clippy::box_collection, reason = "a Session is small, and nearly none has any")]
    rests: Option<Box<VecDeque<(u64, Rest)>>>,
    /// How many have ever come.
    arrivals: u64,
    octets: usize,
}

/// A message that waits.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Waiting {
    /// Its place among all that ever came.
    pub(super) arrival: u64,
    pub(super) outbound: Outbound,
    /// What has to be durable before it may leave.
    pub(super) after: Option<Position>,
}

/// What stands at one place in a line.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Next {
    /// A message of QoS 1 or 2, or one of QoS 0 that is retained, large, or comes from a publisher
    /// at a higher level.
    Message(Waiting),
    /// Messages of QoS 0, and the place of the first among all that ever came.
    Run(u64, PublishRun),
}

impl Next {
    /// How many messages there are, and how many octets of topic and payload.
    fn held(&self) -> Backlog {
        match self {
            Self::Message(waiting) => waiting.held(),
            Self::Run(_, run) => Backlog::of(run),
        }
    }
}

impl Waiting {
    fn held(&self) -> Backlog {
        Backlog { messages: 1, octets: self.outbound.octets() }
    }
}

/// What has made room for another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Dropped {
    /// A message of QoS 0.
    Fleeting,
    /// One of QoS 1 or 2.
    Lasting(Waiting),
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self {
            fleeting: Fleeting::new(),
            lasting: VecDeque::new(),
            rests: None,
            arrivals: 0,
            octets: 0,
        }
    }

    /// Drops the oldest message whose place `more` may have, if it needs one where `room` is all
    /// there is.
    ///
    /// Those of QoS 0 go first, and for one of QoS 0 no others go.
    pub(super) fn make_room_for(
        &mut self,
        more: Backlog,
        qos: QoS,
        room: Backlog,
    ) -> Option<Dropped> {
        let could_fit = more.octets <= room.octets && more.messages <= room.messages;
        if self.has_room_for(more, room) || !could_fit {
            return None;
        }
        if let Some(octets) = self.fleeting.drop_first() {
            self.octets -= octets;
            return Some(Dropped::Fleeting);
        }
        let may_go = qos != QoS::AtMostOnce;
        let waiting = if may_go { self.lasting.pop_front() } else { None }?;
        self.octets -= waiting.outbound.octets();
        Some(Dropped::Lasting(waiting))
    }

    /// Whether `more` may wait where `room` is all there is.
    pub(super) fn has_room_for(&self, more: Backlog, room: Backlog) -> bool {
        self.len() + more.messages <= room.messages && self.octets + more.octets <= room.octets
    }

    /// Puts a message at the end, which may not leave before `after` is durable: its place, or
    /// `None` when `room` is all there is, and it is dropped.
    pub(super) fn push(
        &mut self,
        outbound: Outbound,
        after: Option<Position>,
        room: Backlog,
    ) -> Option<u64> {
        if !self.has_room_for(Backlog { messages: 1, octets: outbound.octets() }, room) {
            return None;
        }
        self.put(self.arrivals + 1, outbound, after);
        Some(self.arrivals)
    }

    /// Puts all messages of a run at the end; `false`, and none of them, when `room` is all there
    /// is.
    pub(super) fn push_run(&mut self, run: &PublishRun, room: Backlog) -> bool {
        let more = Backlog::of(run);
        let has_room = self.has_room_for(more, room);
        if has_room {
            self.fleeting.push(Next::Run(self.arrivals + 1, run.clone()));
            self.arrivals += more.messages as u64;
            self.octets += more.octets;
        }
        has_room
    }

    /// Puts a message that was taken over earlier at its place, behind all others.
    pub(super) fn restore(&mut self, arrival: u64, outbound: Outbound) {
        debug_assert!(arrival > self.arrivals);
        self.put(arrival, outbound, None);
    }

    /// Counts on from `arrival`: it and those before it were taken earlier.
    pub(super) fn resume_after(&mut self, arrival: u64) {
        self.arrivals = self.arrivals.max(arrival);
    }

    fn put(&mut self, arrival: u64, outbound: Outbound, after: Option<Position>) {
        self.octets += outbound.octets();
        self.arrivals = arrival;
        let waiting = Waiting { arrival, outbound, after };
        match waiting.outbound.qos {
            QoS::AtMostOnce => self.fleeting.push(Next::Message(waiting)),
            QoS::AtLeastOnce | QoS::ExactlyOnce => self.lasting.push_back(waiting),
        }
    }

    /// Takes what is next; without `room` for QoS 1 and 2, the next of QoS 0.
    pub(super) fn pop(&mut self, room: bool) -> Option<Next> {
        let next = match self.next(room)? {
            QoS::AtMostOnce => self.fleeting.pop()?,
            QoS::AtLeastOnce | QoS::ExactlyOnce => {
                let waiting = self.lasting.pop_front()?;
                shed(&mut self.lasting);
                Next::Message(waiting)
            }
        };
        self.octets -= next.held().octets;
        Some(next)
    }

    /// Whether [`pop`](Self::pop) would give a message, or there is one to be fetched.
    pub(super) fn has_next(&self, room: bool) -> bool {
        self.wants_rest() || self.next(room).is_some()
    }

    /// The QoS, or one like it, of the message that is next.
    fn next(&self, room: bool) -> Option<QoS> {
        let (fleeting, lasting) = self.fronts();
        let (next, qos) = match (fleeting, lasting) {
            // [MQTT-4.6.0-5] [MQTT-4.6.0-6] As they came: no topic is out of order.
            (Some(fleeting), Some(lasting)) if room && lasting < fleeting => {
                (lasting, QoS::AtLeastOnce)
            }
            (Some(fleeting), _) => (fleeting, QoS::AtMostOnce),
            (None, Some(lasting)) if room => (lasting, QoS::AtLeastOnce),
            (None, _) => return None,
        };
        match self.owed() {
            // It waits for a rest, as long as that does not wait for acknowledgements itself.
            Some(rest) if next > rest && lasting.is_none_or(|lasting| lasting > rest) => None,
            _ => Some(qos),
        }
    }

    /// The place of the first rest.
    fn owed(&self) -> Option<u64> {
        Some(self.rests.as_ref()?.front()?.0)
    }

    /// Whether it is the turn of retained messages that are to be fetched.
    pub(super) fn wants_rest(&self) -> bool {
        let Some(rest) = self.owed() else { return false };
        let (fleeting, lasting) = self.fronts();
        fleeting.into_iter().chain(lasting).all(|arrival| arrival > rest)
    }

    /// The places of the first of both lines.
    fn fronts(&self) -> (Option<u64>, Option<u64>) {
        (self.fleeting.first(), self.lasting.front().map(|waiting| waiting.arrival))
    }

    /// Owes retained messages, behind all that waits.
    pub(super) fn owe(&mut self, rest: Rest) {
        self.arrivals += 1;
        self.rests.get_or_insert_default().push_back((self.arrivals, rest));
    }

    /// Owes what is retained for the subscription `filter` no more.
    pub(super) fn owe_no_more(&mut self, filter: &TopicFilter) {
        self.retain_rests(|rest| rest.filter != *filter);
    }

    fn retain_rests(&mut self, stays: impl Fn(&Rest) -> bool) {
        if let Some(rests) = &mut self.rests {
            rests.retain(|(_, rest)| stays(rest));
            if rests.is_empty() {
                self.rests = None;
            }
        }
    }

    /// Fetches retained messages whose turn it is, of topics that the Client may read.
    pub(super) fn fetch_rest(
        &mut self,
        retained: &Retained,
        may_read: impl Fn(&TopicName) -> bool,
    ) {
        while self.wants_rest() {
            let Some((arrival, rest)) = self.rests.as_mut().and_then(|rests| rests.front_mut())
            else {
                return;
            };
            let arrival = *arrival;
            let (fetched, has_more) = rest.fetch(retained, &may_read);
            if !has_more {
                self.rests = self.rests.take().filter(|rests| rests.len() > 1);
                self.rests.as_mut().map(|rests| rests.pop_front());
            }
            // In front of what came later.
            for outbound in fetched.into_iter().rev() {
                self.octets += outbound.octets();
                let waiting = Waiting { arrival, outbound, after: None };
                match waiting.outbound.qos {
                    QoS::AtMostOnce => self.fleeting.push_front(Next::Message(waiting)),
                    QoS::AtLeastOnce | QoS::ExactlyOnce => self.lasting.push_front(waiting),
                }
            }
        }
    }

    /// Drops the messages of QoS 0: nobody is there to send them to.
    pub(super) fn drop_fleeting(&mut self) {
        self.octets -= std::mem::replace(&mut self.fleeting, Fleeting::new()).octets();
        self.retain_rests(|rest| !rest.is_fleeting && rest.qos != QoS::AtMostOnce);
    }

    /// How many octets of topic and payload wait.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    /// How many of QoS 0 wait.
    pub(super) fn fleeting(&self) -> usize {
        self.fleeting.len()
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.fleeting.len() + self.lasting.len()
    }
}

/// A Client that has caught up keeps no memory for what might wait for it.
fn shed<T>(line: &mut VecDeque<T>) {
    if line.is_empty() && line.capacity() > SPARE {
        *line = VecDeque::new();
    }
}

impl Empty for Queue {
    fn empty() -> &'static Self {
        static EMPTY: Queue = Queue::new();
        &EMPTY
    }

    fn new_empty() -> Self {
        Self::new()
    }
}

/// For so many messages an empty line keeps its memory.
const SPARE: usize = 128;

#[cfg(test)]
mod tests;
