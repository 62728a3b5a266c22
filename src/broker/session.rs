//! The Session: what the Server keeps of a Client, whether it is connected or not.
//!
//! Subscriptions, messages on their way in both directions, messages that wait; and, while the
//! Client is connected, which connection that is and the Will it left.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-3.8.4-6], [MQTT-4.1.0-1], [MQTT-4.4.0-1],
//! [MQTT-4.5.0-1]. Not here: when a Session begins and ends (`sessions`).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::Limits;
use super::queue::Queue;
use super::routing::Routed;
use crate::packet::{ClientId, Delivery, Packet, Puback, Pubcomp, Pubrec, Pubrel, QoS, Will};
use crate::session::{Outbound, Received, Receiving, Sending, UnexpectedAck};
use crate::topic::TopicFilter;

/// Whose Session it is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SessionName {
    /// The Client's own identifier.
    Given(ClientId),
    /// A number, for a Client that gave no identifier.
    // [MQTT-3.1.3-6] Unique, and no other Client can come by it: no identifier spells it.
    Assigned(u64),
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(client_id) => write!(f, "{:?}", client_id.as_str()),
            Self::Assigned(number) => write!(f, "(unnamed {number})"),
        }
    }
}

/// What the Server keeps of a Client; `C` is the holder's way to reach a connection.
#[derive(Clone, Debug)]
pub struct Session<C> {
    /// Whether it ends with its Network Connection.
    clean: bool,
    subscriptions: BTreeMap<TopicFilter, QoS>,
    sending: Sending,
    receiving: Receiving,
    queue: Queue,
    /// What the Client has not answered on an earlier connection and is yet to be sent on this one.
    resend: VecDeque<Packet>,
    attachment: Option<Attachment<C>>,
    dropped: u64,
}

/// The Network Connection that a Session has at the moment.
#[derive(Clone, Debug)]
struct Attachment<C> {
    connection: C,
    will: Option<Will>,
    /// Whether the connection has taken all there was to send, and waits to be woken.
    idle: bool,
}

/// How many messages for one Client may share the memory that they were read into.
///
/// While a Client keeps up this saves a copy. One that does not would keep for each small message
/// the whole buffer that it came in, far beyond what the limits of the queue count.
const LIVE: usize = 64;

impl<C> Session<C> {
    /// A Session without subscriptions and messages.
    pub(super) fn new(clean: bool, limits: &Limits) -> Self {
        Self {
            clean,
            subscriptions: BTreeMap::new(),
            sending: Sending::new(limits.max_in_flight),
            receiving: Receiving::default(),
            queue: Queue::new(limits),
            resend: VecDeque::new(),
            attachment: None,
            dropped: 0,
        }
    }

    /// Whether it ends with its Network Connection.
    pub fn is_clean(&self) -> bool {
        self.clean
    }

    /// Whether its Client is connected.
    pub fn is_connected(&self) -> bool {
        self.attachment.is_some()
    }

    /// The filters it is subscribed to, with the greatest QoS of each.
    pub fn subscriptions(&self) -> &BTreeMap<TopicFilter, QoS> {
        &self.subscriptions
    }

    /// How many messages wait, and how many are on their way without an acknowledgement.
    pub fn backlog(&self) -> (usize, usize) {
        (self.queue.len(), self.sending.in_flight())
    }

    /// How many messages found no room and were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Gives the Session its Network Connection.
    pub(super) fn attach(&mut self, connection: C, will: Option<Will>) {
        debug_assert!(self.attachment.is_none());
        // [MQTT-3.1.2-8] The Will stays with the connection it came on.
        self.attachment = Some(Attachment { connection, will, idle: false });
        // [MQTT-4.4.0-1] What had no answer is sent again, before anything new.
        self.resend = self.sending.resend().collect();
    }

    /// Takes its Network Connection from the Session, and gives the connection and its Will.
    pub(super) fn detach(&mut self) -> Option<(C, Option<Will>)> {
        let Attachment { connection, will, .. } = self.attachment.take()?;
        self.resend.clear();
        self.queue.drop_fleeting();
        Some((connection, will))
    }

    /// Forgets the Will.
    pub(super) fn discard_will(&mut self) {
        if let Some(attachment) = &mut self.attachment {
            attachment.will = None;
        }
    }

