//! What a server tells of itself so that it can be rebuilt: every change of what outlives it.
//!
//! Sessions that began with Clean Session 0, what they hold, and retained messages. All else ends
//! with the server, and no change speaks of it.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.3.1-5], [MQTT-4.1.0-1]. Not here: how changes are gathered
//! (`unit`), what they add up to (`kept`), where they are written (`store`).

use std::sync::Arc;

use crate::packet::{ClientId, PacketId, QoS, Text, Will};
use crate::session::Message;
use crate::topic::{TopicFilter, TopicName};

/// A Session that outlives its Network Connection; no other, before or after, has its number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionNumber(pub u64);

/// A message, kept once however many Sessions hold it; no other has its number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageNumber(pub u64);

/// A message and the number it is kept under.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptMessage {
    /// Its number.
    pub number: MessageNumber,
    /// The message itself.
    pub message: Arc<Message>,
}

/// One change of what outlives the server.
///
/// `order` is the place of a delivery among those of its Session: greater is later, and no two of
/// a Session have the same.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// A Session was seen without its Client, or that one is back.
    Absent {
        /// Whose Client.
        session: SessionNumber,
        /// In seconds since 1970, or since whatever the shell counts from.
        since: Option<u64>,
    },
    /// A delivery has come to its end: PUBACK or PUBCOMP.
    Completed {
        /// Whose delivery.
        session: SessionNumber,
        /// Which one.
        order: u64,
    },
    /// PUBREL came: the identifier stands for no message of the Client any more.
    Freed {
        /// Whose message it was.
        session: SessionNumber,
        /// The identifier that the Client gave it.
        packet_id: PacketId,
    },
    /// A message waits for a Client.
    Queued {
        /// The Session it waits in.
        session: SessionNumber,
        /// Its place there.
        order: u64,
        /// The message.
        message: KeptMessage,
        /// The level at which this Client gets it: 1 or 2.
        qos: QoS,
        /// The RETAIN flag that this Client sees.
        retain: bool,
    },
    /// A message of QoS 2 was taken over from a Client.
    Received {
        /// Whose message.
        session: SessionNumber,
        /// The identifier that the Client gave it.
        packet_id: PacketId,
    },
    /// A Session belongs to a user.
    Owned {
        /// Which one.
        session: SessionNumber,
        /// Whose it is, and nobody else's.
        user: Text,
    },
    /// PUBREC came: the message is with its receiver, and PUBREL is what is sent from here on.
    Released {
        /// Whose delivery.
        session: SessionNumber,
        /// Which one.
        order: u64,
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A message is the last one of its topic.
    Retained {
        /// The message.
        message: KeptMessage,
    },
    /// A message that waited has got an identifier, and is sent under it from here on.
    Sent {
        /// Whose delivery.
        session: SessionNumber,
        /// Which one.
        order: u64,
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A Session has begun.
    SessionBegun {
        /// Its number.
        session: SessionNumber,
        /// Whose it is.
        client_id: ClientId,
    },
    /// A Session has ended, and with it all that it held.
    SessionEnded {
        /// Which one.
        session: SessionNumber,
    },
    /// A subscription was made, or got another QoS.
    Subscribed {
        /// Whose subscription.
        session: SessionNumber,
        /// Its filter.
        filter: TopicFilter,
        /// The QoS granted.
        qos: QoS,
    },
    /// A topic has no retained message any more.
    Unretained {
        /// The topic.
        topic: TopicName,
    },
    /// A subscription has ended.
    Unsubscribed {
        /// Whose subscription.
        session: SessionNumber,
        /// Its filter.
        filter: TopicFilter,
    },
    /// The Will of a Session's connection was published or discarded.
    WillGone {
        /// Whose Will it was.
        session: SessionNumber,
    },
    /// A connection has left its Will.
    WillLeft {
        /// The Session it belongs to.
        session: SessionNumber,
        /// The Will.
        will: Will,
    },
}

impl Change {
    /// About how many octets it takes to keep: what groups of changes are measured by.
    pub fn octets(&self) -> usize {
        const FIXED: usize = 32;
        FIXED
            + match self {
                Self::Queued { message, .. } | Self::Retained { message } => {
                    message.message.topic.as_str().len() + message.message.payload.len()
                }
                Self::SessionBegun { client_id, .. } => client_id.as_str().len(),
                Self::Subscribed { filter, .. } | Self::Unsubscribed { filter, .. } => {
                    filter.as_str().len()
                }
                Self::Owned { user, .. } => user.as_str().len(),
                Self::Unretained { topic } => topic.as_str().len(),
                Self::WillLeft { will, .. } => {
                    will.topic.as_str().len() + will.message.as_bytes().len()
                }
                Self::Absent { .. }
                | Self::Completed { .. }
                | Self::Freed { .. }
                | Self::Received { .. }
                | Self::Released { .. }
                | Self::Sent { .. }
                | Self::SessionEnded { .. }
                | Self::WillGone { .. } => 0,
            }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::packet::Binary;

    /// What a change weighs beyond one that says nothing but whom it is about.
    fn beyond(change: &Change) -> usize {
        change.octets() - Change::SessionEnded { session: SessionNumber(1) }.octets()
    }

    #[test]
    fn each_weighs_what_it_holds() {
        let session = SessionNumber(1);
        let topic = TopicName::new("a/b").unwrap();
        let payload = Bytes::from_static(b"12345");
        let message = Message { topic, payload, qos: QoS::AtLeastOnce, retain: true };
        let message = KeptMessage { number: MessageNumber(2), message: Arc::new(message) };
        let (topic, qos) = (message.message.topic.clone(), QoS::AtLeastOnce);
        let filter = TopicFilter::new("a/+/c").unwrap();
        let user = Text::new("somebody").unwrap();
        let will = Binary::new("gone").unwrap();
        let will = Will { topic: topic.clone(), message: will, qos, retain: false };
        let client_id = ClientId::new(Text::new("client").unwrap());
        let queued =
            Change::Queued { session, order: 1, message: message.clone(), qos, retain: false };
        for (change, octets) in [
            (queued, 3 + 5),
            (Change::Retained { message }, 3 + 5),
            (Change::SessionBegun { session, client_id }, 6),
            (Change::Subscribed { session, filter: filter.clone(), qos }, 5),
            (Change::Unsubscribed { session, filter }, 5),
            (Change::Owned { session, user }, 8),
            (Change::Unretained { topic }, 3),
            (Change::WillLeft { session, will }, 3 + 4),
            (Change::WillGone { session }, 0),
            (Change::Absent { session, since: Some(7) }, 0),
        ] {
            assert_eq!(beyond(&change), octets, "{change:?}");
        }
        // Many that say nothing are not nothing.
        assert!(Change::WillGone { session }.octets() > 8);
    }
}
