//! To whom the messages of one topic go, found once for those that come together.
//!
//! Whoever publishes much publishes to the same topic again: of the packets that one read brings,
//! only the first asks the subscriptions, which all connections share. A route is used as long as
//! no subscription has changed since, and forgotten when the packets have been worked on, so that
//! nothing is kept for a connection that is silent.
//!
//! Messages of QoS 0, of which nobody is told that they were taken over, gather here as well: they
//! are written one behind the other, as their receivers get them, and handed over together.
//!
//! Clauses: [MQTT-3.3.2-3], [MQTT-3.3.5-1], [MQTT-3.10.4-2], [MQTT-4.7.3-4]. Not here: the handing
//! over (`routing`).

use bytes::BytesMut;

use super::{Holder, Limits};
use crate::packet::{Delivery, Publish, PublishRun, PublishRunWriter, QoS};
use crate::topic::TopicName;

/// The Sessions that get the messages of a topic, once each, with the greatest QoS they were
/// granted.
///
/// Invariant: what has gathered is of one topic, `gathering`, and there is such a topic while
/// something has.
#[derive(Debug)]
pub(super) struct Route<S> {
    /// `None` before the first.
    topic: Option<TopicName>,
    /// How often the subscriptions had changed when these were found.
    changes: u64,
    subscribers: Vec<(S, QoS)>,
    gathering: Option<TopicName>,
    gathered: PublishRunWriter,
}

/// So many gather, in so many octets: enough for what they share to cost little, and little to
/// have in memory twice.
const GATHERED: usize = 256;
const GATHERED_OCTETS: usize = 16 * 1024;

/// What has so many octets, or more, is not copied for the sake of company.
const LARGE: usize = 4 * 1024;

impl<S> Default for Route<S> {
    fn default() -> Self {
        Self {
            topic: None,
            changes: 0,
            subscribers: Vec::new(),
            gathering: None,
            gathered: PublishRunWriter::default(),
        }
    }
}

impl<S> Route<S> {
    /// Whether nothing has gathered.
    pub(super) const fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Lets `publish` gather as the first, if it is one of those that do.
    ///
    /// Its publisher may publish to this topic, and so it may while others join.
    pub(super) fn begin(&mut self, publish: &Publish) -> bool {
        debug_assert!(self.is_empty());
        let may_gather = may_gather(publish);
        if may_gather {
            self.gathering = Some(publish.topic.clone());
            self.gathered.push(publish);
        }
        may_gather
    }

    /// Takes the packet at the front of `read` to those that have gathered, if it is another of
    /// their kind and there is room: how many octets its payload has.
    #[inline]
    pub(super) fn take_alike(&mut self, read: &mut BytesMut, limits: &Limits) -> Option<usize> {
        let has_room = self.gathered.len() < GATHERED && self.gathered.octets() < GATHERED_OCTETS;
        let most = limits.max_packet_size.min(LARGE);
        if has_room { self.gathered.take_alike(read, most) } else { None }
    }

    /// Those that have gathered, and their topic.
    pub(super) fn finish(&mut self) -> Option<(TopicName, PublishRun)> {
        self.gathering.take().zip(self.gathered.finish())
    }
}

/// Whether a message is for all who get it the same few octets.
fn may_gather(publish: &Publish) -> bool {
    publish.delivery == Delivery::AtMostOnce && !publish.retain && publish.payload.len() < LARGE
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A PUBLISH of so many octets, 150 to 16,386, of which six are no payload; and those octets.
    fn packet(octets: usize) -> (Publish, BytesMut) {
        let topic = TopicName::new("t").unwrap();
        let payload = vec![7; octets - 6].into();
        let publish = Publish { topic, payload, delivery: Delivery::AtMostOnce, retain: false };
        let mut read = BytesMut::new();
        publish.encode(&mut read).unwrap();
        assert_eq!(read.len(), octets);
        (publish, read)
    }

    #[test]
    fn what_is_too_large_joins_nobody() {
        // Who is to decode it will say what is wrong.
        for (max_packet_size, most) in [(200, 200), (100_000, LARGE)] {
            let limits = Limits { max_packet_size, ..Limits::default() };
            let mut route = Route::<u8>::default();
            assert!(route.begin(&packet(150).0));
            for (octets, joins) in [(most, true), (most + 1, false), (150, true)] {
                let taken = route.take_alike(&mut packet(octets).1, &limits);
                assert_eq!(taken, joins.then_some(octets - 6), "{octets} of {max_packet_size}");
            }
        }
    }
}
