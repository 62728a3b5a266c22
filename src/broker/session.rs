//! The Session: what the Server keeps of a Client, whether it is connected or not.
//!
//! Subscriptions, messages on their way in both directions, messages that wait; and, while the
//! Client is connected, which connection that is and the Will it left.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-8], [MQTT-3.10.4-3], [MQTT-4.4.0-1]. Not here: when a
//! Session begins and ends (`sessions`), messages for its Client (`delivering`), what the Client
//! publishes and answers (`answering`), which connection has it next (`line`), what was told of it (`tally`), and what
//! outlives the server (`keeping`).

mod absence;
mod answering;
mod delivering;
mod keeping;
mod line;
mod name;
mod ownership;
mod tally;

use std::collections::{BTreeMap, VecDeque};

use self::absence::Since;
pub(super) use self::delivering::ToSend;
use self::keeping::Keeping;
use self::line::Line;
pub(super) use self::line::Turn;
pub use self::name::SessionName;
use self::tally::Tally;
use super::queue::Queue;
use super::{Backlog, Change, CloseReason, Limits, Rights, SessionNumber, Unit};
use crate::packet::{Packet, QoS, Text, Will};
use crate::session::{Receiving, Sending, Sparse};
use crate::topic::TopicFilter;

/// What the Server keeps of a Client; `C` is the holder's way to reach a connection.
///
/// What few of a hundred thousand Sessions have stands in a box.
#[derive(Clone, Debug)]
pub struct Session<C> {
    /// Whether it ends with its Network Connection.
    clean: bool,
    /// Whether it counts for nothing any more.
    has_ended: bool,
    /// The user it belongs to, if any.
    owner: Option<Box<Text>>,
    /// What its Client may do.
    rights: Rights,
    subscriptions: BTreeMap<TopicFilter, QoS>,
    sending: Sending,
    receiving: Receiving,
    queue: Sparse<Queue>,
    /// What the Client has not answered on an earlier connection and is yet to be sent on this one.
    #[expect(clippy::box_collection, reason = "a Session is small, and nearly none has any")]
    resend: Option<Box<VecDeque<Packet>>>,
    attachment: Option<Attachment<C>>,
    line: Option<Box<Line<C>>>,
    tally: Sparse<Tally>,
    /// When it was first seen without its Client.
    absent_since: Option<Since>,
    keeping: Option<Box<Keeping>>,
}

/// The Network Connection that a Session has at the moment.
#[derive(Clone, Debug)]
struct Attachment<C> {
    connection: C,
    will: Option<Box<Will>>,
    /// Whether the connection has taken all there was to send, and waits to be woken.
    idle: bool,
    /// Whether its Client is being heard out, as another connection waits.
    parting: bool,
    /// Why it has to end, if it has to.
    dismissed: Option<Box<CloseReason>>,
}

impl<C> Session<C> {
    /// A Session without subscriptions and messages; with a number it outlives the server.
    pub(super) fn new(clean: bool, number: Option<SessionNumber>, limits: &Limits) -> Self {
        debug_assert!(!clean || number.is_none());
        Self {
            clean,
            has_ended: false,
            owner: None,
            rights: Rights::all(),
            subscriptions: BTreeMap::new(),
            sending: Sending::new(limits.max_in_flight),
            receiving: Receiving::default(),
            queue: Sparse::new(),
            resend: None,
            attachment: None,
            line: None,
            tally: Sparse::new(),
            absent_since: None,
            keeping: number.map(|number| Box::new(Keeping::new(number))),
        }
    }

    /// Whether it ends with its Network Connection.
    pub fn is_clean(&self) -> bool {
        self.clean
    }

    /// Makes it end with its Network Connection, whatever it was begun as.
    pub(super) fn end_with_connection(&mut self) {
        self.clean = true;
    }

    /// Whether its Client is connected.
    pub fn is_connected(&self) -> bool {
        self.attachment.is_some()
    }

    /// When it was first seen without its Client, on the clock of
    /// [`Broker::expire`](super::Broker::expire); `None` while it has one, or nobody has looked.
    pub fn absent_since(&self) -> Option<u64> {
        self.absent_since.map(Since::seconds)
    }

