//! CONNACK: whether a Session was opened.

use std::fmt;

use super::fields::Fields;
use super::frame::{Frame, Framed};
use super::malformed::{Fault, Malformed};
use super::packet::{Kind, Packet};

/// The Server's answer to CONNECT.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Connack {
    /// Whether the Server kept a Session for this Client Identifier.
    pub session_present: bool,
    /// 0 accepts; 1 to 5 refuse, each with a reason.
    pub code: u8,
}

impl Connack {
    /// The answer that opens a Session.
    pub const fn accepted(session_present: bool) -> Self {
        Self { session_present, code: 0 }
    }

    /// An answer that opens none.
    pub const fn refused(code: u8) -> Self {
        Self { session_present: false, code }
    }

    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        let flags_at = fields.at();
        let flags = fields.u8()?;
        if flags & 0xfe != 0 {
            return Err(Malformed { fault: Fault::ConnackFlags, offset: flags_at });
        }
        let session_present = flags == 1;
        let code_at = fields.at();
        let code = fields.u8()?;
        if code > 5 {
            return Err(Malformed { fault: Fault::ConnackCode(code), offset: code_at });
        }
        if code != 0 && session_present {
            let fault = Fault::ConnackRefusedWithSession;
            return Err(Malformed { fault, offset: flags_at });
        }
        fields.end()?;
        Ok(Self { session_present, code })
    }
}

impl Framed for Connack {
    fn frame(&self) -> Frame {
        Frame::new(Kind::Connack.first_byte(), vec![self.session_present.into(), self.code])
    }
}

impl From<Connack> for Packet {
    fn from(connack: Connack) -> Self {
        Self::Connack(connack)
    }
}

impl fmt::Display for Connack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.code {
            0 => "accepted",
            1 => "unacceptable protocol level",
            2 => "identifier rejected",
            3 => "server unavailable",
            4 => "bad user name or password",
            5 => "not authorized",
            _ => "undefined",
        };
        let session = u8::from(self.session_present);
        write!(f, "CONNACK session={session} code={} {meaning}", self.code)
    }
}
