//! To whom the messages of one topic go, found once for those that come together.
//!
//! Whoever publishes much publishes to the same topic again: of the packets that one read brings,
//! only the first asks the subscriptions, which all connections share. A route is used as long as
//! no subscription has changed since, and forgotten when the packets have been worked on, so that
//! nothing is kept for a connection that is silent.
//!
//! Messages of QoS 0, of which nobody is told that they were taken over, gather here as well and
//! are handed over together.
//!
//! Clauses: [MQTT-3.3.2-3], [MQTT-3.3.5-1], [MQTT-3.10.4-2], [MQTT-4.7.3-4]. Not here: the handing
//! over (`routing`).

use super::Holder;
use super::routing::Routed;
use crate::packet::QoS;
use crate::topic::TopicName;

/// The Sessions that get the messages of a topic, once each, with the greatest QoS they were
/// granted.
///
/// Invariant: what has gathered is of one topic, and of QoS 0.
#[derive(Debug)]
pub(super) struct Route<S> {
    /// `None` before the first.
    topic: Option<TopicName>,
    /// How often the subscriptions had changed when these were found.
    changes: u64,
    subscribers: Vec<(S, QoS)>,
    /// Messages that are yet to be handed over.
    pub(super) gathered: Vec<Routed>,
}

/// So many gather: enough for what they share to cost little, and a subscriber's Session is not
/// locked for long.
const GATHERED: usize = 64;

impl<S> Default for Route<S> {
    fn default() -> Self {
        Self { topic: None, changes: 0, subscribers: Vec::new(), gathered: Vec::new() }
    }
}

impl<S> Route<S> {
    /// Whether a message of `topic` may gather with those that have.
    pub(super) fn takes(&self, topic: &TopicName) -> bool {
        self.gathered.len() < GATHERED
            && self.gathered.first().is_none_or(|first| first.topic() == topic)
    }
}

impl<S: Clone + Ord> Route<S> {
    /// Those who get a message of `topic` now.
    pub(super) fn to<H: Holder<Session = S>>(
        &mut self,
        topic: &TopicName,
        holder: &H,
    ) -> &[(S, QoS)] {
        // [MQTT-3.10.4-2] Who has unsubscribed meanwhile gets nothing more, and who has subscribed
        // gets all that comes.
        let is_it = self.topic.as_ref() == Some(topic);
        if !is_it || self.changes != holder.subscription_changes() {
            self.find(topic, holder);
        }
        &self.subscribers
    }

    fn find<H: Holder<Session = S>>(&mut self, topic: &TopicName, holder: &H) {
        let Self { subscribers, .. } = self;
        subscribers.clear();
        self.changes = holder.read_subscriptions(|subscriptions| {
            // [MQTT-3.3.2-3] [MQTT-4.7.3-4] The tree finds the filters that match the name as it
            // is.
            subscriptions.for_each_match(topic, |session, &qos| {
                subscribers.push((session.clone(), qos));
            });
            // While they are looked at they do not change.
            holder.subscription_changes()
        });
        // [MQTT-3.3.5-1] Several filters of one Client may match: it gets one copy, at the
        // greatest QoS of them.
        if subscribers.len() > 1 {
            subscribers.sort_unstable_by(|(a, a_qos), (b, b_qos)| (a, b_qos).cmp(&(b, a_qos)));
            subscribers.dedup_by(|later, first| later.0 == first.0);
        }
        self.topic = Some(topic.clone());
    }
}