    /// Takes the Will, to publish it.
    pub(super) fn take_will(&mut self) -> Option<Will> {
        self.attachment.as_mut()?.will.take()
    }

    /// Adds or replaces a subscription; `false` when there is no room for another.
    pub(super) fn subscribe(&mut self, filter: &TopicFilter, qos: QoS, limits: &Limits) -> bool {
        if let Some(granted) = self.subscriptions.get_mut(filter) {
            *granted = qos;
            return true;
        }
        let has_room = self.subscriptions.len() < limits.max_subscriptions;
        if has_room {
            self.subscriptions.insert(filter.clone(), qos);
        }
        has_room
    }

    /// Removes a subscription; `false` when there was none with this very filter.
    pub(super) fn unsubscribe(&mut self, filter: &TopicFilter) -> bool {
        // [MQTT-3.10.4-3] Only what is yet to come is affected: messages on their way stay where
        // they are, and end as they would have.
        self.subscriptions.remove(filter).is_some()
    }

    /// Takes over a message for this Client, and says which connection to wake for it.
    ///
    /// `granted` is the greatest QoS of the subscriptions that match, `retain` what the Client is
    /// to see.
    pub(super) fn deliver(&mut self, routed: &Routed, granted: QoS, retain: bool) -> Option<&C> {
        // [MQTT-3.8.4-6] No better than it was published, and no better than was granted.
        let qos = routed.qos().min(granted);
        let waiting = self.queue.len() + self.sending.in_flight();
        let message = match &self.attachment {
            Some(_) if waiting < LIVE => routed.live().clone(),
            // For an absent Client QoS 0 need not be kept (U-3.1.2.4-1), and is not;
            None if qos == QoS::AtMostOnce => return None,
            // [MQTT-3.1.2-5] QoS 1 and 2 must be, and are.
            _ => routed.kept().clone(),
        };
        // [MQTT-4.5.0-1] From here on the message is part of the Session.
        if !self.queue.push(Outbound { message, qos, retain }) {
            self.dropped += 1;
            return None;
        }
        let has_next = self.queue.has_next(self.sending.has_room());
        let attachment = self.attachment.as_mut()?;
        if !attachment.idle || !has_next {
            return None;
        }
        attachment.idle = false;
        Some(&attachment.connection)
    }

    /// The next packet to send, if this connection may have one now.
    ///
    /// After `None` the connection waits to be woken.
    pub(super) fn next_packet(&mut self) -> Option<Packet> {
        if let Some(packet) = self.resend.pop_front() {
            return Some(packet);
        }
        let next = self.queue.pop(self.sending.has_room());
        let publish = next.and_then(|outbound| self.sending.publish(outbound));
        if let (None, Some(attachment)) = (&publish, &mut self.attachment) {
            attachment.idle = true;
        }
        publish.map(Packet::from)
    }

    /// Takes in a PUBLISH of the Client.
    pub(super) fn publish(&mut self, delivery: Delivery) -> Received {
        self.receiving.publish(delivery)
    }

    /// Takes in a PUBREL of the Client.
    pub(super) fn pubrel(&mut self, pubrel: Pubrel) -> Pubcomp {
        self.receiving.pubrel(pubrel)
    }

    /// Takes in a PUBACK of the Client.
    pub(super) fn puback(&mut self, puback: Puback) -> Result<(), UnexpectedAck> {
        self.sending.puback(puback).map(drop)
    }

    /// Takes in a PUBREC of the Client.
    pub(super) fn pubrec(&mut self, pubrec: Pubrec) -> Result<Pubrel, UnexpectedAck> {
        self.sending.pubrec(pubrec)
    }

    /// Takes in a PUBCOMP of the Client.
    pub(super) fn pubcomp(&mut self, pubcomp: Pubcomp) -> Result<(), UnexpectedAck> {
        self.sending.pubcomp(pubcomp).map(drop)
    }
}

impl<C: PartialEq> Session<C> {
    /// Whether `connection` is the one it has.
    pub(super) fn is_attached_to(&self, connection: &C) -> bool {
        self.attachment.as_ref().is_some_and(|attachment| attachment.connection == *connection)
    }
}
