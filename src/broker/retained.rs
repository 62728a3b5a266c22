//! Retained messages: the last one of each Topic Name, for those who subscribe later.
//!
//! They belong to no Session and outlive every one [MQTT-3.1.2-7].
//!
//! Clauses: [MQTT-3.3.1-5] to [MQTT-3.3.1-7], [MQTT-3.3.1-10] to [MQTT-3.3.1-12].

use std::sync::Arc;

use crate::session::Message;
use crate::topic::{TopicFilter, TopicMap, TopicName};

/// The last retained message of each Topic Name.
// [MQTT-3.1.2-7] Nothing here knows of Sessions, so no end of one can take anything away.
#[derive(Clone, Debug, Default)]
pub struct Retained {
    messages: TopicMap<Arc<Message>>,
}

impl Retained {
    /// Nothing retained.
    pub const fn new() -> Self {
        Self { messages: TopicMap::new() }
    }

    /// Takes in a message that was published with RETAIN.
    ///
    /// It replaces the one its topic had; without a payload it leaves none.
    pub fn update(&mut self, message: Arc<Message>) {
        // [MQTT-3.3.1-12] Only with RETAIN: no other message comes here.
        debug_assert!(message.retain);
        if message.payload.is_empty() {
            // [MQTT-3.3.1-10] No payload takes away what there was,
            // [MQTT-3.3.1-11] and is not itself kept.
            self.messages.remove(&message.topic);
        } else {
            // [MQTT-3.3.1-5] Kept with its QoS. [MQTT-3.3.1-7] QoS 0 is kept too, and replaces
            // like any other.
            self.messages.insert(message.topic.clone(), message);
        }
    }

    /// Calls `visit` for each message whose topic `filter` matches, in the order of the topics.
    pub fn for_each_match(&self, filter: &TopicFilter, mut visit: impl FnMut(&Arc<Message>)) {
        self.messages.for_each_match(filter, |_, message| visit(message));
    }

    /// The message of `topic`.
    pub fn get(&self, topic: &TopicName) -> Option<&Arc<Message>> {
        self.messages.get(topic)
    }

    /// How many topics have one.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
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
        retained.update(message("a", "first", QoS::ExactlyOnce));
        retained.update(message("a", "second", QoS::AtMostOnce));
        retained.update(message("b", "other", QoS::AtLeastOnce));
        assert_eq!(payload(&retained, "a").as_deref(), Some("second"));
        assert_eq!(retained.len(), 2);
    }

    #[test]
    fn no_payload_takes_the_message_away_and_is_not_kept() {
        // MQTT-3.3.1-10, MQTT-3.3.1-11
        let mut retained = Retained::new();
        retained.update(message("a", "first", QoS::AtLeastOnce));
        retained.update(message("a", "", QoS::AtMostOnce));
        retained.update(message("never", "", QoS::AtMostOnce));
        assert!(retained.is_empty());
    }
}
