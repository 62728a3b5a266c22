//! What went wrong, as data: what was expected on which connection, and what came instead.
//!
//! With it a failure can be looked for again without the code of the case that found it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Pattern;
use crate::wire::{Packet, Suback};

/// A departure from what was expected, at the end of a conversation.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// On which connection of the conversation.
    pub connection: usize,
    /// What should have been seen.
    pub expected: Expectation,
    /// How long it had time, in milliseconds.
    pub within_ms: u64,
    /// What was seen instead.
    pub seen: Seen,
    /// How many steps lead to it.
    #[serde(skip)]
    pub(crate) after: usize,
    /// Steps by which something came that nobody had asked for yet.
    #[serde(skip)]
    pub(crate) untaken: Vec<usize>,
}

/// What should have been seen.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Expectation {
    /// The subject closes the connection.
    Close {
        /// What it may send before that.
        before: Tolerated,
    },
    /// The subject sends a packet.
    Packet {
        /// Which.
        packet: Pattern,
    },
    /// The subject does not send what was seen; steps show that there was time for it.
    Nothing,
    /// What the subject sends keeps a rule that holds at all times.
    Rule {
        /// The statement that has the rule.
        statement: String,
    },
    /// Only a person can tell: the failure is there again when the subject does in all respects
    /// what it did.
    Words,
}

/// What may come before a connection is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerated {
    /// Whatever.
    Anything,
    /// What belongs to the delivery of messages: they were on their way already.
    Deliveries,
    /// What a Client says of its own accord: requests, messages, a farewell. No acknowledgement.
    Farewell,
    /// Nothing.
    Nothing,
    /// A CONNACK that refuses, or a SUBACK that grants nothing.
    Refusal,
}

/// What was seen instead.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What the subject sent that fits no expectation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packets: Vec<SeenPacket>,
    /// How the connection stood then.
    pub end: End,
}

/// A packet that fits no expectation.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SeenPacket {
    /// Its octets.
    #[serde(with = "super::octets")]
    pub octets: Vec<u8>,
    /// What it is, on one line.
    #[serde(default)]
    pub text: String,
}

/// How a connection stood.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The subject had closed it.
    Closed,
    /// It was open, and the time was over.
    Open,
    /// It was open, and what had come was enough to tell.
    #[default]
    Told,
}

impl Tolerated {
    /// Whether the packet may come before the close.
    pub(crate) fn allows(self, packet: &Packet) -> bool {
        match self {
            Self::Anything => true,
            Self::Deliveries => matches!(packet, Packet::Publish(_) | Packet::Pubrel(_)),
            Self::Farewell => !matches!(
                packet,
                Packet::Puback(_) | Packet::Pubrec(_) | Packet::Pubrel(_) | Packet::Pubcomp(_)
            ),
            Self::Nothing => false,
            Self::Refusal => match packet {
                Packet::Connack(connack) => connack.code != 0,
                Packet::Suback(suback) => suback.codes.iter().all(|&code| code == Suback::FAILURE),
                _ => false,
            },
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { before: Tolerated::Anything } => f.write_str("the connection closed"),
            Self::Close { before } => {
                let before = match before {
                    Tolerated::Deliveries => "but messages",
                    Tolerated::Farewell => "but what it has to say of itself",
                    Tolerated::Refusal => "but a refusal",
                    _ => "at all",
                };
                write!(f, "the connection closed, and nothing {before} before that")
            }
            Self::Packet { packet } => packet.fmt(f),
            Self::Nothing => f.write_str("nothing"),
            Self::Rule { statement } => write!(f, "what {statement} demands"),
            Self::Words => f.write_str("something else"),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packets: Vec<_> =
            self.packets.iter().take(MOST_TOLD).map(|packet| packet.text.as_str()).collect();
        let more = self.packets.len() - packets.len();
        f.write_str(&packets.join(", "))?;
        if more > 0 {
            write!(f, " and {more} more")?;
        }
        let comma = if packets.is_empty() { "" } else { ", then " };
        match self.end {
            End::Closed => write!(f, "{comma}the connection closed"),
            End::Open => write!(f, "{comma}nothing"),
            End::Told if packets.is_empty() => f.write_str("what the steps show"),
            End::Told => Ok(()),
        }
    }
}

/// Packets that one line tells.
const MOST_TOLD: usize = 3;
