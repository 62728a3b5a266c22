//! Retained messages: the last one of each Topic Name, for those who subscribe later.
//!
//! They belong to no Session and outlive every one [MQTT-3.1.2-7].
//!
//! What the server says of itself under `$SYS` is not counted: it takes no Client's room.
//!
//! Clauses: [MQTT-3.3.1-5] to [MQTT-3.3.1-7], [MQTT-3.3.1-10] to [MQTT-3.3.1-12].

use std::sync::Arc;

use super::routing::is_of_server;
use super::{Bound, KeptMessage, Limits, MessageNumber};
use crate::session::Message;
use crate::topic::{TopicFilter, TopicMap, TopicName};

/// The last retained message of each Topic Name.
///
/// Invariants: `count` and `octets` are of all topics but those of the server itself; no entry has
/// an `age` above `age`, and no two have the same.
// [MQTT-3.1.2-7] Nothing here knows of Sessions, so no end of one can take anything away.
#[derive(Clone, Debug, Default)]
pub struct Retained {
    messages: TopicMap<Entry>,
    count: usize,
    octets: usize,
    /// How many were ever kept.
    age: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    message: Arc<Message>,
    /// How many were kept up to this one.
    age: u64,
    /// What it is kept under beyond the end of the server; `None` when it ends with the server.
    number: Option<MessageNumber>,
}

impl Retained {
    /// Nothing retained.
    pub const fn new() -> Self {
        Self { messages: TopicMap::new(), count: 0, octets: 0, age: 0 }
    }

    /// Takes in a message that was published with RETAIN; `false` when there is no room to keep
    /// it.
    ///
    /// It replaces the one its topic had; without a payload, or without room, it leaves none.
    pub fn update(&mut self, message: Arc<Message>, limits: &Limits) -> bool {
        self.update_kept(message, None, limits)
    }

    /// The same for a message that may be kept beyond the end of the server, under `number`.
    pub(super) fn update_kept(
        &mut self,
        message: Arc<Message>,
        number: Option<MessageNumber>,
        limits: &Limits,
    ) -> bool {
        // [MQTT-3.3.1-12] Only with RETAIN: no other message comes here.
        debug_assert!(message.retain);
        // [MQTT-3.3.1-7] QoS 0 takes the place of what was there like any other.
        if let Some(older) = self.messages.remove(&message.topic) {
            let (count, octets) = weight(&older.message);
            self.count -= count;
            self.octets -= octets;
        }
        if message.payload.is_empty() {
            // [MQTT-3.3.1-10] No payload takes away what there was,
            // [MQTT-3.3.1-11] and is not itself kept.
            return true;
        }
        let (count, octets) = weight(&message);
        let (count, octets) = (self.count + count, self.octets + octets);
        let has_room =
            count <= limits.max_retained_messages && octets <= limits.max_retained_octets;
        if !has_room && !is_of_server(&message.topic) {
            return false;
        }
        // [MQTT-3.3.1-5] Kept, with its QoS.
        (self.count, self.octets) = (count, octets);
        self.age += 1;
        self.messages.insert(message.topic.clone(), Entry { message, age: self.age, number });
        true
    }

    /// Takes in a message that an earlier server has kept.
    pub(super) fn restore(&mut self, kept: KeptMessage) {
        let KeptMessage { number, message } = kept;
        let (count, octets) = weight(&message);
        self.count += count;
        self.octets += octets;
        self.age += 1;
        let entry = Entry { message: message.clone(), age: self.age, number: Some(number) };
        let older = self.messages.insert(message.topic.clone(), entry);
        debug_assert!(older.is_none(), "a topic has one message");
    }

    /// Calls `visit` for each message whose topic `filter` matches, in the order of the topics.
    pub fn for_each_match(&self, filter: &TopicFilter, mut visit: impl FnMut(&Arc<Message>)) {
        self.messages.for_each_match(filter, |_, entry| visit(&entry.message));
    }

    /// The same until `visit` says `false`, with the number that each is kept under.
    pub(super) fn visit_kept_matches(
        &self,
        filter: &TopicFilter,
        mut visit: impl FnMut(&Arc<Message>, Option<MessageNumber>) -> bool,
    ) {
        self.messages.visit_matches(filter, None, |_, entry| visit(&entry.message, entry.number));
    }

    /// The same for those behind the topic `after`, or all, that were there when there had been
    /// `age` messages.
    pub(super) fn visit_aged_matches(
        &self,
        filter: &TopicFilter,
        after: Option<&TopicName>,
        age: u64,
        mut visit: impl FnMut(&Arc<Message>) -> bool,
    ) {
        self.messages
            .visit_matches(filter, after, |_, entry| entry.age > age || visit(&entry.message));
    }

    /// How many messages were ever kept: those of today are no later.
    pub(super) fn age(&self) -> u64 {
        self.age
    }

