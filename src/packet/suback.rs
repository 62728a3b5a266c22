//! SUBACK: the Server's answer to SUBSCRIBE.
//!
//! Clauses: [MQTT-3.8.4-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1], [MQTT-3.9.3-2].

use bytes::{BufMut, BytesMut};

use super::reader::Reader;
use super::{
    Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, QoS, writer,
};

/// The Server's answer to SUBSCRIBE.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Suback {
    /// The identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// One code for each Topic Filter, in their order.
    pub codes: OneOrMore<SubackCode>,
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
    pub(super) fn decode(mut reader: Reader<&[u8]>) -> Result<Self, Malformed> {
        let packet_id = reader.packet_id()?;
        let payload = reader.offset();
        let mut codes = Vec::with_capacity(reader.remaining());
        while !reader.is_empty() {
            let offset = reader.offset();
            let code = reader.octet()?;
            codes.push(SubackCode::from_octet(code).ok_or_else(|| {
                reader.malformed(MalformedKind::SubackReturnCode { code }, offset)
            })?);
        }
        // [MQTT-3.8.4-5] A code for each filter, and no SUBSCRIBE is without one.
        let codes = OneOrMore::new(codes)
            .ok_or_else(|| reader.malformed(MalformedKind::NothingListed, payload))?;
        Ok(Self { packet_id, codes })
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] above 268,435,453 codes; `out` is then as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        let remaining = 2 + self.codes.len();
        writer::fixed_header(out, PacketType::Suback, 0, remaining, remaining)?;
        out.put_u16(self.packet_id.number());
        for code in self.codes.iter() {
            out.put_u8(code.octet());
        }
        Ok(())
    }
}
