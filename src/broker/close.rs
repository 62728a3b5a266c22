//! Why the Server ends a Network Connection.

use std::fmt;

use super::Violation;
use crate::packet::{ConnectRefusal, DecodeError};

/// Why a Network Connection comes to its end.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CloseReason {
    /// It was asked for by whoever runs the server.
    Asked,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// The Client's octets cannot be read.
    Decode(DecodeError),
    /// The Client said DISCONNECT.
    Disconnected,
    /// The same Client has connected anew.
    Displaced,
    /// The Client was silent for longer than it promised.
    KeepAliveExpired,
    /// The network has ended the connection, or the Client has without a word.
    NetworkClosed,
    /// The Client published what it has no right to.
    NotAllowed,
    /// What the Client asked for cannot be kept at the moment.
    NotKept,
    /// More messages would wait for the Client than may.
    QueueFull,
    /// CONNECT was refused.
    Refused {
        /// The return code it was given.
        refusal: ConnectRefusal,
        /// The statement that asks for the refusal.
        statement: &'static str,
    },
    /// The server is being stopped.
    ServerStopping,
    /// A Topic Name has more levels than the server takes.
    TooManyLevels,
    /// What the Client proved itself with does not hold any more.
    UserChanged,
    /// The Client broke the protocol.
    Violation(Violation),
}

impl CloseReason {
    /// The statement by which the connection is closed; `None` where it is nobody's fault.
    pub const fn statement(&self) -> Option<&'static str> {
        match self {
            Self::ConnectTimeout => Some("U-3.1.4-2"),
            Self::Decode(error) => Some(error.statement()),
            Self::Asked
            | Self::Disconnected
            | Self::NetworkClosed
            | Self::NotKept
            | Self::QueueFull
            | Self::ServerStopping
            | Self::TooManyLevels
            | Self::UserChanged => None,
            Self::NotAllowed => Some("MQTT-3.3.5-2"),
            Self::Displaced => Some("MQTT-3.1.4-2"),
            Self::KeepAliveExpired => Some("MQTT-3.1.2-24"),
            Self::Refused { statement, .. } => Some(statement),
            Self::Violation(violation) => Some(violation.statement()),
        }
    }

    /// A short name for it, for counting and for machines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::ConnectTimeout => "connect_timeout",
            Self::Decode(DecodeError::TooLarge(_)) => "packet_too_large",
            Self::Decode(_) => "undecodable",
            Self::Disconnected => "disconnected",
            Self::Displaced => "displaced",
            Self::KeepAliveExpired => "keep_alive_expired",
            Self::NetworkClosed => "network_closed",
            Self::NotAllowed => "not_allowed",
            Self::NotKept => "not_kept",
            Self::QueueFull => "queue_full",
            Self::Refused { .. } => "refused",
            Self::ServerStopping => "server_stopping",
            Self::TooManyLevels => "too_many_levels",
            Self::UserChanged => "user_changed",
            Self::Violation(_) => "violation",
        }
    }

    /// Whether the Client has broken a rule.
    pub const fn is_clients_fault(&self) -> bool {
        match self {
            Self::Decode(error) => !matches!(error, DecodeError::TooLarge(_)),
            Self::NotAllowed
            | Self::QueueFull
            | Self::Refused { .. }
            | Self::TooManyLevels
            | Self::Violation(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("asked for by the operator")?,
            Self::ConnectTimeout => f.write_str("no CONNECT in time")?,
            // It names its statement itself, and the octet after it.
            Self::Decode(error) => return error.fmt(f),
            Self::Disconnected => f.write_str("DISCONNECT")?,
            Self::Displaced => f.write_str("the same Client Identifier has connected anew")?,
            Self::KeepAliveExpired => {
                f.write_str("silent for longer than one and a half Keep Alive")?
            }
            Self::NetworkClosed => f.write_str("network connection closed without DISCONNECT")?,
            Self::NotKept => f.write_str("what it asks for cannot be kept at the moment")?,
            Self::QueueFull => f.write_str("too slow: more messages wait for it than may")?,
            Self::Refused { refusal, .. } => write!(f, "CONNECT refused, {refusal}")?,
            Self::NotAllowed => f.write_str("PUBLISH without the right to")?,
            Self::ServerStopping => f.write_str("server stopping")?,
            Self::TooManyLevels => f.write_str("a topic of more levels than are taken here")?,
            Self::UserChanged => f.write_str("its user has another password now, or is gone")?,
            Self::Violation(violation) => violation.fmt(f)?,
        }
        self.statement().map_or(Ok(()), |statement| write!(f, " [{statement}]"))
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::packet::Decoder;

    #[test]
    fn octets_that_cannot_be_read_break_a_rule_and_too_many_of_them_do_not() {
        let read = |octets: &[u8], most| {
            let mut buffer = BytesMut::from(octets);
            CloseReason::Decode(Decoder::new(most).decode(&mut buffer).unwrap_err())
        };
        let (malformed, large) = (read(b"\x00\x00", 100), read(b"\x30\x7f", 100));
        assert!(malformed.is_clients_fault());
        assert!(!large.is_clients_fault());
        assert_eq!((malformed.name(), large.name()), ("undecodable", "packet_too_large"));
    }

    #[test]
    fn each_reads_as_a_line_and_says_whose_fault_it_is() {
        let refusal = ConnectRefusal::IdentifierRejected;
        let all = [
            CloseReason::Asked,
            CloseReason::ConnectTimeout,
            CloseReason::Disconnected,
            CloseReason::Displaced,
            CloseReason::KeepAliveExpired,
            CloseReason::NetworkClosed,
            CloseReason::NotAllowed,
            CloseReason::NotKept,
            CloseReason::QueueFull,
            CloseReason::Refused { refusal, statement: "a statement" },
            CloseReason::ServerStopping,
            CloseReason::TooManyLevels,
            CloseReason::UserChanged,
            CloseReason::Violation(Violation::SecondConnect),
        ];
        let line = |reason: &CloseReason| {
            let whose = if reason.is_clients_fault() { "its fault" } else { "-" };
            format!("{}: {reason}; {whose}", reason.name())
        };
        insta::assert_snapshot!(all.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
}
