//! Messages for the Client: from the publisher's hand into the queue, and from there to the network.
//!
//! Clauses: [MQTT-3.1.2-5], [MQTT-3.8.4-6], [MQTT-4.4.0-1], [MQTT-4.5.0-1]. Not here: who gets a
//! message (`routing`), and what has no room (`queue`).

use super::Session;
use crate::broker::backlog::UNTOLD;
use crate::broker::queue::{Dropped, Next, Waiting};
use crate::broker::rest::{AT_ONCE, Rest};
use crate::broker::routing::Routed;
use crate::broker::{
    Backlog, Bound, Change, CloseReason, KeptMessage, Limits, Position, QueuePolicy, Retained, Unit,
};
use crate::packet::{Packet, PacketId, PublishRun, QoS};
use crate::session::Outbound;
use crate::topic::{TopicFilter, TopicName};

/// How many messages for one Client may share the memory that they were read into.
///
/// While a Client keeps up this saves a copy. One that does not would keep for each small message
/// the whole buffer that it came in, far beyond what the limits of the queue count.
const LIVE: usize = 64;

/// What a Session has for its connection.
#[derive(Debug)]
pub(in crate::broker) enum ToSend {
    /// A packet, and what has to be durable before it leaves.
    Packet(Packet, Option<Position>),
    /// Messages of QoS 0, which wait for nothing.
    Run(PublishRun),
}

impl<C> Session<C> {
    /// How much may wait for this Client, `more` among it; `all` is what all Sessions hold.
    pub(in crate::broker) fn room(
        &self,
        more: Backlog,
        limits: &Limits,
        all: impl FnOnce() -> Backlog,
    ) -> Backlog {
        let (messages, max_octets) = (limits.max_queued_messages, limits.max_queued_octets);
        let most = Backlog { messages, octets: max_octets };
        let held = self.held();
        let (messages, octets) = (held.messages + more.messages, held.octets + more.octets);
        let is_little = messages <= UNTOLD.messages && octets <= UNTOLD.octets;
        if is_little && self.attachment.is_some() {
            return most;
        }
        let others = all().without(self.tally.told);
        let (messages, octets) = (self.sending.in_flight(), self.sending.octets());
        most.min(others.share(limits).without(Backlog { messages, octets }))
    }

    /// Which bound has left no room for a message, when `room` was all there was.
    pub(in crate::broker) fn bound(&self, room: Backlog, limits: &Limits) -> Bound {
        let is_own = |room, most| room >= most;
        if self.queue.len() >= room.messages {
            match is_own(room.messages, limits.max_queued_messages) {
                true => Bound::MaxQueuedMessages,
                false => Bound::MaxTotalQueuedMessages,
            }
        } else {
            match is_own(room.octets, limits.max_queued_octets) {
                true => Bound::MaxQueuedOctets,
                false => Bound::MaxTotalQueuedOctets,
            }
        }
    }

