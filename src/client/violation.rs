//! What a Server can do wrong, and the statement that each breaks.

use thiserror::Error;

use crate::packet::{Malformed, PacketId, PacketType};
use crate::session::UnexpectedAck;

/// A breach of the protocol by the Server: the reason to close its Network Connection.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Violation {
    /// A packet came before CONNACK.
    #[error("{0} before CONNACK [MQTT-3.2.0-1]")]
    BeforeConnack(PacketType),
    /// A packet that only Clients send.
    #[error("{0}, which only Clients send [MQTT-4.8.0-1]")]
    ClientPacket(PacketType),
    /// Octets that are no Control Packet.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A WebSocket data frame came that is not binary.
    #[error("a WebSocket data frame that is not binary [MQTT-6.0.0-1]")]
    NotBinary,
    /// CONNACK came a second time.
    #[error("a second CONNACK [MQTT-4.8.0-1]")]
    SecondConnack,
    /// CONNACK speaks of a Session although a clean one was asked for.
    #[error("Session Present for a clean Session [MQTT-3.2.2-1]")]
    SessionPresentForCleanSession,
    /// SUBACK has more or fewer return codes than SUBSCRIBE had filters.
    #[error("SUBACK with {codes} return codes for {filters} filters [MQTT-3.8.4-5]")]
    SubackCount {
        /// The return codes.
        codes: usize,
        /// The filters.
        filters: usize,
    },
    /// SUBACK names no SUBSCRIBE that waits for one.
    #[error("SUBACK for identifier {0}, which no SUBSCRIBE has [MQTT-3.8.4-2]")]
    UnaskedSuback(PacketId),
    /// UNSUBACK names no UNSUBSCRIBE that waits for one.
    #[error("UNSUBACK for identifier {0}, which no UNSUBSCRIBE has [MQTT-3.10.4-4]")]
    UnaskedUnsuback(PacketId),
    /// An acknowledgement that the QoS of the message does not have, or not at this stage.
    #[error("{0} [{statement}]", statement = statement_of(.0))]
    WrongAck(#[from] UnexpectedAck),
}

impl Violation {
    /// The statement that was broken, as the catalogue names it.
    pub const fn statement(&self) -> &'static str {
        match self {
            Self::BeforeConnack(_) => "MQTT-3.2.0-1",
            Self::ClientPacket(_) | Self::SecondConnack => "MQTT-4.8.0-1",
            Self::Malformed(malformed) => malformed.statement(),
            Self::NotBinary => "MQTT-6.0.0-1",
            Self::SessionPresentForCleanSession => "MQTT-3.2.2-1",
            Self::SubackCount { .. } => "MQTT-3.8.4-5",
            Self::UnaskedSuback(_) => "MQTT-3.8.4-2",
            Self::UnaskedUnsuback(_) => "MQTT-3.10.4-4",
            Self::WrongAck(unexpected) => statement_of(unexpected),
        }
    }
}

/// PUBACK and PUBREC each belong to one QoS; PUBCOMP, which belongs to the same as PUBREC, can
/// only come too early.
const fn statement_of(unexpected: &UnexpectedAck) -> &'static str {
    match unexpected.acknowledgement.as_bytes() {
        b"PUBCOMP" => "MQTT-4.3.3-2",
        _ => "MQTT-3.3.4-1",
    }
}
