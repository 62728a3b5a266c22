//! PUBREL: the sender's answer to PUBREC.
//!
//! Clauses: [MQTT-2.3.1-6], [MQTT-3.6.1-1], U-3.6.1-1.

use bytes::BytesMut;

use super::{PacketId, PacketType, writer};

/// The sender of a message of QoS 2 has seen that it was taken over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pubrel {
    /// The identifier of the PUBLISH.
    pub packet_id: PacketId,
}

impl Pubrel {
    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        // [MQTT-3.6.1-1] 0010, the one value there is.
        writer::only_packet_id(out, PacketType::Pubrel, 0b0010, self.packet_id);
    }
}
