//! The Will: what a CONNECT asks to be published once the Client is gone.
//!
//! Clauses: [MQTT-3.1.2-13] to [MQTT-3.1.2-15]. Not here: when it is published, which is the
//! broker's.

use super::{Binary, QoS};
use crate::topic::TopicName;

/// The message to be published when the Client is gone without DISCONNECT.
// [MQTT-3.1.2-13] [MQTT-3.1.2-15] QoS and retain are parts of it: without a Will there is neither.
// [MQTT-3.1.2-14] There is no Will QoS 3.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Will {
    /// Where to publish it.
    pub topic: TopicName,
    /// Its payload, 0 to 65,535 octets.
    pub message: Binary,
    /// The level to publish it at.
    pub qos: QoS,
    /// Whether to publish it as a retained message.
    pub retain: bool,
}

impl Will {
    /// The same Will, kept in as much memory as it needs and no more.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { topic: self.topic.detached(), message: self.message.detached(), ..*self }
    }
}
