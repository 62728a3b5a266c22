//! PUBREC: the first answer to a PUBLISH of QoS 2.
//!
//! Clauses: [MQTT-2.3.1-6], U-3.5.1-1.

use bytes::BytesMut;

use super::reader::Reader;
use super::{Malformed, PacketId, PacketType, writer};

/// The receiver has taken over a message of QoS 2.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pubrec {
    /// The identifier of the PUBLISH.
    pub packet_id: PacketId,
}

impl Pubrec {
    #[inline]
    pub(super) fn decode(mut reader: Reader<&[u8]>) -> Result<Self, Malformed> {
        let packet_id = reader.packet_id()?;
        reader.finish()?;
        Ok(Self { packet_id })
    }

    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_packet_id(out, PacketType::Pubrec, 0, self.packet_id);
    }
}
