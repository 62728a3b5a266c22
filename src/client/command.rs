//! What the Client is asked to do, and the token by which it tells that it has.

use std::sync::Arc;

use super::CommandRefused;
use crate::packet::{Decoder, OneOrMore, PacketTooLong, PacketType, SubscribeFilter};
use crate::session::Message;
use crate::topic::TopicFilter;

/// Stands for one command until [`Output::Completed`](super::Output::Completed) brings it back.
///
/// The order of tokens is that of their commands. Its number is what a Client that goes on from
/// [`Kept`](super::Kept) knows the command by.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Token(pub u64);

/// A command that leads to a packet with an acknowledgement of its own.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Command {
    Publish(Arc<Message>),
    /// A SUBSCRIBE of our own, for what was granted before.
    Renew(OneOrMore<SubscribeFilter>),
    Subscribe(OneOrMore<SubscribeFilter>),
    Unsubscribe(OneOrMore<TopicFilter>),
}

impl Token {
    pub(super) const FIRST: Self = Self(0);

    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Command {
    /// Refuses what no packet can hold, so that every packet the Client gives out can be encoded.
    pub(super) fn check_length(&self) -> Result<(), CommandRefused> {
        let (packet_type, fields) = match self {
            Self::Publish(message) => {
                (PacketType::Publish, field(message.topic.as_str()) + message.payload.len())
            }
            Self::Renew(filters) | Self::Subscribe(filters) => {
                let octets = |wanted: &SubscribeFilter| field(wanted.filter.as_str()) + 1;
                (PacketType::Subscribe, filters.iter().map(octets).sum())
            }
            Self::Unsubscribe(filters) => {
                let octets = |filter: &TopicFilter| field(filter.as_str());
                (PacketType::Unsubscribe, filters.iter().map(octets).sum())
            }
        };
        // Two more for the Packet Identifier. A message of QoS 0 has none, and is refused two
        // octets early: the limit is easier to state than the exception.
        let remaining = fields + 2;
        if remaining > LONGEST {
            return Err(PacketTooLong { packet_type, remaining }.into());
        }
        Ok(())
    }
}

/// The octets of a text field.
const fn field(text: &str) -> usize {
    2 + text.len()
}

/// The greatest Remaining Length, in octets.
const LONGEST: usize = Decoder::MAX_PACKET_SIZE - 5;
