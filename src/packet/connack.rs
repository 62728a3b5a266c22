//! CONNACK: the Server's answer to CONNECT.
//!
//! Clauses: [MQTT-3.2.2-4], U-3.2.1-1, U-3.2.2.1-1, U-3.2.2.3-2, U-3.2.3-1.

use bytes::BytesMut;
use thiserror::Error;

use super::reader::Reader;
use super::{Malformed, MalformedKind, PacketType};

/// The Server's answer to CONNECT.
// [MQTT-3.2.2-4] A refusal has no Session Present to set.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Connack {
    /// Return code 0: the Client is connected.
    Accepted {
        /// Whether the Server had a Session for this Client.
        session_present: bool,
    },
    /// Return codes 1 to 5: the Network Connection is about to be closed.
    Refused(ConnectRefusal),
}

/// Why a Server refuses a CONNECT that is well formed.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[repr(u8)]
pub enum ConnectRefusal {
    /// 1: this version of MQTT is not spoken here.
    #[error("unacceptable protocol version")]
    UnacceptableProtocolVersion = 1,
    /// 2: the Client Identifier is not allowed.
    #[error("identifier rejected")]
    IdentifierRejected = 2,
    /// 3: no service at the moment.
    #[error("server unavailable")]
    ServerUnavailable = 3,
    /// 4: user name or password cannot be taken.
    #[error("bad user name or password")]
    BadUserNameOrPassword = 4,
    /// 5: this Client may not connect.
    #[error("not authorized")]
    NotAuthorized = 5,
}

impl ConnectRefusal {
    /// Its return code, 1 to 5.
    pub const fn code(self) -> u8 {
        self as u8
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::UnacceptableProtocolVersion),
            2 => Some(Self::IdentifierRejected),
            3 => Some(Self::ServerUnavailable),
            4 => Some(Self::BadUserNameOrPassword),
            5 => Some(Self::NotAuthorized),
            _ => None,
        }
    }
}

impl Connack {
    /// What two octets say behind the fixed header; `None` when they may not be said.
    #[inline]
    pub(super) const fn known(flags: u8, code: u8) -> Option<Self> {
        // [MQTT-3.2.2-4] Session Present stands beside code 0 alone.
        match (flags, code) {
            (0 | 1, 0) => Some(Self::Accepted { session_present: flags == 1 }),
            (0, _) => match ConnectRefusal::from_code(code) {
                Some(refusal) => Some(Self::Refused(refusal)),
                None => None,
            },
            _ => None,
        }
    }

    pub(super) fn decode(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        let flags_offset = reader.offset();
        let flags = reader.octet()?;
        let code_offset = reader.offset();
        let code = reader.octet()?;
        let Some(connack) = Self::known(flags, code) else {
            // U-3.2.2.1-1: seven flags are reserved.
            let (kind, offset) = if flags & !1 != 0 {
                (MalformedKind::ConnackFlags, flags_offset)
            } else if ConnectRefusal::from_code(code).is_none() {
                (MalformedKind::ConnectReturnCode { code }, code_offset)
            } else {
                // [MQTT-3.2.2-4] A refusal beside Session Present.
                (MalformedKind::ConnackSessionPresent, flags_offset)
            };
            return Err(reader.malformed(kind, offset));
        };
        reader.finish()?;
        Ok(connack)
    }

    /// Appends the four octets of this packet to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        // [U-3.2.2.1-1] Seven of the eight flags are always 0.
        let (session_present, code) = match *self {
            Self::Accepted { session_present } => (u8::from(session_present), 0),
            Self::Refused(refusal) => (0, refusal.code()),
        };
        out.extend_from_slice(&[PacketType::Connack.number() << 4, 2, session_present, code]);
    }
}
