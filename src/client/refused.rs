//! What the Client does not do, although it was told to: mistakes of the caller, not of the peer.

use thiserror::Error;

use crate::packet::PacketTooLong;

/// Why a connection is not begun.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ConnectRefused {
    /// A Client that is to keep its Session asks for a clean one.
    #[error("a clean Session ends with its connection, so there is nothing to keep [MQTT-3.1.2-6]")]
    CleanSession,
    /// A Session is to be kept under an empty Client Identifier.
    #[error("an empty Client Identifier cannot keep a Session [MQTT-3.1.3-7]")]
    EmptyClientId,
    /// The connection before has not ended.
    #[error("a connection has one CONNECT, and this one has had it [U-3.1-1]")]
    StillConnected,
}

/// Why a command is not taken.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CommandRefused {
    /// As many commands wait as may.
    #[error("{limit} commands wait already, and no more may")]
    Full {
        /// [`Limits::waiting`](super::Limits::waiting).
        limit: usize,
    },
    /// No packet can hold it.
    #[error(transparent)]
    TooLong(#[from] PacketTooLong),
}
