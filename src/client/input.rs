//! The events that the Client takes in beside commands.

use crate::packet::{DecodeError, Packet};

/// An event on the Network Connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// The Network Connection is gone: closed by the Server, or lost.
    ConnectionLost,
    /// The Server has said something that cannot be handed over yet: part of a packet, or packets
    /// that wait in the shell. Gives it more time to answer PINGREQ.
    Heard,
    /// A WebSocket data frame arrived that is not binary.
    NotBinary,
    /// A Control Packet arrived.
    Packet(Packet),
    /// The [`deadline`](super::Client::deadline) has come. Without effect when it has not.
    Timeout,
    /// Octets arrived that are no Control Packet, or one that is too large.
    Undecodable(DecodeError),
}
