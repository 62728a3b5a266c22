//! How much a broker takes.

use serde::{Deserialize, Serialize};

/// How much a broker takes of what; `None` where nobody has said so.
///
/// In a profile, what cases may rely on. Of a probe, what was taken of what it tried, so a broker
/// may take more.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Limits {
    /// Octets of a Client Identifier.
    pub client_id_octets: Option<u32>,
    /// Topic Filters in one SUBSCRIBE.
    pub filters_in_one_subscribe: Option<u32>,
    /// Messages of QoS 1 on their way to one Client, before it has acknowledged any.
    pub messages_in_flight: Option<u32>,
    /// Octets of a whole Control Packet.
    pub packet_octets: Option<u32>,
    /// Messages of QoS 1 that wait for an absent Client.
    pub queued_messages: Option<u32>,
    /// Levels of a Topic Name.
    pub topic_levels: Option<u32>,
    /// Octets of a Topic Name.
    pub topic_octets: Option<u32>,
}

impl Limits {
    /// All of them by name, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Option<u32>)> {
        [
            ("client-id-octets", self.client_id_octets),
            ("filters-in-one-subscribe", self.filters_in_one_subscribe),
            ("messages-in-flight", self.messages_in_flight),
            ("packet-octets", self.packet_octets),
            ("queued-messages", self.queued_messages),
            ("topic-levels", self.topic_levels),
            ("topic-octets", self.topic_octets),
        ]
        .into_iter()
    }

    /// These, and where they say nothing, those.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            client_id_octets: self.client_id_octets.or(other.client_id_octets),
            filters_in_one_subscribe: self
                .filters_in_one_subscribe
                .or(other.filters_in_one_subscribe),
            messages_in_flight: self.messages_in_flight.or(other.messages_in_flight),
            packet_octets: self.packet_octets.or(other.packet_octets),
            queued_messages: self.queued_messages.or(other.queued_messages),
            topic_levels: self.topic_levels.or(other.topic_levels),
            topic_octets: self.topic_octets.or(other.topic_octets),
        }
    }
}
