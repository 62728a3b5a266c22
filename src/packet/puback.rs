//! PUBACK: the answer to a PUBLISH of QoS 1.
//!
//! Clauses: [MQTT-2.3.1-6], U-3.4.1-1.

use bytes::BytesMut;

use super::{PacketId, PacketType, writer};

/// The receiver has taken over a message of QoS 1.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Puback {
    /// The identifier of the PUBLISH.
    pub packet_id: PacketId,
}

impl Puback {
    /// Appends the four octets of this packet to `out`.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) {
        writer::only_packet_id(out, PacketType::Puback, 0, self.packet_id);
    }
}
