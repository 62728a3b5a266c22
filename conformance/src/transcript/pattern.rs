//! Which packet is meant, as data: so that what was expected can be expected again from a file.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Delivery;
use crate::wire::{Kind, Octets as _, Packet, Reader, Sender};

/// A packet to expect from a subject.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Pattern {
    /// Any packet.
    Any,
    /// A CONNACK, which nothing precedes; with this return code, or any.
    Connack {
        /// The return code; `None` for any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u8>,
    },
    /// The very packet that these octets are.
    Exactly {
        /// A packet in good order.
        #[serde(with = "super::octets")]
        octets: Vec<u8>,
    },
    /// The next message, which is this one.
    Message(Delivery),
    /// The next message, whatever it is.
    AnyMessage,
    /// The next packet of a type.
    OfType {
        /// The number that the standard gives the type, 1 to 14.
        #[serde(rename = "type")]
        number: u8,
    },
    /// The SUBACK of this Packet Identifier, with whatever return codes.
    Suback {
        /// The Packet Identifier.
        id: u16,
    },
}

/// What a packet means to an expectation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pick {
    /// It is the one.
    Take,
    /// It is about something else.
    Leave,
    /// It stands where the expected one should.
    Wrong,
}

impl Pattern {
    /// The very packet.
    pub fn exactly(packet: &Packet) -> Self {
        Self::Exactly { octets: packet.octets() }
    }

    /// Whether it is an acknowledgement, which comes on the connection of what it answers.
    pub(crate) fn is_acknowledgement(&self) -> bool {
        match self {
            Self::Suback { .. } => true,
            Self::Exactly { octets } => decoded(octets).is_some_and(|packet| {
                matches!(
                    packet.kind(),
                    Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp | Kind::Unsuback
                )
            }),
            _ => false,
        }
    }

    /// What this packet means to who expects that one.
    pub(crate) fn pick(&self, packet: &Packet) -> Pick {
        match self {
            Self::Any => Pick::Take,
            Self::AnyMessage => take_if(matches!(packet, Packet::Publish(_)), Pick::Leave),
            Self::Connack { code } => match packet {
                Packet::Connack(connack) => {
                    take_if(code.is_none_or(|code| code == connack.code), Pick::Wrong)
                }
                _ => Pick::Wrong,
            },
            Self::Exactly { octets } => match decoded(octets) {
                Some(expected) if expected == *packet => Pick::Take,
                Some(expected) if is_about_the_same(packet, &expected) => Pick::Wrong,
                _ => Pick::Leave,
            },
            Self::Message(delivery) => match packet {
                Packet::Publish(publish) => take_if(delivery.is(publish), Pick::Wrong),
                _ => Pick::Leave,
            },
            Self::OfType { number } => take_if(packet.kind() as u8 == *number, Pick::Leave),
            Self::Suback { id } => match packet {
                Packet::Suback(suback) => take_if(suback.id == *id, Pick::Leave),
                Packet::Unsuback(other) if other == id => Pick::Wrong,
                _ => Pick::Leave,
            },
        }
    }
}

const fn take_if(is_the_one: bool, otherwise: Pick) -> Pick {
    if is_the_one { Pick::Take } else { otherwise }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("a packet"),
            Self::AnyMessage => f.write_str("PUBLISH"),
            Self::Connack { code: None } => f.write_str("CONNACK"),
            Self::Connack { code: Some(0) } => f.write_str("CONNACK code=0 accepted"),
            Self::Connack { code: Some(code) } => write!(f, "CONNACK code={code}"),
            Self::Exactly { octets } => match decoded(octets) {
                Some(packet) => packet.fmt(f),
                None => f.write_str("octets that are no packet"),
            },
            Self::Message(delivery) => delivery.fmt(f),
            Self::OfType { number } => match Kind::numbered(*number) {
                Some(kind) => kind.fmt(f),
                None => write!(f, "a packet of type {number}"),
            },
            Self::Suback { id } => write!(f, "SUBACK id={id}"),
        }
    }
}

/// The packet that these octets are; `None` when they are none that either side sends.
fn decoded(octets: &[u8]) -> Option<Packet> {
    [Sender::Server, Sender::Client].into_iter().find_map(|sender| {
        let mut reader = Reader::new(sender);
        reader.push(octets);
        reader.next_read()?.packet.ok()
    })
}

/// Whether both packets answer the same thing, so that one stands where the other should.
///
/// Answers to different packets may come in any order, and so may answers and messages.
pub(crate) fn is_about_the_same(seen: &Packet, expected: &Packet) -> bool {
    let (seen_kind, kind) = (seen.kind(), expected.kind());
    let same_id = seen.packet_id() == expected.packet_id();
    match kind {
        Kind::Puback | Kind::Pubrec | Kind::Pubcomp => {
            same_id && matches!(seen_kind, Kind::Puback | Kind::Pubrec | Kind::Pubcomp)
        }
        Kind::Suback | Kind::Unsuback => {
            same_id && matches!(seen_kind, Kind::Suback | Kind::Unsuback)
        }
        Kind::Pubrel => same_id && seen_kind == kind,
        _ => seen_kind == kind,
    }
}
