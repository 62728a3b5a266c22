//! The Session: what the Server keeps of a Client, whether it is connected or not.
//!
//! Subscriptions, messages on their way in both directions, messages that wait; and, while the
//! Client is connected, which connection that is and the Will it left.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-3.8.4-6], [MQTT-4.1.0-1], [MQTT-4.4.0-1],
//! [MQTT-4.5.0-1]. Not here: when a Session begins and ends (`sessions`).

mod ownership;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::queue::{Queue, Waiting};
use super::routing::Routed;
use super::{
    Change, CloseReason, KeptCopy, KeptDelivery, KeptMessage, KeptSession, Limits, Position,
    Rights, SessionNumber, Unit,
};
use crate::packet::{
    ClientId, Delivery, Packet, PacketId, Puback, Pubcomp, Pubrec, Pubrel, QoS, Text, Will,
};
use crate::session::{Completed, Outbound, Received, Receiving, Sending, UnexpectedAck};
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
    /// The user it belongs to, if any.
    owner: Option<Text>,
    /// What its Client may do.
    rights: Rights,
    subscriptions: BTreeMap<TopicFilter, QoS>,
    sending: Sending,
    receiving: Receiving,
    queue: Queue,
    /// What the Client has not answered on an earlier connection and is yet to be sent on this one.
    resend: VecDeque<Packet>,
    attachment: Option<Attachment<C>>,
    dropped: u64,
    /// How many of those somebody was told of.
    dropped_told: u64,
    keeping: Option<Keeping>,
}

/// What a Session needs to know in order to outlive the server.
#[derive(Clone, Debug)]
struct Keeping {
    number: SessionNumber,
    /// The place of each delivery that has an identifier.
    orders: BTreeMap<PacketId, u64>,
    /// What has to be durable before a Client may see the Session as it is now.
    recorded: Option<Position>,
}

/// The Network Connection that a Session has at the moment.
#[derive(Clone, Debug)]
struct Attachment<C> {
    connection: C,
    will: Option<Will>,
    /// Whether the connection has taken all there was to send, and waits to be woken.
    idle: bool,
    /// Why it has to end, if it has to.
    dismissed: Option<CloseReason>,
}

/// How many messages for one Client may share the memory that they were read into.
///
/// While a Client keeps up this saves a copy. One that does not would keep for each small message
/// the whole buffer that it came in, far beyond what the limits of the queue count.
const LIVE: usize = 64;

impl<C> Session<C> {
    /// A Session without subscriptions and messages; with a number it outlives the server.
    pub(super) fn new(clean: bool, number: Option<SessionNumber>, limits: &Limits) -> Self {
        debug_assert!(!clean || number.is_none());
        Self {
            clean,
            owner: None,
            rights: Rights::all(),
            subscriptions: BTreeMap::new(),
            sending: Sending::new(limits.max_in_flight),
            receiving: Receiving::default(),
            queue: Queue::new(limits),
            resend: VecDeque::new(),
            attachment: None,
            dropped: 0,
            dropped_told: 0,
            keeping: number.map(Keeping::new),
        }
    }