    /// Takes over a message for this Client, and says which connection to wake for it.
    ///
    /// `granted` is the greatest QoS of the subscriptions that match, `retain` what the Client is
    /// to see, `room` all that may wait for it.
    pub(in crate::broker) fn deliver(
        &mut self,
        routed: &Routed,
        granted: QoS,
        retain: bool,
        (policy, room): (QueuePolicy, Backlog),
        unit: &mut Unit<'_>,
    ) -> Option<&C> {
        if !self.may_read(routed.topic()) {
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
        let kept = self.keeps(qos).then(|| message.clone());
        let outbound = Outbound { message, qos, retain };
        // What may come again must not be with anyone who gets it once at most before it is known
        // to be kept, or it comes twice.
        let is_once = qos != QoS::AtLeastOnce && routed.may_come_again();
        let after = if is_once { unit.recorded() } else { None };
        if policy == QueuePolicy::DropOld {
            let more = Backlog { messages: 1, octets: outbound.octets() };
            while let Some(older) = self.queue.make_room_for(more, qos, room) {
                self.tally.dropped += 1;
                if let Dropped::Lasting(older) = older {
                    self.dropped_waiting(&older, unit);
                }
            }
        }
        let Some(order) = self.queue.push(outbound, after, room) else {
            return self.drop_for_want_of_room(policy);
        };
        if let Some(message) = kept
            && let Some(number) = routed.number(unit)
        {
            let message = KeptMessage { number, message };
            self.record(unit, |session| Change::Queued { session, order, message, qos, retain });
        }
        self.waits_no_more()
    }

    /// Takes over messages of QoS 0 for this Client as [`deliver`](Self::deliver) does one: of
    /// several, for which there [is room](Self::has_room_for), or of one, for which there may be none.
    pub(in crate::broker) fn deliver_run(
        &mut self,
        run: &PublishRun,
        (policy, room): (QueuePolicy, Backlog),
    ) -> Option<&C> {
        // For an absent Client QoS 0 need not be kept (U-3.1.2.4-1), and is not.
        self.attachment.as_ref()?;
        if policy == QueuePolicy::DropOld {
            let more = Backlog::of(run);
            while self.queue.make_room_for(more, QoS::AtMostOnce, room).is_some() {
                self.tally.dropped += 1;
            }
        }
        if self.queue.push_run(run, room) {
            self.waits_no_more()
        } else {
            self.drop_for_want_of_room(policy)
        }
    }

    /// Whether `more` may wait where `room` is all there is.
    pub(in crate::broker) fn has_room_for(&self, more: Backlog, room: Backlog) -> bool {
        self.queue.has_room_for(more, room)
    }

    /// Drops a message that has just come, and says which connection to end for it.
    fn drop_for_want_of_room(&mut self, policy: QueuePolicy) -> Option<&C> {
        self.tally.dropped += 1;
        let ends = policy == QueuePolicy::Disconnect && self.dismissed().is_none();
        if ends { self.dismiss(CloseReason::QueueFull) } else { None }
    }

    /// The connection to wake, if it waits and there is something for it.
    fn waits_no_more(&mut self) -> Option<&C> {
        let has_next = self.queue.has_next(self.sending.has_room());
        let attachment = self.attachment.as_mut()?;
        if !attachment.idle || !has_next {
            return None;
        }
        attachment.idle = false;
        Some(&attachment.connection)
    }

    /// Whether its Client may read messages of `topic`.
    pub(in crate::broker) fn may_read(&self, topic: &TopicName) -> bool {
        self.rights.may_read(topic)
    }

    /// Whether so much waits that another message of so many octets, at `qos` for this Client and
    /// retained, may be left for later; `room` is all that may wait.
    pub(in crate::broker) fn may_owe(&self, octets: usize, qos: QoS, room: Backlog) -> bool {
        let most = room.min(AT_ONCE);
        let is_much =
            self.queue.len() >= most.messages || self.queue.octets() + octets > most.octets;
        is_much && !self.keeps(qos)
    }

    /// Whether a message at `qos` is kept for its Client beyond the end of the server.
    pub(in crate::broker) fn keeps(&self, qos: QoS) -> bool {
        self.keeping.is_some() && qos != QoS::AtMostOnce
    }

    /// Owes its Client what is retained.
    pub(in crate::broker) fn owe(&mut self, rest: Rest) {
        self.queue.owe(rest);
    }

    /// Owes what is retained for the subscription `filter` no more.
    pub(super) fn owe_no_more(&mut self, filter: &TopicFilter) {
        if let Some(queue) = self.queue.as_mut() {
            queue.owe_no_more(filter);
        }
    }

    /// Whether it is the turn of retained messages that it owes.
    pub(in crate::broker) fn wants_rest(&self) -> bool {
        self.queue.wants_rest()
    }

    /// Takes some of them into the queue.
    pub(in crate::broker) fn fetch_rest(&mut self, retained: &Retained) {
        let rights = &self.rights;
        self.queue.fetch_rest(retained, |topic| rights.may_read(topic));
    }

    /// What to send next, if this connection may have anything now.
    ///
    /// After `None` the connection waits to be woken.
    pub(in crate::broker) fn next_to_send(&mut self, unit: &mut Unit<'_>) -> Option<ToSend> {
        if let Some(packet) = self.resend.as_mut().and_then(|resend| resend.pop_front()) {
            return Some(ToSend::Packet(packet, self.recorded()));
        }
        let next = self.next_readable(unit).and_then(|next| match next {
            Next::Run(_, run) => Some(ToSend::Run(run)),
            Next::Message(Waiting { arrival, outbound, after }) => {
                let publish = self.sending.publish(outbound)?;
                if let Some(packet_id) = publish.delivery.packet_id() {
                    self.sent(arrival, packet_id, unit);
                }
                Some(ToSend::Packet(publish.into(), after.max(self.recorded())))
            }
        });
        if let (None, Some(attachment)) = (&next, &mut self.attachment) {
            attachment.idle = true;
        }
        next
    }

    /// Tells that the delivery at place `order` has got its identifier.
    // [MQTT-4.4.0-1] It is sent again with that one, also by the next server.
    fn sent(&mut self, order: u64, packet_id: PacketId, unit: &mut Unit<'_>) {
        if let Some(keeping) = &mut self.keeping {
            keeping.orders.insert(packet_id, order);
            self.record(unit, |session| Change::Sent { session, order, packet_id });
        }
    }
}
