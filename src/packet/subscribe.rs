//! SUBSCRIBE: a Client asks for the messages of some Topic Filters.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-2.3.1-7], [MQTT-3.8.1-1], [MQTT-3.8.3-1], [MQTT-3.8.3-3],
//! [MQTT-3.8.3-4], [MQTT-3.8.4-2], [MQTT-3.8.4-5], [MQTT-3.9.3-1], U-3.8.3-2. Not here: what the
//! Server does with it.

use std::{fmt, iter};

use bytes::{BufMut, Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::reader::{self, CHECKED, Reader};
use super::{
    Malformed, MalformedKind, OneOrMore, PacketId, PacketTooLong, PacketType, QoS, Suback,
    SubackCode, writer,
};
use crate::topic::TopicFilter;

/// A Client asks for subscriptions.
///
/// Its filters are kept as the octets that list them, checked once, and cut out one after the
/// other when they are asked for.
///
/// # Examples
///
/// ```
/// use mqttspec::packet::{PacketId, QoS, Subscribe, SubscribeFilter};
/// use mqttspec::topic::TopicFilter;
///
/// let filter = TopicFilter::new("sensor/+").unwrap();
/// let wanted = SubscribeFilter { filter, qos: QoS::AtLeastOnce };
/// let subscribe = Subscribe::new(PacketId::FIRST, &wanted.clone().into());
/// assert!(subscribe.filters().eq([wanted]));
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Subscribe {
    /// The identifier that the SUBACK will have.
    pub packet_id: PacketId,
    /// The payload.
    ///
    /// Always well formed, and of one form: two that list the same are the same octets.
    // [MQTT-3.8.3-3] Never empty.
    payload: Bytes,
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
    /// A SUBSCRIBE that asks for `filters`, in this order.
    pub fn new(packet_id: PacketId, filters: &OneOrMore<SubscribeFilter>) -> Self {
        let octets = |wanted: &SubscribeFilter| wanted.filter.as_str().len() + 3;
        let mut payload = BytesMut::with_capacity(filters.iter().map(octets).sum());
        for SubscribeFilter { filter, qos } in filters.iter() {
            writer::field(&mut payload, filter.as_str().as_bytes());
            payload.put_u8(qos.number());
        }
        Self { packet_id, payload: payload.freeze() }
    }

    /// What is asked for, in the order of the packet: one filter at least.
    pub fn filters(&self) -> impl Iterator<Item = SubscribeFilter> {
        let mut reader = Reader::new(PacketType::Subscribe, 0, &self.payload);
        iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let filter = reader.binary().expect(CHECKED);
            let qos = QoS::from_number(reader.octet().expect(CHECKED)).expect(CHECKED);
            let filter = TopicFilter::checked(reader::cut(&self.payload, filter));
            Some(SubscribeFilter { filter, qos })
        })
    }

    /// The SUBACK to it, with the code that `decide` has for each filter.
    // [MQTT-3.8.4-2] [MQTT-2.3.1-7] It has the identifier of the SUBSCRIBE,
    // [MQTT-3.8.4-5] and a code for each filter, [MQTT-3.9.3-1] in the same order.
    pub fn answer(&self, decide: impl FnMut(SubscribeFilter) -> SubackCode) -> Suback {
        let codes = OneOrMore::new(self.filters().map(decide).collect()).expect(CHECKED);
        Suback::new(self.packet_id, &codes)
    }

    /// Checks all filters, and takes them as they are.
    pub(super) fn decode(header: FixedHeader, packet: Bytes) -> Result<Self, Malformed> {
        let mut reader = header.reader(&packet);
        let packet_id = reader.packet_id()?;
        let start = reader.offset();
        // [MQTT-3.8.3-3] One filter at least.
        if reader.is_empty() {
            return Err(reader.malformed(MalformedKind::NothingListed, start));
        }
        while !reader.is_empty() {
            // [MQTT-3.8.3-1] Each filter is a UTF-8 encoded string.
            reader.topic_filter()?;
            let offset = reader.offset();
            let octet = reader.octet()?;
            // [MQTT-3.8.3-4] QoS 3 is none, and a reserved bit makes the octet greater still.
            if QoS::from_number(octet).is_none() {
                return Err(reader.malformed(MalformedKind::SubscribeOptions { octet }, offset));
            }
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
        // [MQTT-3.8.1-1] 0010, the one value there is.
        writer::listing(out, PacketType::Subscribe, 0b0010, self.packet_id, &self.payload)
    }
}

impl fmt::Debug for Subscribe {
    /// The filters in place of the octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filters: Vec<_> = self.filters().collect();
        f.debug_struct("Subscribe")
            .field("packet_id", &self.packet_id)
            .field("filters", &filters)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(filter: &'static str, qos: QoS) -> SubscribeFilter {
        SubscribeFilter { filter: TopicFilter::new(filter).unwrap(), qos }
    }

    fn subscribe(filters: &[SubscribeFilter]) -> Subscribe {
        Subscribe::new(PacketId::FIRST, &OneOrMore::new(filters.to_vec()).unwrap())
    }

    #[test]
    fn what_it_asks_for_comes_out_as_it_went_in() {
        let filters = [wanted("a/#", QoS::ExactlyOnce), wanted("\u{fc}", QoS::AtMostOnce)];
        assert!(subscribe(&filters).filters().eq(filters));
    }

    #[test]
    fn two_are_the_same_when_they_ask_for_the_same() {
        let (a, b) = (wanted("a", QoS::AtMostOnce), wanted("b", QoS::AtMostOnce));
        assert_eq!(subscribe(&[a.clone(), b.clone()]), subscribe(&[a.clone(), b.clone()]));
        assert_ne!(subscribe(&[a.clone(), b.clone()]), subscribe(&[b, a.clone()]));
        assert_ne!(subscribe(&[a]), subscribe(&[wanted("a", QoS::AtLeastOnce)]));
    }

    #[test]
    fn its_answer_has_a_code_for_each_filter() {
        let filters = [wanted("a", QoS::AtLeastOnce), wanted("b", QoS::AtMostOnce)];
        let suback = subscribe(&filters).answer(|SubscribeFilter { filter, qos }| {
            if filter.as_str() == "a" { SubackCode::Granted(qos) } else { SubackCode::Failure }
        });
        assert_eq!(suback.packet_id, PacketId::FIRST);
        let expected = [SubackCode::Granted(QoS::AtLeastOnce), SubackCode::Failure];
        assert!(suback.codes().eq(expected));
        let shown = "Suback { packet_id: PacketId(1), codes: [Granted(AtLeastOnce), Failure] }";
        assert_eq!(format!("{suback:?}"), shown);
    }

    #[test]
    fn it_shows_filters_and_no_octets() {
        let shown = format!("{:?}", subscribe(&[wanted("sensor/+", QoS::AtMostOnce)]));
        assert!(shown.contains("sensor/+") && shown.contains("AtMostOnce"), "{shown}");
    }
}