    /// A Session as an earlier server has left it.
    pub(super) fn restored(number: SessionNumber, kept: KeptSession, limits: &Limits) -> Self {
        let KeptSession { owner, subscriptions, deliveries, received, .. } = kept;
        let mut keeping = Keeping::new(number);
        let mut queue = Queue::new(limits);
        let (mut sent, mut released) = (Vec::new(), Vec::new());
        for (order, delivery) in deliveries {
            match delivery {
                KeptDelivery::Waiting(copy) => queue.restore(order, copy.into()),
                KeptDelivery::Sent(packet_id, copy) => {
                    queue.resume_after(order);
                    keeping.orders.insert(packet_id, order);
                    sent.push((packet_id, copy.into()));
                }
                KeptDelivery::Released(packet_id) => {
                    queue.resume_after(order);
                    keeping.orders.insert(packet_id, order);
                    released.push(packet_id);
                }
            }
        }
        Self {
            owner,
            subscriptions,
            sending: Sending::resumed(limits.max_in_flight, sent, released),
            receiving: received.into_iter().collect(),
            queue,
            keeping: Some(keeping),
            ..Self::new(false, None, limits)
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

    /// How many were dropped, when that is worth a word: the first, and then twice as many.
    pub(super) fn dropped_news(&mut self) -> Option<u64> {
        let is_news = self.dropped > 0 && self.dropped >= 2 * self.dropped_told;
        is_news.then(|| {
            self.dropped_told = self.dropped;
            self.dropped
        })
    }

    /// What has to be durable before a Client may see the Session as it is now.
    pub(super) fn recorded(&self) -> Option<Position> {
        self.keeping.as_ref()?.recorded
    }

    /// Tells that it has begun, if it is one that outlives the server.
    pub(super) fn begin(&mut self, client_id: &ClientId, unit: &mut Unit<'_>) {
        let client_id = client_id.clone();
        self.record(unit, |session| Change::SessionBegun { session, client_id });
    }

    /// Tells that it has ended.
    pub(super) fn end(&mut self, unit: &mut Unit<'_>) {
        self.record(unit, |session| Change::SessionEnded { session });
    }

    /// Gives the Session its Network Connection.
    pub(super) fn attach(&mut self, connection: C, will: Option<Will>, unit: &mut Unit<'_>) {
        debug_assert!(self.attachment.is_none());
        if let Some(will) = will.clone() {
            self.record(unit, |session| Change::WillLeft { session, will });
        }
        // [MQTT-3.1.2-8] The Will stays with the connection it came on.
        self.attachment = Some(Attachment { connection, will, idle: false, dismissed: None });
        // [MQTT-4.4.0-1] What had no answer is sent again, before anything new.
        self.resend = self.sending.resend().collect();
    }

    /// Takes its Network Connection from the Session, and gives the connection and its Will.
    pub(super) fn detach(&mut self, unit: &mut Unit<'_>) -> Option<(C, Option<Will>)> {
        let will = self.take_will(unit);
        let Attachment { connection, .. } = self.attachment.take()?;
        self.resend.clear();
        self.queue.drop_fleeting();
        Some((connection, will))
    }

    /// Takes the Will, to publish it or to forget it; `None` also for one without the right to.
    pub(super) fn take_will(&mut self, unit: &mut Unit<'_>) -> Option<Will> {
        let will = self.attachment.as_mut()?.will.take()?;
        self.record(unit, |session| Change::WillGone { session });
        Some(will).filter(|will| self.rights.may_write(&will.topic))
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
            let filter = filter.clone();
            self.record(unit, |session| Change::Unsubscribed { session, filter });
        }
        there_was_one
    }

    /// Takes over a message for this Client, and says which connection to wake for it.
    ///
    /// `granted` is the greatest QoS of the subscriptions that match, `retain` what the Client is
    /// to see.
    pub(super) fn deliver(
        &mut self,
        routed: &Routed,
        granted: QoS,
        retain: bool,
        unit: &mut Unit<'_>,
    ) -> Option<&C> {
        if !self.rights.may_read(routed.topic()) {
            return None;
        }
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
        let is_kept = self.keeping.is_some() && qos != QoS::AtMostOnce;
        let kept = is_kept.then(|| message.clone());
        let outbound = Outbound { message, qos, retain };
        // A message of QoS 2 that its publisher may have to send again must not be with anyone
        // before it is known that it was taken over, or it comes twice.
        let after = if qos == QoS::ExactlyOnce { unit.recorded() } else { None };
        let Some(order) = self.queue.push(outbound, after) else {
            self.dropped += 1;
            return None;
        };
        if let Some(message) = kept
            && let Some(number) = routed.number(unit)
        {
            let message = KeptMessage { number, message };
            self.record(unit, |session| Change::Queued { session, order, message, qos, retain });
        }
        let has_next = self.queue.has_next(self.sending.has_room());
        let attachment = self.attachment.as_mut()?;
        if !attachment.idle || !has_next {
            return None;
        }
        attachment.idle = false;
        Some(&attachment.connection)
    }

    /// The next packet to send, if this connection may have one now, and what has to be durable
    /// before it leaves.
    ///
    /// After `None` the connection waits to be woken.
    pub(super) fn next_packet(
        &mut self,
        unit: &mut Unit<'_>,
    ) -> Option<(Packet, Option<Position>)> {
        if let Some(packet) = self.resend.pop_front() {
            return Some((packet, self.recorded()));
        }
        let next = self.next_readable(unit);
        let publish = next.and_then(|Waiting { arrival, outbound, after }| {
            let publish = self.sending.publish(outbound)?;
            if let Some(packet_id) = publish.delivery.packet_id() {
                self.sent(arrival, packet_id, unit);
            }
            Some((publish.into(), after.max(self.recorded())))
        });
        if let (None, Some(attachment)) = (&publish, &mut self.attachment) {
            attachment.idle = true;
        }
        publish
    }

    /// Tells that the delivery at place `order` has got its identifier.
    // [MQTT-4.4.0-1] It is sent again with that one, also by the next server.
    fn sent(&mut self, order: u64, packet_id: PacketId, unit: &mut Unit<'_>) {
        if let Some(keeping) = &mut self.keeping {
            keeping.orders.insert(packet_id, order);
            self.record(unit, |session| Change::Sent { session, order, packet_id });
        }
    }

    /// Takes in a PUBLISH of the Client.
    pub(super) fn publish(&mut self, delivery: Delivery, unit: &mut Unit<'_>) -> Received {
        let received = self.receiving.publish(delivery);
        if let (true, Delivery::ExactlyOnce { packet_id, .. }) = (received.is_new, delivery) {
            self.record(unit, |session| Change::Received { session, packet_id });
        }
        received
    }

    /// Takes in a PUBREL of the Client.
    pub(super) fn pubrel(&mut self, pubrel: Pubrel, unit: &mut Unit<'_>) -> Pubcomp {
        let packet_id = pubrel.packet_id;
        self.record(unit, |session| Change::Freed { session, packet_id });
        self.receiving.pubrel(pubrel)
    }

    /// Takes in a PUBACK of the Client.
    pub(super) fn puback(
        &mut self,
        puback: Puback,
        unit: &mut Unit<'_>,
    ) -> Result<(), UnexpectedAck> {
        let completed = self.sending.puback(puback)?;
        self.completed(completed, unit);
        Ok(())
    }

    /// Takes in a PUBREC of the Client.
    pub(super) fn pubrec(
        &mut self,
        pubrec: Pubrec,
        unit: &mut Unit<'_>,
    ) -> Result<Pubrel, UnexpectedAck> {
        let pubrel = self.sending.pubrec(pubrec)?;
        let packet_id = pubrel.packet_id;
        if let Some(&order) = self.keeping.as_ref().and_then(|kept| kept.orders.get(&packet_id)) {
            self.record(unit, |session| Change::Released { session, order, packet_id });
        }
        Ok(pubrel)
    }

    /// Takes in a PUBCOMP of the Client.
    pub(super) fn pubcomp(
        &mut self,
        pubcomp: Pubcomp,
        unit: &mut Unit<'_>,
    ) -> Result<(), UnexpectedAck> {
        let completed = self.sending.pubcomp(pubcomp)?;
        self.completed(completed, unit);
        Ok(())
    }

    /// Tells what has come to its end.
    fn completed(&mut self, completed: Completed, unit: &mut Unit<'_>) {
        let (Completed::Delivery(packet_id), Some(keeping)) = (completed, &mut self.keeping) else {
            return;
        };
        if let Some(order) = keeping.orders.remove(&packet_id) {
            self.record(unit, |session| Change::Completed { session, order });
        }
    }

    /// Tells of a change, if the Session is one that outlives the server.
    fn record(&mut self, unit: &mut Unit<'_>, change: impl FnOnce(SessionNumber) -> Change) {
        if let Some(keeping) = &mut self.keeping {
            unit.record(change(keeping.number));
            keeping.recorded = unit.recorded();
        }
    }
}

impl Keeping {
    const fn new(number: SessionNumber) -> Self {
        Self { number, orders: BTreeMap::new(), recorded: None }
    }
}

impl From<KeptCopy> for Outbound {
    fn from(copy: KeptCopy) -> Self {
        let KeptCopy { message, qos, retain } = copy;
        Self { message: message.message, qos, retain }
    }
}

impl<C: PartialEq> Session<C> {
    /// Whether `connection` is the one it has.
    pub(super) fn is_attached_to(&self, connection: &C) -> bool {
        self.attachment.as_ref().is_some_and(|attachment| attachment.connection == *connection)
    }
}
