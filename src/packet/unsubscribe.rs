//! UNSUBSCRIBE: a Client ends subscriptions.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-3.10.1-1], [MQTT-3.10.3-1], [MQTT-3.10.3-2].

use std::{fmt, iter};

use bytes::{Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::reader::{self, CHECKED, Reader};
use super::{Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, writer};
use crate::topic::TopicFilter;

/// A Client ends subscriptions.
///
/// Its filters are kept as the octets that list them, checked once, and cut out one after the
/// other when they are asked for.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Unsubscribe {
    /// The identifier that the UNSUBACK will have.
    pub packet_id: PacketId,
    /// The payload.
    ///
    /// Always well formed, and of one form: two that list the same are the same octets.
    // [MQTT-3.10.3-2] Never empty.
    payload: Bytes,
}

impl Unsubscribe {
    /// An UNSUBSCRIBE of `filters`, in this order.
    pub fn new(packet_id: PacketId, filters: &OneOrMore<TopicFilter>) -> Self {
        let octets = |filter: &TopicFilter| filter.as_str().len() + 2;
        let mut payload = BytesMut::with_capacity(filters.iter().map(octets).sum());
        for filter in filters.iter() {
            writer::field(&mut payload, filter.as_str().as_bytes());
        }
        Self { packet_id, payload: payload.freeze() }
    }

    /// The filters of the subscriptions, to the letter: one at least.
    pub fn filters(&self) -> impl Iterator<Item = TopicFilter> {
        let mut reader = Reader::new(PacketType::Unsubscribe, 0, &self.payload);
        iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let filter = reader.binary().expect(CHECKED);
            Some(TopicFilter::checked(reader::cut(&self.payload, filter)))
        })
    }

    /// Checks all filters, and takes them as they are.
    pub(super) fn decode(header: FixedHeader, packet: Bytes) -> Result<Self, Malformed> {
        let mut reader = header.reader(&packet);
        let packet_id = reader.packet_id()?;
        let start = reader.offset();
        // [MQTT-3.10.3-2] One filter at least.
        if reader.is_empty() {
            return Err(reader.malformed(MalformedKind::NothingListed, start));
        }
        while !reader.is_empty() {
            // [MQTT-3.10.3-1] UTF-8 encoded strings, one behind the other.
            reader.topic_filter()?;
        }
        Ok(Self { packet_id, payload: reader::behind(packet, start) })
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] when it needs a Remaining Length above 268,435,455; `out` is then as it
    /// was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        // [MQTT-3.10.1-1] 0010, the one value there is.
        writer::listing(out, PacketType::Unsubscribe, 0b0010, self.packet_id, &self.payload)
    }
}

impl fmt::Debug for Unsubscribe {
    /// The filters in place of the octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filters: Vec<_> = self.filters().collect();
        f.debug_struct("Unsubscribe")
            .field("packet_id", &self.packet_id)
            .field("filters", &filters)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_ends_comes_out_as_it_went_in() {
        let filters = ["a/#", "\u{fc}"].map(|filter| TopicFilter::new(filter).unwrap());
        let list = OneOrMore::new(filters.to_vec()).unwrap();
        let unsubscribe = Unsubscribe::new(PacketId::FIRST, &list);
        assert!(format!("{unsubscribe:?}").contains("a/#"));
        assert!(unsubscribe.filters().eq(filters));
    }
}
