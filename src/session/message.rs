//! The Application Message, apart from the packets that carry it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::packet::{Delivery, Publish, QoS};
use crate::topic::TopicName;

/// An Application Message as its publisher meant it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Message {
    /// What it is about.
    pub topic: TopicName,
    /// Any octets, also none.
    pub payload: Bytes,
    /// The level it was published at.
    pub qos: QoS,
    /// Whether it is to be kept for later subscribers.
    pub retain: bool,
}

impl Message {
    /// The message that `publish` carries.
    pub fn from_publish(publish: Publish) -> Self {
        let Publish { topic, payload, delivery, retain } = publish;
        Self { topic, payload, qos: delivery.qos(), retain }
    }

    /// The same message, kept in as much memory as it needs and no more.
    ///
    /// What was read from a connection is a slice of the buffer it came in, and keeps all of it.
    #[must_use]
    pub fn detached(&self) -> Self {
        let topic = self.topic.as_str().as_bytes();
        let mut octets = BytesMut::with_capacity(topic.len() + self.payload.len());
        octets.extend_from_slice(topic);
        octets.extend_from_slice(&self.payload);
        // One piece of memory for both: they come and go together.
        let mut payload = octets.freeze();
        let topic = self.topic.moved_to(payload.split_to(topic.len()));
        Self { topic, payload, ..*self }
    }
}

/// A message on its way to one receiver.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Outbound {
    /// The message, shared by all who get it.
    pub message: Arc<Message>,
    /// The level at which this receiver gets it.
    pub qos: QoS,
    /// The RETAIN flag that this receiver sees.
    pub retain: bool,
}

impl Outbound {
    /// How many octets of topic and payload it holds.
    pub fn octets(&self) -> usize {
        self.message.topic.as_str().len() + self.message.payload.len()
    }

    /// The PUBLISH that carries it.
    pub(super) fn publish(&self, delivery: Delivery) -> Publish {
        self.clone().into_publish(delivery)
    }

    /// The same of one that is not kept for another time.
    ///
    /// Who is the only one to get the message takes its parts, instead of counting references to
    /// them that another thread counts too.
    pub(super) fn into_publish(self, delivery: Delivery) -> Publish {
        debug_assert_eq!(self.qos, delivery.qos());
        let Message { topic, payload, .. } = Arc::unwrap_or_clone(self.message);
        Publish { topic, payload, delivery, retain: self.retain }
    }
}
