//! PUBREC: the first answer to a PUBLISH of QoS 2.
//!
//! Clauses: [MQTT-2.3.1-6], U-3.5.1-1.

use bytes::BytesMut;

use super::{PacketId, PacketType, writer};

/// The receiver has taken over a message of QoS 2.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Pubrec {
    /// The identifier of the PUBLISH.
    pub packet_id: PacketId,
}

impl Pubrec {
    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_packet_id(out, PacketType::Pubrec, 0, self.packet_id);
    }
}
