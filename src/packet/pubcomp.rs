//! PUBCOMP: the answer to PUBREL, and the end of the exchange.
//!
//! Clauses: [MQTT-2.3.1-6], U-3.7.1-1, U-3.7.2-1.

use bytes::BytesMut;

use super::{PacketId, PacketType, writer};

/// The exchange of a message of QoS 2 is complete.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pubcomp {
    /// The identifier of the PUBREL.
    pub packet_id: PacketId,
}

impl Pubcomp {
    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_packet_id(out, PacketType::Pubcomp, 0, self.packet_id);
    }
}