    /// The filters it is subscribed to, with the greatest QoS of each.
    pub fn subscriptions(&self) -> &BTreeMap<TopicFilter, QoS> {
        &self.subscriptions
    }

    /// How many messages wait, and how many are on their way without an acknowledgement.
    pub fn backlog(&self) -> (usize, usize) {
        (self.queue.len(), self.sending.in_flight())
    }

    /// How many messages of QoS 0 wait: for the network, and for nothing else.
    pub(super) fn fleeting(&self) -> usize {
        self.queue.fleeting()
    }

    /// How many octets of topic and payload wait.
    pub fn queued_octets(&self) -> usize {
        self.queue.octets()
    }

    /// Whether messages wait because too many are on their way without an acknowledgement.
    pub(super) fn waits_for_answers(&self) -> bool {
        !self.sending.has_room() && self.queue.has_next(true)
    }

    /// What it holds for its Client: what waits, and what is on its way.
    pub fn held(&self) -> Backlog {
        Backlog {
            messages: self.queue.len() + self.sending.in_flight(),
            octets: self.queue.octets() + self.sending.octets(),
        }
    }

    /// Gives the Session its Network Connection.
    pub(super) fn attach(&mut self, connection: C, will: Option<Will>, unit: &mut Unit<'_>) {
        debug_assert!(self.attachment.is_none());
        self.returned(unit);
        if let Some(will) = will.clone() {
            self.record(unit, |session| Change::WillLeft { session, will });
        }
        // [MQTT-3.1.2-8] The Will stays with the connection it came on.
        let will = will.map(Box::new);
        self.attachment =
            Some(Attachment { connection, will, idle: false, parting: false, dismissed: None });
        // [MQTT-4.4.0-1] What had no answer is sent again, before anything new.
        let mut resend = self.sending.resend().peekable();
        self.resend = resend.peek().is_some().then(|| Box::new(resend.collect()));
    }

    /// Takes its Network Connection from the Session, and gives the Will that came on it.
    pub(super) fn detach(&mut self, unit: &mut Unit<'_>) -> Option<Will> {
        let will = self.take_will(unit);
        self.attachment = None;
        self.resend = None;
        if let Some(queue) = self.queue.as_mut() {
            queue.drop_fleeting();
        }
        will
    }

    /// Takes the Will, to publish it or to forget it; `None` also for one without the right to.
    pub(super) fn take_will(&mut self, unit: &mut Unit<'_>) -> Option<Will> {
        let will = self.attachment.as_mut()?.will.take()?;
        self.record(unit, |session| Change::WillGone { session });
        Some(*will).filter(|will| self.rights.may_write(&will.topic))
    }

    /// Adds or replaces a subscription; `false` when there is no room for another.
    pub(super) fn subscribe(
        &mut self,
        filter: &TopicFilter,
        qos: QoS,
        limits: &Limits,
        unit: &mut Unit<'_>,
    ) -> bool {
        if let Some(granted) = self.subscriptions.get_mut(filter) {
            *granted = qos;
            self.owe_no_more(filter);
        } else if self.subscriptions.len() < limits.max_subscriptions {
            self.subscriptions.insert(filter.clone(), qos);
        } else {
            return false;
        }
        let filter = filter.clone();
        self.record(unit, |session| Change::Subscribed { session, filter, qos });
        true
    }

    /// Removes a subscription; `false` when there was none with this very filter.
    pub(super) fn unsubscribe(&mut self, filter: &TopicFilter, unit: &mut Unit<'_>) -> bool {
        // [MQTT-3.10.4-3] Only what is yet to come is affected: messages on their way stay where
        // they are, and end as they would have.
        let there_was_one = self.subscriptions.remove(filter).is_some();
        if there_was_one {
            self.owe_no_more(filter);
            let filter = filter.clone();
            self.record(unit, |session| Change::Unsubscribed { session, filter });
        }
        there_was_one
    }
}

impl<C: PartialEq> Session<C> {
    /// Whether `connection` is the one it has.
    pub(super) fn is_attached_to(&self, connection: &C) -> bool {
        self.attachment.as_ref().is_some_and(|attachment| attachment.connection == *connection)
    }
}
