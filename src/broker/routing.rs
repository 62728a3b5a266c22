//! A message on its way from its publisher to the Sessions of all who asked for it.
//!
//! Clauses: [MQTT-3.3.1-3], [MQTT-3.3.1-9], [MQTT-3.3.2-3], [MQTT-3.3.5-1], [MQTT-3.3.5-2], [MQTT-4.5.0-1],
//! [MQTT-4.7.3-4], U-3.3.1.3-1, U-3.3.5-2, U-4.7.2-1.

use std::cell::OnceCell;
use std::sync::Arc;

use super::{Bound, Broker, Change, Holder, KeptMessage, MessageNumber, Session, Unit};
use crate::packet::{QoS, Will};
use crate::session::Message;
use crate::topic::TopicName;

/// A message while it is being handed round.
pub(super) struct Routed {
    live: Arc<Message>,
    kept: OnceCell<Arc<Message>>,
    /// What it is kept under beyond the end of the server, once that is needed.
    number: OnceCell<MessageNumber>,
    /// Whether it comes a second time should the server die before it is kept: at QoS 2 its
    /// publisher sends it again, and a Will is due again.
    may_come_again: bool,
}

impl Routed {
    pub(super) fn new(message: Message) -> Self {
        let may_come_again = message.qos == QoS::ExactlyOnce;
        let live = Arc::new(message);
        Self { live, kept: OnceCell::new(), number: OnceCell::new(), may_come_again }
    }

    /// The Will of a connection that is gone.
    fn will(will: Will) -> Self {
        let Will { topic, message, qos, retain } = will;
        // [MQTT-3.1.2-16] Not retained when it is not to be,
        // [MQTT-3.1.2-17] retained when it is.
        let message = Message { topic, payload: message.as_bytes().clone(), qos, retain };
        Self { may_come_again: true, ..Self::new(message) }
    }

    /// A message that is retained already, and kept under `number`.
    pub(super) fn retained(message: &Arc<Message>, number: Option<MessageNumber>) -> Self {
        let kept = OnceCell::from(message.clone());
        let number = number.map_or_else(OnceCell::new, OnceCell::from);
        Self { live: message.clone(), kept, number, may_come_again: false }
    }

    pub(super) fn topic(&self) -> &TopicName {
        &self.live.topic
    }

    pub(super) fn qos(&self) -> QoS {
        self.live.qos
    }

    /// How many octets of topic and payload it holds.
    pub(super) fn octets(&self) -> usize {
        self.live.topic.as_str().len() + self.live.payload.len()
    }

    /// Whether nobody who gets it at most once may have it before it is known to be kept.
    pub(super) fn may_come_again(&self) -> bool {
        self.may_come_again
    }

    /// For those who get it soon: it shares the memory that it was read into.
    pub(super) fn live(&self) -> &Arc<Message> {
        &self.live
    }

    /// For those who get it some day: it has memory of its own, one copy for all of them.
    pub(super) fn kept(&self) -> &Arc<Message> {
        self.kept.get_or_init(|| Arc::new(self.live.detached()))
    }

    /// The number to keep it under, the same for all who keep it; `None` when nothing is kept.
    pub(super) fn number(&self, unit: &Unit<'_>) -> Option<MessageNumber> {
        if let Some(&number) = self.number.get() {
            return Some(number);
        }
        let number = unit.message_number()?;
        Some(*self.number.get_or_init(|| number))
    }
}

impl<H: Holder> Broker<H> {
    /// Publishes `message`: keeps it if it is to be retained, and hands it to every Session with a
    /// subscription that matches.
    ///
    /// When this returns the server has taken the message over.
    pub fn publish(&self, message: Message) {
        self.holder.unit(|unit| self.publish_within(&Routed::new(message), unit));
    }

    /// The same as part of a greater piece of work.
    fn publish_within(&self, routed: &Routed, unit: &mut Unit<'_>) {
        if routed.live.retain {
            self.retain(routed, unit);
        }
        for (session, granted) in self.subscribers(routed) {
            // [MQTT-3.3.1-9] An established subscription sees RETAIN 0, whatever the publisher set.
            // [MQTT-3.3.1-3] Nothing of the publisher's packet but the message goes on, DUP least
            // of all.
            self.holder.with_session(&session, |session| {
                self.hand_over(session, routed, granted, false, unit);
            });
        }
    }

