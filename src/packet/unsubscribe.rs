//! UNSUBSCRIBE: a Client ends subscriptions.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-3.10.1-1], [MQTT-3.10.3-1], [MQTT-3.10.3-2].

use bytes::{Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::{
    Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, reader, writer,
};
use crate::topic::TopicFilter;

/// A Client ends subscriptions.
// [MQTT-3.10.3-2] At least one: an empty list has no type.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Unsubscribe {
    /// The identifier that the UNSUBACK will have.
    pub packet_id: PacketId,
    /// The filters of the subscriptions, to the letter.
    pub filters: OneOrMore<TopicFilter>,
}

impl Unsubscribe {
    pub(super) fn decode(header: FixedHeader, packet: Bytes) -> Result<Self, Malformed> {
        let mut reader = header.reader(&packet);
        let packet_id = reader.packet_id()?;
        if reader.is_empty() {
            return Err(reader.malformed(MalformedKind::NothingListed, reader.offset()));
        }
        let mut filters = Vec::with_capacity(OneOrMore::<TopicFilter>::FEW);
        loop {
            // [MQTT-3.10.3-1] UTF-8 encoded strings, one behind the other.
            let filter = reader.topic_filter()?;
            if reader.is_empty() {
                let filter = packet.len() - filter.len()..packet.len();
                let last = TopicFilter::checked(reader::cut_last(packet, filter));
                return Ok(Self { packet_id, filters: OneOrMore::with_last(filters, last) });
            }
            filters.push(TopicFilter::checked(reader::cut(&packet, filter)));
        }
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] when it needs a Remaining Length above 268,435,455; `out` is then as it
    /// was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        let octets = |filter: &TopicFilter| filter.as_str().len() + 2;
        let remaining = 2 + self.filters.iter().map(octets).sum::<usize>();
        // [MQTT-3.10.1-1] 0010, the one value there is.
        let (unsubscribe, packet_id) = (PacketType::Unsubscribe, self.packet_id.number());
        writer::fixed_header_and_integer(
            out,
            unsubscribe,
            0b0010,
            remaining,
            remaining,
            packet_id,
        )?;
        for filter in self.filters.iter() {
            writer::field(out, filter.as_str().as_bytes());
        }
        Ok(())
    }
}
