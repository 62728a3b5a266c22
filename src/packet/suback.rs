//! SUBACK: the Server's answer to SUBSCRIBE.
//!
//! Clauses: [MQTT-3.8.4-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1], [MQTT-3.9.3-2].

use bytes::BytesMut;

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
    pub(super) fn decode(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        let packet_id = reader.packet_id()?;
        // [MQTT-3.8.4-5] A code for each filter, and no SUBSCRIBE is without one.
        if reader.is_empty() {
            return Err(reader.malformed(MalformedKind::NothingListed, reader.offset()));
        }
        let octets = reader.rest();
        let mut codes = Vec::with_capacity(octets.len());
        for (index, &code) in octets.iter().enumerate() {
            let Some(known) = SubackCode::from_octet(code) else {
                let fault = MalformedKind::SubackReturnCode { code };
                return Err(reader.malformed(fault, reader.offset() + index));
            };
            codes.push(known);
        }
        let codes = OneOrMore::new(codes).expect("an octet at least");
        Ok(Self { packet_id, codes })
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] above 268,435,453 codes; `out` is then as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        let remaining = 2 + self.codes.len();
        let packet_id = self.packet_id.number();
        writer::fixed_header_and_integer(
            out,
            PacketType::Suback,
            0,
            remaining,
            remaining,
            packet_id,
        )?;
        out.extend(self.codes.iter().map(|code| code.octet()));
        Ok(())
    }
}
