//! SUBACK: the Server's answer to SUBSCRIBE.
//!
//! Clauses: [MQTT-3.8.4-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1], [MQTT-3.9.3-2].

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::reader::{self, CHECKED};
use super::{
    Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, QoS, writer,
};

/// The Server's answer to SUBSCRIBE.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Suback {
    /// The identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// The payload: an octet for each code, at least one, and all of them known.
    payload: Bytes,
}

/// What became of one subscription.
// [MQTT-3.9.3-2] Four codes, and no way to say a fifth.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SubackCode {
    /// It stands, and brings messages at this level at the most.
    Granted(QoS),
    /// The Server does not want it.
    Failure,
}

impl SubackCode {
    /// Its octet: 0x00, 0x01, 0x02 or 0x80.
    pub const fn octet(self) -> u8 {
        match self {
            Self::Granted(qos) => qos.number(),
            Self::Failure => 0x80,
        }
    }

    fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            0x80 => Some(Self::Failure),
            _ => QoS::from_number(octet).map(Self::Granted),
        }
    }
}

impl Suback {
    /// A SUBACK with `codes`, one for each Topic Filter, in their order.
    pub fn new(packet_id: PacketId, codes: &OneOrMore<SubackCode>) -> Self {
        Self { packet_id, payload: codes.iter().map(|code| code.octet()).collect() }
    }

    /// One code for each Topic Filter, in their order: one at least.
    pub fn codes(&self) -> impl ExactSizeIterator<Item = SubackCode> {
        self.payload.iter().map(|&code| SubackCode::from_octet(code).expect(CHECKED))
    }

    /// Checks all codes, and takes them as they are.
    pub(super) fn decode(header: FixedHeader, packet: Bytes) -> Result<Self, Malformed> {
        let mut reader = header.reader(&packet);
        let packet_id = reader.packet_id()?;
        let start = reader.offset();
        // [MQTT-3.8.4-5] A code for each filter, and no SUBSCRIBE is without one.
        if reader.is_empty() {
            return Err(reader.malformed(MalformedKind::NothingListed, start));
        }
        for (index, &code) in reader.rest().iter().enumerate() {
            // [MQTT-3.9.3-2] One of four.
            if SubackCode::from_octet(code).is_none() {
                let fault = MalformedKind::SubackReturnCode { code };
                return Err(reader.malformed(fault, start + index));
            }
        }
        Ok(Self { packet_id, payload: reader::behind(packet, start) })
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] above 268,435,453 codes; `out` is then as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        writer::listing(out, PacketType::Suback, 0, self.packet_id, &self.payload)
    }
}

impl fmt::Debug for Suback {
    /// The codes in place of their octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.codes().collect();
        f.debug_struct("Suback").field("packet_id", &self.packet_id).field("codes", &codes).finish()
    }
}
