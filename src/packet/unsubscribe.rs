//! UNSUBSCRIBE: a Client ends subscriptions.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-3.10.1-1], [MQTT-3.10.3-1], [MQTT-3.10.3-2].

use bytes::{BufMut, Bytes, BytesMut};

use super::reader::Reader;
use super::{Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, writer};
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
    pub(super) fn decode(mut reader: Reader<Bytes>) -> Result<Self, Malformed> {
        let packet_id = reader.packet_id()?;
        let payload = reader.offset();
        let mut filters = Vec::new();
        while !reader.is_empty() {
            // [MQTT-3.10.3-1] UTF-8 encoded strings, one behind the other.
            filters.push(reader.topic_filter()?);
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
        let octets = |filter: &TopicFilter| filter.as_str().len() + 2;
        let remaining = 2 + self.filters.iter().map(octets).sum::<usize>();
        // [MQTT-3.10.1-1] 0010, the one value there is.
        writer::fixed_header(out, PacketType::Unsubscribe, 0b0010, remaining, remaining)?;
        out.put_u16(self.packet_id.number());
        for filter in self.filters.iter() {
            writer::field(out, filter.as_str().as_bytes());
        }
        Ok(())
    }
}
