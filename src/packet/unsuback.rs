//! UNSUBACK: the answer to UNSUBSCRIBE.
//!
//! Clauses: [MQTT-3.10.4-4], U-3.11.1-1.

use bytes::BytesMut;

use super::{PacketId, PacketType, writer};

/// The Server has dealt with an UNSUBSCRIBE.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Unsuback {
    /// The identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
}

impl Unsuback {
    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_packet_id(out, PacketType::Unsuback, 0, self.packet_id);
    }
}
