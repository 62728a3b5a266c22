//! What a Client did that the protocol does not allow, although its packets were well formed.

use thiserror::Error;

use crate::packet::PacketType;
use crate::session::UnexpectedAck;

/// A breach of the protocol by a Client: the reason its Network Connection is closed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Violation {
    /// The first packet was not CONNECT.
    #[error("{0} before CONNECT")]
    FirstPacketNotConnect(PacketType),
    /// A WebSocket data frame came that is not binary.
    #[error("a WebSocket data frame that is not binary")]
    NotBinary,
    /// CONNECT came on a Network Connection that already had one.
    #[error("second CONNECT")]
    SecondConnect,
    /// A packet came that only a Server sends.
    #[error("{0} from a Client")]
    ServerPacket(PacketType),
    /// An acknowledgement came for a delivery that cannot have it.
    #[error("{0}")]
    UnexpectedAck(UnexpectedAck),
}

impl Violation {
    /// The statement that was broken, as the catalogue names it.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::FirstPacketNotConnect(_) => "MQTT-3.1.0-1",
            Self::NotBinary => "MQTT-6.0.0-1",
            Self::SecondConnect => "MQTT-3.1.0-2",
            Self::ServerPacket(_) | Self::UnexpectedAck(_) => "MQTT-4.8.0-1",
        }
    }
}
