//! What a peer can do wrong with frames.

use std::io;

use thiserror::Error;

/// A breach of the rules of frames: the reason to close the WebSocket.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(in crate::net) enum FrameFault {
    #[error("a WebSocket continuation frame of no message (RFC 6455, 5.4)")]
    ContinuationOfNothing,
    #[error("a WebSocket control frame in fragments (RFC 6455, 5.5)")]
    FragmentedControl,
    #[error("a WebSocket control frame of {0} octets, more than 125 (RFC 6455, 5.5)")]
    LongControl(u64),
    #[error("a WebSocket frame with a mask, which only clients use (RFC 6455, 5.1)")]
    Masked,
    #[error("a WebSocket message within another (RFC 6455, 5.4)")]
    MessageWithinMessage,
    #[error("a WebSocket frame of a kind that is reserved (RFC 6455, 5.2)")]
    ReservedOpcode,
    #[error("a WebSocket frame with a reserved bit, and no extension is in use (RFC 6455, 5.2)")]
    ReservedBit,
    #[error("a WebSocket text frame [MQTT-6.0.0-1]")]
    Text,
    #[error("a WebSocket frame that says it is longer than 2^63 octets (RFC 6455, 5.2)")]
    TooLong,
    #[error("a WebSocket frame without the mask of a client (RFC 6455, 5.1)")]
    Unmasked,
}

impl FrameFault {
    /// The status code to close with: RFC 6455, 7.4.1.
    pub(super) const fn close_code(self) -> u16 {
        match self {
            // A kind of data that is not accepted.
            Self::Text => 1003,
            // A protocol error.
            _ => 1002,
        }
    }
}

impl From<FrameFault> for io::Error {
    fn from(fault: FrameFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}
