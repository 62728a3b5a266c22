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

/// What is next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Next {
    Message(Waiting),
    /// Messages of QoS 0.
    Run(PublishRun),
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

    /// Drops the oldest message whose place one of so many `octets` may have, if it needs one where
    /// `room` is all there is.
    ///
    /// Those of QoS 0 go first, and for one of QoS 0 no others go.
    pub(super) fn make_room_for(
        &mut self,
        octets: usize,
        qos: QoS,
        room: Backlog,
    ) -> Option<Dropped> {
        let could_fit = octets <= room.octets && room.messages > 0;
        if self.has_room_for(Backlog { messages: 1, octets }, room) || !could_fit {
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

    fn has_room_for(&self, more: Backlog, room: Backlog) -> bool {
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
        let more = Backlog { messages: run.len(), octets: run.message_octets() };
        let has_room = self.has_room_for(more, room);
        if has_room {
            self.fleeting.push_run(self.arrivals + 1, run.clone());
            self.arrivals += run.len() as u64;
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
            QoS::AtMostOnce => self.fleeting.push(waiting),
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
        self.octets -= match &next {
            Next::Message(waiting) => waiting.outbound.octets(),
            Next::Run(run) => run.message_octets(),
        };
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
                    QoS::AtMostOnce => self.fleeting.push_front(waiting),
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
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::packet::{Delivery, Packet, Publish, PublishRunWriter};
    use crate::session::Message;
    use crate::topic::TopicName;

    fn outbound(qos: QoS, payload: &'static str) -> Outbound {
        let topic = TopicName::new("t").unwrap();
        let message = Message { topic, payload: Bytes::from(payload), qos, retain: false };
        Outbound { message: Arc::new(message), qos, retain: false }
    }

    /// Room for all that a test has.
    const ROOM: Backlog = Backlog { messages: 9, octets: 99 };

    fn drain(queue: &mut Queue, room: bool) -> Vec<Bytes> {
        let payloads = |next| match next {
            Next::Message(waiting) => vec![waiting.outbound.message.payload.clone()],
            Next::Run(run) => run.packets().map(payload).collect(),
        };
        std::iter::from_fn(|| queue.pop(room)).flat_map(payloads).collect()
    }

    fn payload(packet: Packet) -> Bytes {
        let Packet::Publish(publish) = packet else { panic!("{packet}") };
        publish.payload
    }

    fn run(payloads: &[&'static str]) -> PublishRun {
        let mut writer = PublishRunWriter::default();
        for &payload in payloads {
            let (topic, payload) = (TopicName::new("t").unwrap(), Bytes::from(payload));
            let delivery = Delivery::AtMostOnce;
            writer.push(&Publish { topic, payload, delivery, retain: false });
        }
        writer.finish().unwrap()
    }

    fn mixed() -> Queue {
        let mut queue = Queue::new();
        for (qos, payload) in [
            (QoS::AtLeastOnce, "1"),
            (QoS::AtMostOnce, "2"),
            (QoS::ExactlyOnce, "3"),
            (QoS::AtMostOnce, "4"),
        ] {
            assert!(queue.push(outbound(qos, payload), None, ROOM).is_some());
        }
        queue
    }

    #[test]
    fn messages_leave_in_the_order_they_came() {
        // MQTT-4.6.0-5, MQTT-4.6.0-6
        assert_eq!(drain(&mut mixed(), true), ["1", "2", "3", "4"]);
    }

    #[test]
    fn qos_0_does_not_wait_for_acknowledgements() {
        let mut queue = mixed();
        assert_eq!(drain(&mut queue, false), ["2", "4"]);
        assert_eq!(drain(&mut queue, true), ["1", "3"]);
        assert_eq!(queue.octets, 0);
    }

    #[test]
    fn qos_0_is_not_kept_for_an_absent_client() {
        let mut queue = mixed();
        queue.drop_fleeting();
        assert_eq!(drain(&mut queue, true), ["1", "3"]);
        assert_eq!(queue.octets, 0);
    }

    #[test]
    fn the_oldest_make_room_and_qos_0_goes_first() {
        let room = Backlog { messages: 4, octets: 10 };
        let mut queue = mixed();
        let place = |dropped| match dropped {
            Dropped::Fleeting => 0,
            Dropped::Lasting(waiting) => waiting.arrival,
        };
        let mut push = |qos, payload| {
            let outbound = outbound(qos, payload);
            let octets = outbound.octets();
            let made = std::iter::from_fn(|| queue.make_room_for(octets, qos, room));
            let dropped: Vec<_> = made.map(place).collect();
            (dropped, queue.push(outbound, None, room).is_some())
        };
        assert_eq!(push(QoS::AtLeastOnce, "5"), (vec![0], true));
        assert_eq!(push(QoS::AtMostOnce, "6"), (vec![0], true));
        assert_eq!(push(QoS::ExactlyOnce, "7"), (vec![0], true));
        assert_eq!(push(QoS::ExactlyOnce, "8"), (vec![1], true));
        assert_eq!(push(QoS::AtMostOnce, "9"), (vec![], false), "QoS 0 pushes out no other");
        assert_eq!(drain(&mut queue, true), ["3", "5", "7", "8"]);
        assert_eq!(queue.octets, 0);

        let mut queue = Queue::new();
        for payload in ["1", "2", "3"] {
            assert!(queue.push(outbound(QoS::AtLeastOnce, payload), None, room).is_some());
        }
        let mut make_room = |octets| queue.make_room_for(octets, QoS::AtLeastOnce, room).map(place);
        assert_eq!(make_room(11), None, "it cannot have any, so nobody goes");
        assert_eq!(make_room(5), Some(1));
        assert_eq!(make_room(5), None);
        assert!(queue.push(outbound(QoS::AtLeastOnce, "4567"), None, room).is_some());
    }

    #[test]
    fn a_run_stands_in_line_as_its_messages_would() {
        // MQTT-4.6.0-5, MQTT-4.6.0-6
        let mut queue = mixed();
        assert!(queue.push_run(&run(&["5", "6"]), ROOM));
        assert_eq!(queue.push(outbound(QoS::AtLeastOnce, "7"), None, ROOM), Some(7));
        assert_eq!((queue.len(), queue.fleeting(), queue.octets()), (7, 4, 14));
        assert_eq!(drain(&mut queue.clone(), false), ["2", "4", "5", "6"]);
        assert_eq!(drain(&mut queue, true), ["1", "2", "3", "4", "5", "6", "7"]);
        assert_eq!((queue.len(), queue.octets()), (0, 0));
    }

    #[test]
    fn a_run_comes_in_as_a_whole_or_not_at_all() {
        let room = Backlog { messages: 3, octets: 8 };
        let mut queue = Queue::new();
        assert!(queue.push_run(&run(&["1"]), room));
        assert!(!queue.push_run(&run(&["2", "3", "4"]), room), "a fourth message");
        assert!(!queue.push_run(&run(&["0123", "4"]), room), "nine octets");
        assert!(queue.push_run(&run(&["012", "3"]), room), "eight");
        assert_eq!(drain(&mut queue, true), ["1", "012", "3"]);
    }

    #[test]
    fn of_a_run_one_message_goes_after_the_other() {
        let room = Backlog { messages: 3, octets: 9 };
        let mut queue = Queue::new();
        assert!(queue.push_run(&run(&["1", "22"]), room));
        assert!(queue.push(outbound(QoS::AtLeastOnce, "3"), None, room).is_some());
        let mut make_room = || queue.make_room_for(2, QoS::AtMostOnce, room);
        assert_eq!(make_room(), Some(Dropped::Fleeting));
        assert_eq!(make_room(), None);
        assert_eq!((queue.len(), queue.octets()), (2, 5));
        assert!(queue.push_run(&run(&["4"]), room));
        assert_eq!(drain(&mut queue, true), ["22", "3", "4"]);
        assert_eq!(queue.octets(), 0);
    }

    #[test]
    fn what_is_left_of_a_run_stands_behind_what_came_before_it() {
        // MQTT-4.6.0-5, MQTT-4.6.0-6
        let room = Backlog { messages: 3, octets: 9 };
        let mut queue = Queue::new();
        assert!(queue.push(outbound(QoS::AtLeastOnce, "1"), None, room).is_some());
        assert!(queue.push_run(&run(&["2", "3"]), room));
        assert_eq!(queue.make_room_for(2, QoS::AtMostOnce, room), Some(Dropped::Fleeting));
        assert_eq!(drain(&mut queue, true), ["1", "3"]);
    }

    #[test]
    fn who_has_caught_up_keeps_no_memory_for_a_backlog() {
        let room = Backlog { messages: 1_000, octets: 10_000 };
        let mut queue = Queue::new();
        for _ in 0..1_000 {
            assert!(queue.push(outbound(QoS::AtMostOnce, ""), None, room).is_some());
        }
        assert_eq!(drain(&mut queue, true).len(), 1_000);
        assert!(queue.fleeting.room() <= SPARE);
    }

    #[test]
    fn both_limits_hold() {
        let room = Backlog { messages: 2, octets: 10 };
        let mut queue = Queue::new();
        let mut push = |qos, payload| queue.push(outbound(qos, payload), None, room).is_some();
        assert!(push(QoS::AtLeastOnce, ""));
        assert!(!push(QoS::AtLeastOnce, "0123456789"), "eleven octets");
        assert!(push(QoS::AtMostOnce, ""));
        assert!(!push(QoS::AtMostOnce, ""), "a third message");
        assert_eq!(queue.len(), 2);
    }
}