    /// The message of `topic`.
    pub fn get(&self, topic: &TopicName) -> Option<&Arc<Message>> {
        Some(&self.messages.get(topic)?.message)
    }

    /// How many topics have one, those of the server itself among them.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many topics have one that counts, and of how many octets of topic and payload.
    pub fn counted(&self) -> (usize, usize) {
        (self.count, self.octets)
    }

    /// Which bound has left no room for a message that was not kept just now.
    pub(super) fn bound(&self, limits: &Limits) -> Bound {
        if self.count >= limits.max_retained_messages {
            Bound::MaxRetainedMessages
        } else {
            Bound::MaxRetainedOctets
        }
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

/// What a message counts for: messages, and octets.
fn weight(message: &Message) -> (usize, usize) {
    if is_of_server(&message.topic) {
        return (0, 0);
    }
    (1, message.topic.as_str().len() + message.payload.len())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::packet::QoS;

    fn message(topic: &'static str, payload: &'static str, qos: QoS) -> Arc<Message> {
        let topic = TopicName::new(topic).unwrap();
        Arc::new(Message { topic, payload: Bytes::from(payload), qos, retain: true })
    }

    fn payload(retained: &Retained, topic: &'static str) -> Option<String> {
        let message = retained.get(&TopicName::new(topic).unwrap())?;
        Some(String::from_utf8_lossy(&message.payload).into_owned())
    }

    #[test]
    fn the_last_message_stays_whatever_its_qos() {
        // MQTT-3.3.1-5, MQTT-3.3.1-7
        let mut retained = Retained::new();
        retained.update(message("a", "first", QoS::ExactlyOnce), &Limits::default());
        retained.update(message("a", "second", QoS::AtMostOnce), &Limits::default());
        retained.update(message("b", "other", QoS::AtLeastOnce), &Limits::default());
        assert_eq!(payload(&retained, "a").as_deref(), Some("second"));
        assert_eq!(retained.len(), 2);
    }

    #[test]
    fn no_payload_takes_the_message_away_and_is_not_kept() {
        // MQTT-3.3.1-10, MQTT-3.3.1-11
        let mut retained = Retained::new();
        retained.update(message("a", "first", QoS::AtLeastOnce), &Limits::default());
        retained.update(message("a", "", QoS::AtMostOnce), &Limits::default());
        retained.update(message("never", "", QoS::AtMostOnce), &Limits::default());
        assert!(retained.is_empty());
    }

    #[test]
    fn a_filter_finds_its_messages_in_the_order_of_their_topics() {
        // MQTT-3.3.1-6
        let mut retained = Retained::new();
        for topic in ["a/b", "c", "a"] {
            retained.update(message(topic, "kept", QoS::AtMostOnce), &Limits::default());
        }
        assert!(!retained.is_empty());
        let mut found = Vec::new();
        let filter = TopicFilter::new("a/#").unwrap();
        retained.for_each_match(&filter, |message| found.push(message.topic.to_string()));
        assert_eq!(found, ["a", "a/b"]);
    }

    #[test]
    fn both_limits_hold_and_an_older_message_makes_room_for_a_newer() {
        let limits =
            Limits { max_retained_messages: 2, max_retained_octets: 10, ..Limits::default() };
        let mut retained = Retained::new();
        assert!(retained.update(message("a", "1234", QoS::AtMostOnce), &limits));
        assert!(retained.update(message("a", "5678", QoS::AtMostOnce), &limits));
        assert!(!retained.update(message("b", "12345", QoS::AtMostOnce), &limits), "eleven octets");
        assert!(retained.update(message("b", "1", QoS::AtMostOnce), &limits));
        assert!(!retained.update(message("c", "1", QoS::AtMostOnce), &limits), "a third topic");
        assert!(retained.update(message("b", "", QoS::AtMostOnce), &limits));
        assert!(retained.update(message("c", "1", QoS::AtMostOnce), &limits));
        assert_eq!((retained.len(), retained.octets), (2, 7));
        assert!(!retained.update(message("d", "1", QoS::AtMostOnce), &limits));
        assert_eq!(retained.bound(&limits), Bound::MaxRetainedMessages);
        assert!(retained.update(message("c", "", QoS::AtMostOnce), &limits));
        assert!(!retained.update(message("d", "123456789", QoS::AtMostOnce), &limits));
        assert_eq!(retained.bound(&limits), Bound::MaxRetainedOctets);
    }

    #[test]
    fn what_cannot_be_kept_does_not_leave_an_older_message_behind() {
        // MQTT-3.3.1-6: the last one, or none.
        let limits = Limits { max_retained_octets: 5, ..Limits::default() };
        let mut retained = Retained::new();
        assert!(retained.update(message("a", "old", QoS::AtLeastOnce), &limits));
        assert!(!retained.update(message("a", "newer", QoS::AtLeastOnce), &limits));
        assert!(retained.is_empty());
    }
}
