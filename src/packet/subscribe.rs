//! SUBSCRIBE: a Client asks for the messages of some Topic Filters.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-3.8.1-1], [MQTT-3.8.3-1], [MQTT-3.8.3-3], [MQTT-3.8.3-4],
//! U-3.8.3-2. Not here: what the Server does with it.

use bytes::{BufMut, Bytes, BytesMut};

use super::reader::Reader;
use super::{
    Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, QoS, writer,
};
use crate::topic::TopicFilter;

/// A Client asks for subscriptions.
// [MQTT-3.8.3-3] At least one: an empty list has no type.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Subscribe {
    /// The identifier that the SUBACK will have.
    pub packet_id: PacketId,
    /// What is asked for, in the order of the packet.
    pub filters: OneOrMore<SubscribeFilter>,
}

/// One subscription that is asked for.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SubscribeFilter {
    /// Which messages.
    pub filter: TopicFilter,
    /// The greatest QoS at which to send them.
    pub qos: QoS,
}

impl Subscribe {
    pub(super) fn decode(mut reader: Reader<Bytes>) -> Result<Self, Malformed> {
        let packet_id = reader.packet_id()?;
        let payload = reader.offset();
        let mut filters = Vec::new();
        while !reader.is_empty() {
            // [MQTT-3.8.3-1] Each filter is a UTF-8 encoded string.
            let filter = reader.topic_filter()?;
            let offset = reader.offset();
            let octet = reader.octet()?;
            // [MQTT-3.8.3-4] QoS 3 is none, and a reserved bit makes the octet greater still.
            let qos = QoS::from_number(octet).ok_or_else(|| {
                reader.malformed(MalformedKind::SubscribeOptions { octet }, offset)
            })?;
            filters.push(SubscribeFilter { filter, qos });
        }
        let filters = OneOrMore::new(filters)
            .ok_or_else(|| reader.malformed(MalformedKind::NothingListed, payload))?;
        Ok(Self { packet_id, filters })
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] when it needs a Remaining Length above 268,435,455; `out` is then as it
    /// was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        let octets = |filter: &SubscribeFilter| filter.filter.as_str().len() + 3;
        let remaining = 2 + self.filters.iter().map(octets).sum::<usize>();
        // [MQTT-3.8.1-1] 0010, the one value there is.
        writer::fixed_header(out, PacketType::Subscribe, 0b0010, remaining, remaining)?;
        out.put_u16(self.packet_id.number());
        for SubscribeFilter { filter, qos } in self.filters.iter() {
            writer::field(out, filter.as_str().as_bytes());
            out.put_u8(qos.number());
        }
        Ok(())
    }
}
