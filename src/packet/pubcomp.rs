//! PUBCOMP: the answer to PUBREL, and the end of the exchange.
//!
//! Clauses: [MQTT-2.3.1-6], U-3.7.1-1, U-3.7.2-1.

use bytes::BytesMut;

use super::reader::Reader;
use super::{Malformed, PacketId, PacketType, writer};

/// The exchange of a message of QoS 2 is complete.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pubcomp {
    /// The identifier of the PUBREL.
    pub packet_id: PacketId,
}

impl Pubcomp {
    #[inline]
    pub(super) fn decode(mut reader: Reader<&[u8]>) -> Result<Self, Malformed> {
        let packet_id = reader.packet_id()?;
        reader.finish()?;
        Ok(Self { packet_id })
    }

    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_packet_id(out, PacketType::Pubcomp, 0, self.packet_id);
    }
}
