//! PUBLISH: an Application Message on its way from a sender to a receiver.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-2.3.1-5], [MQTT-3.3.1-2], [MQTT-3.3.1-4], [MQTT-3.3.2-1],
//! [MQTT-3.3.2-2], U-3.3.3-1. Not here: who gets the message, which is the broker's.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::fixed_header::FixedHeader;
use super::{
    DecodeError, Malformed, MalformedKind, Packet, PacketId, PacketTooLong, PacketType, QoS,
    reader, writer,
};
use crate::topic::TopicName;

/// An Application Message on its way.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Publish {
    /// What the message is about.
    pub topic: TopicName,
    /// The message itself; any octets, also none.
    pub payload: Bytes,
    /// The level of delivery, and what it needs.
    pub delivery: Delivery,
    /// To a Server: keep it for later subscribers. To a Client: it was kept.
    pub retain: bool,
}

/// The level of delivery of a PUBLISH, with what belongs to each level and to no other.
// [MQTT-2.3.1-5] A PUBLISH of QoS 0 has no Packet Identifier,
// [MQTT-3.3.1-2] and no DUP: there is no place for either.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Delivery {
    /// QoS 0.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce {
        /// The identifier that the PUBACK will have.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
    /// QoS 2.
    ExactlyOnce {
        /// The identifier that the whole exchange will have.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
}

impl Delivery {
    /// The level alone.
    pub const fn qos(&self) -> QoS {
        match self {
            Self::AtMostOnce => QoS::AtMostOnce,
            Self::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Self::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The Packet Identifier; `None` at QoS 0.
    pub const fn packet_id(&self) -> Option<PacketId> {
        match *self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { packet_id, .. } | Self::ExactlyOnce { packet_id, .. } => {
                Some(packet_id)
            }
        }
    }

    /// Whether the packet may have been sent before; never at QoS 0.
    pub const fn dup(&self) -> bool {
        match *self {
            Self::AtMostOnce => false,
            Self::AtLeastOnce { dup, .. } | Self::ExactlyOnce { dup, .. } => dup,
        }
    }
}

const RETAIN: u8 = 0b0001;
const DUP: u8 = 0b1000;

impl Publish {
    /// Makes the packet where the [`Decoder`](super::Decoder) returns it: to be put together aside
    /// and moved would cost more than to be checked.
    #[inline]
    pub(super) fn decode(
        header: FixedHeader,
        packet: Bytes,
    ) -> Result<Option<Packet>, DecodeError> {
        let PublishRef { topic, payload, delivery, retain } = PublishRef::read(header, &packet)?;
        let topic = TopicName::checked(reader::cut(&packet, topic));
        let offset = packet.len() - payload.len();
        let mut payload = packet;
        payload.advance(offset);
        Ok(Some(Packet::Publish(Self { topic, payload, delivery, retain })))
    }

    /// Appends the octets of this packet to `out`, payload included.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] when it needs a Remaining Length above 268,435,455; `out` is then as it
    /// was.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        self.encode_header(out, self.payload.len())?;
        out.extend_from_slice(&self.payload);
        Ok(())
    }

    /// Appends all but the payload, which the caller sends after it: a large one need not be
    /// copied to be sent to many.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_without_payload(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        self.encode_header(out, 0)
    }

    /// The header, with room for `payload_room` octets behind it.
    #[inline]
    fn encode_header(&self, out: &mut BytesMut, payload_room: usize) -> Result<(), PacketTooLong> {
        let topic = self.topic.as_str().as_bytes();
        let packet_id = self.delivery.packet_id();
        let header = writer::field_length(topic) + if packet_id.is_some() { 2 } else { 0 };
        let mut flags = self.delivery.qos().number() << 1;
        flags |= u8::from(self.delivery.dup()) * DUP;
        flags |= u8::from(self.retain) * RETAIN;
        let remaining = header + self.payload.len();
        let (publish, room) = (PacketType::Publish, header + payload_room);
        let length = writer::length_of(topic);
        writer::fixed_header_and_integer(out, publish, flags, remaining, room, length)?;
        out.extend_from_slice(topic);
        if let Some(packet_id) = packet_id {
            out.put_u16(packet_id.number());
        }
        Ok(())
    }
}

/// A PUBLISH that stays where it was read: what it holds is borrowed, and no reference is counted.
///
/// For whoever looks at packets that go by, and keeps nothing; [`Decoder::publish_at`] finds it.
///
/// [`Decoder::publish_at`]: super::Decoder::publish_at
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PublishRef<'packet> {
    /// A Topic Name.
    topic: &'packet [u8],
    /// The message itself; any octets, also none.
    pub payload: &'packet [u8],
    /// The level of delivery, and what it needs.
    pub delivery: Delivery,
    /// As [`Publish::retain`].
    pub retain: bool,
}

impl<'packet> PublishRef<'packet> {
    /// Reads the whole `packet`, which begins with `header`.
    #[inline(always)]
    pub(super) fn read(header: FixedHeader, packet: &'packet [u8]) -> Result<Self, Malformed> {
        let mut reader = header.reader(packet);
        let flags = header.flags;
        let dup = flags & DUP != 0;
        // [MQTT-3.3.1-4] Both QoS bits at once mean nothing, and end the connection.
        let Some(qos) = QoS::from_number(flags >> 1 & 0b11) else {
            return Err(reader.malformed(MalformedKind::PublishQos, 0));
        };
        // [MQTT-3.3.1-2] QoS 0 is never sent again.
        if qos == QoS::AtMostOnce && dup {
            return Err(reader.malformed(MalformedKind::DupWithoutQos, 0));
        }
        // [MQTT-3.3.2-1] The Topic Name comes first,
        // [MQTT-3.3.2-2] and is no Topic Filter.
        let topic = reader.topic_name()?;
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id: reader.packet_id()?, dup },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id: reader.packet_id()?, dup },
        };
        Ok(Self { topic, payload: reader.rest(), delivery, retain: flags & RETAIN != 0 })
    }

    /// What the message is about: the text of a [`TopicName`].
    pub fn topic(&self) -> &'packet str {
        std::str::from_utf8(self.topic).expect(reader::CHECKED)
    }
}