    /// Hands a message to a Session, and wakes its connection if that has something to do now.
    pub(super) fn hand_over(
        &self,
        session: &mut Session<H::Connection>,
        routed: &Routed,
        granted: QoS,
        retain: bool,
        unit: &mut Unit<'_>,
    ) {
        let dropped = session.dropped();
        let room = session.room(routed.octets(), &self.limits, || self.holder.held());
        let full = (self.policy.queue, room);
        if let Some(connection) = session.deliver(routed, granted, retain, full, unit) {
            self.holder.wake(connection);
        }
        let dropped = session.dropped() - dropped;
        if dropped > 0 {
            self.holder.reached(session.bound(room, &self.limits), dropped);
        }
        self.settle(session);
    }

    /// Keeps a message for those who subscribe later.
    fn retain(&self, routed: &Routed, unit: &mut Unit<'_>) {
        let message = routed.kept().clone();
        // What the server says of itself is said anew by the next one.
        let number = if is_of_server(&message.topic) { None } else { routed.number(unit) };
        self.holder.write_retained(|retained| {
            let topic = &message.topic;
            let had_one = number.is_some() && retained.get(topic).is_some();
            // Without room it is not kept, and goes on to those who are there.
            let has_room = retained.update_kept(message.clone(), number, &self.limits);
            if !has_room {
                self.holder.reached(retained.bound(&self.limits), 1);
            }
            let Some(number) = number else { return };
            if has_room && !message.payload.is_empty() {
                // [MQTT-3.3.1-5] Also beyond the end of the server.
                let message = KeptMessage { number, message: message.clone() };
                unit.record(Change::Retained { message });
            } else if had_one {
                unit.record(Change::Unretained { topic: topic.clone() });
            }
        });
    }

    /// Publishes a message of a Client, unless its topic is for the server alone.
    pub(super) fn publish_for_client(&self, message: Message, unit: &mut Unit<'_>) {
        self.publish_unless_reserved(&Routed::new(message), unit);
    }

    fn publish_unless_reserved(&self, routed: &Routed, unit: &mut Unit<'_>) {
        if !self.takes_levels(routed.topic()) {
            // Only a Will gets here: of a PUBLISH the connection hears.
            return;
        }
        // [U-4.7.2-1] Clients do not talk to each other on topics that begin with `$`.
        // [MQTT-3.3.5-2] What a Client may not publish is acknowledged like all else, and goes
        // nowhere.
        let may_relay = self.policy.relay_reserved_topics && !is_of_server(routed.topic());
        if may_relay || !routed.topic().is_reserved() {
            self.publish_within(routed, unit);
        }
    }

    /// Whether `topic` has no more levels than are taken here.
    pub(super) fn takes_levels(&self, topic: &TopicName) -> bool {
        let most = self.limits.max_topic_levels;
        // One octet a level at least: most topics need not be looked at.
        let takes = topic.as_str().len() < most || topic.levels().take(most + 1).count() <= most;
        if !takes {
            self.holder.reached(Bound::MaxTopicLevels, 1);
        }
        takes
    }

    /// Publishes the Will of a connection that is gone.
    pub(super) fn publish_will(&self, will: Will, unit: &mut Unit<'_>) {
        self.publish_unless_reserved(&Routed::will(will), unit);
    }

    /// The Sessions that get a message, once each, with the greatest QoS they were granted.
    fn subscribers(&self, routed: &Routed) -> Vec<(H::Session, QoS)> {
        let mut subscribers = Vec::new();
        self.holder.read_subscriptions(|subscriptions| {
            // [MQTT-3.3.2-3] [MQTT-4.7.3-4] The tree finds the filters that match the name as it
            // is.
            subscriptions.for_each_match(&routed.live.topic, |session, &qos| {
                subscribers.push((session.clone(), qos));
            });
        });
        // [MQTT-3.3.5-1] Several filters of one Client may match: it gets one copy, at the
        // greatest QoS of them.
        if subscribers.len() > 1 {
            subscribers.sort_unstable_by(|(a, a_qos), (b, b_qos)| (a, b_qos).cmp(&(b, a_qos)));
            subscribers.dedup_by(|later, first| later.0 == first.0);
        }
        subscribers
    }
}

/// Whether a topic is for what the server says of itself, and for nobody else to write.
pub(super) fn is_of_server(topic: &TopicName) -> bool {
    topic.levels().next() == Some("$SYS")
}
