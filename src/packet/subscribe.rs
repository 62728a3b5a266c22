//! SUBSCRIBE: a Client asks for the messages of some Topic Filters.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-3.8.1-1], [MQTT-3.8.3-1], [MQTT-3.8.3-3], [MQTT-3.8.3-4],
//! U-3.8.3-2. Not here: what the Server does with it.

use bytes::{BufMut, Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::{
    Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, QoS, reader, writer,
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
    pub(super) fn decode(header: FixedHeader, packet: Bytes) -> Result<Self, Malformed> {
        let mut reader = header.reader(&packet);
        let packet_id = reader.packet_id()?;
        if reader.is_empty() {
            return Err(reader.malformed(MalformedKind::NothingListed, reader.offset()));
        }
        let mut filters = Vec::with_capacity(OneOrMore::<SubscribeFilter>::FEW);
        loop {
            // [MQTT-3.8.3-1] Each filter is a UTF-8 encoded string.
            let filter = reader.topic_filter()?;
            let offset = reader.offset();
            let octet = reader.octet()?;
            // [MQTT-3.8.3-4] QoS 3 is none, and a reserved bit makes the octet greater still.
            let Some(qos) = QoS::from_number(octet) else {
                return Err(reader.malformed(MalformedKind::SubscribeOptions { octet }, offset));
            };
            if reader.is_empty() {
                let filter = offset - filter.len()..offset;
                let filter = TopicFilter::checked(reader::cut_last(packet, filter));
                let last = SubscribeFilter { filter, qos };
                return Ok(Self { packet_id, filters: OneOrMore::with_last(filters, last) });
            }
            let filter = TopicFilter::checked(reader::cut(&packet, filter));
            filters.push(SubscribeFilter { filter, qos });
        }
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
        let (subscribe, packet_id) = (PacketType::Subscribe, self.packet_id.number());
        writer::fixed_header_and_integer(out, subscribe, 0b0010, remaining, remaining, packet_id)?;
        for SubscribeFilter { filter, qos } in self.filters.iter() {
            writer::field(out, filter.as_str().as_bytes());
            out.put_u8(qos.number());
        }
        Ok(())
    }
}
