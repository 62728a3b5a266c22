//! A message on its way from its publisher to the Sessions of all who asked for it.
//!
//! Clauses: [MQTT-3.3.1-3], [MQTT-3.3.1-9], [MQTT-3.3.2-3], [MQTT-3.3.5-1], [MQTT-3.3.5-2], [MQTT-4.5.0-1],
//! [MQTT-4.7.3-4], U-3.3.1.3-1, U-3.3.5-2, U-4.7.2-1.

use std::cell::OnceCell;
use std::sync::Arc;

use super::{Broker, Holder};
use crate::packet::{QoS, Will};
use crate::session::Message;

/// A message while it is being handed round.
pub(super) struct Routed {
    live: Arc<Message>,
    kept: OnceCell<Arc<Message>>,
}

impl Routed {
    pub(super) fn new(message: Message) -> Self {
        Self { live: Arc::new(message), kept: OnceCell::new() }
    }

    /// A message that is kept already.
    pub(super) fn retained(message: &Arc<Message>) -> Self {
        Self { live: message.clone(), kept: OnceCell::from(message.clone()) }
    }

    pub(super) fn qos(&self) -> QoS {
        self.live.qos
    }

    /// For those who get it soon: it shares the memory that it was read into.
    pub(super) fn live(&self) -> &Arc<Message> {
        &self.live
    }

    /// For those who get it some day: it has memory of its own, one copy for all of them.
    pub(super) fn kept(&self) -> &Arc<Message> {
        self.kept.get_or_init(|| Arc::new(self.live.detached()))
    }
}

impl<H: Holder> Broker<H> {
    /// Publishes `message`: keeps it if it is to be retained, and hands it to every Session with a
    /// subscription that matches.
    ///
    /// When this returns the server has taken the message over.
    pub fn publish(&self, message: Message) {
        let retain = message.retain;
        let routed = Routed::new(message);
        if retain {
            self.holder.write_retained(|retained| {
                // Without room it is not kept, and goes on to those who are there.
                retained.update(routed.kept().clone(), &self.limits)
            });
        }
        for (session, granted) in self.subscribers(&routed) {
            // [MQTT-3.3.1-9] An established subscription sees RETAIN 0, whatever the publisher set.
            // [MQTT-3.3.1-3] Nothing of the publisher's packet but the message goes on, DUP least
            // of all.
            self.holder.with_session(&session, |session| {
                if let Some(connection) = session.deliver(&routed, granted, false) {
                    self.holder.wake(connection);
                }
            });
        }
    }

    /// Publishes a message of a Client, unless its topic is for the server alone.
    pub(super) fn publish_for_client(&self, message: Message) {
        // [U-4.7.2-1] Clients do not talk to each other on topics that begin with `$`.
        // [MQTT-3.3.5-2] What a Client may not publish is acknowledged like all else, and goes
        // nowhere.
        if self.policy.relay_reserved_topics || !message.topic.is_reserved() {
            self.publish(message);
        }
    }

    /// Publishes the Will of a connection that is gone.
    pub(super) fn publish_will(&self, will: Will) {
        let Will { topic, message, qos, retain } = will;
        // [MQTT-3.1.2-16] Not retained when it is not to be,
        // [MQTT-3.1.2-17] retained when it is.
        let payload = message.as_bytes().clone();
        self.publish_for_client(Message { topic, payload, qos, retain });
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
