//! Why the Client closes a Network Connection.

use thiserror::Error;

use super::Violation;
use crate::packet::{ConnectRefusal, PacketTooLarge};

/// Why the Client closes a Network Connection.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CloseReason {
    /// [`Client::disconnect`](super::Client::disconnect) was called.
    #[error("disconnected")]
    Disconnected,
    /// No CONNACK came in time.
    #[error("the Server did not answer CONNECT in time [U-3.2-1]")]
    NoConnack,
    /// No PINGRESP came in time.
    #[error("the Server did not answer PINGREQ in time [U-3.1.2.10-1]")]
    NoPingresp,
    /// The Server does not want this Client.
    #[error("the Server refused the connection: {0} (return code {code})", code = .0.code())]
    Refused(ConnectRefusal),
    /// A packet is larger than this side takes.
    #[error("the Server sent a packet that is too large here: {0}")]
    TooLarge(PacketTooLarge),
    /// The Server broke a rule.
    #[error("the Server broke the protocol: {0}")]
    Violation(#[from] Violation),
}

impl CloseReason {
    /// The statement that the close goes back to; `None` where it is a choice of one side.
    pub const fn statement(&self) -> Option<&'static str> {
        match self {
            Self::Disconnected | Self::Refused(_) => None,
            Self::NoConnack => Some("U-3.2-1"),
            Self::NoPingresp => Some("U-3.1.2.10-1"),
            Self::TooLarge(_) => Some("MQTT-4.8.0-2"),
            Self::Violation(violation) => Some(violation.statement()),
        }
    }
}
