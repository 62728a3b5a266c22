//! Keys and values of a store file: octets to what they stand for, and back.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::broker::{MessageNumber, SessionNumber};
use crate::packet::{PacketId, QoS};
use crate::session::Message;
use crate::topic::TopicName;

/// The key of a delivery.
pub(super) fn delivery_key(session: SessionNumber, order: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&session.0.to_be_bytes());
    key[8..].copy_from_slice(&order.to_be_bytes());
    key
}

/// The key of a message of QoS 2 that was received.
pub(super) fn received_key(session: SessionNumber, packet_id: PacketId) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&session.0.to_be_bytes());
    key[8..].copy_from_slice(&packet_id.number().to_be_bytes());
    key
}

/// The key of a subscription.
pub(super) fn subscription_key(session: SessionNumber, filter: &str) -> Vec<u8> {
    [&session.0.to_be_bytes(), filter.as_bytes()].concat()
}

/// A key that begins with a Session, and the rest of it.
pub(super) fn split_session(key: &[u8]) -> Option<(SessionNumber, &[u8])> {
    let (session, rest) = key.split_first_chunk()?;
    Some((SessionNumber(u64::from_be_bytes(*session)), rest))
}

/// A delivery, as it is written: how far it has come, and which message it is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Delivery {
    Released(PacketId),
    Sent(PacketId, Reference),
    Waiting(Reference),
}

/// Which message a delivery is about, and how its Client gets it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Reference {
    pub(super) message: MessageNumber,
    pub(super) qos: QoS,
    pub(super) retain: bool,
}

impl Delivery {
    /// The message it still needs.
    pub(super) const fn message(self) -> Option<MessageNumber> {
        match self {
            Self::Released(_) => None,
            Self::Sent(_, reference) | Self::Waiting(reference) => Some(reference.message),
        }
    }

    /// Stage, flags, Packet Identifier, number of the message.
    pub(super) fn to_octets(self) -> [u8; 12] {
        let (stage, packet_id, reference) = match self {
            Self::Waiting(reference) => (0, 0, Some(reference)),
            Self::Sent(packet_id, reference) => (1, packet_id.number(), Some(reference)),
            Self::Released(packet_id) => (2, packet_id.number(), None),
        };
        let mut octets = [0; 12];
        octets[0] = stage;
        octets[2..4].copy_from_slice(&packet_id.to_be_bytes());
        if let Some(Reference { message, qos, retain }) = reference {
            octets[1] = flags(qos, retain);
            octets[4..].copy_from_slice(&message.0.to_be_bytes());
        }
        octets
    }

    /// What `octets` stand for; `None` when nothing writes such.
    pub(super) fn from_octets(octets: [u8; 12]) -> Option<Self> {
        let [stage, flags, high, low, number @ ..] = octets;
        let packet_id = PacketId::new(u16::from_be_bytes([high, low]));
        let reference = || {
            let (qos, retain) = from_flags(flags).filter(|(qos, _)| *qos != QoS::AtMostOnce)?;
            Some(Reference { message: MessageNumber(u64::from_be_bytes(number)), qos, retain })
        };
        match stage {
            0 if packet_id.is_none() => Some(Self::Waiting(reference()?)),
            1 => Some(Self::Sent(packet_id?, reference()?)),
            2 if flags == 0 && number == [0; 8] => Some(Self::Released(packet_id?)),
            _ => None,
        }
    }
}

/// Flags, length of the topic, topic, payload.
pub(super) fn message_octets(message: &Message) -> Vec<u8> {
    let topic = message.topic.as_str().as_bytes();
    // A Topic Name is no longer than two octets can say.
    let length = u16::try_from(topic.len()).unwrap_or(u16::MAX);
    let mut octets = Vec::with_capacity(3 + topic.len() + message.payload.len());
    octets.push(flags(message.qos, message.retain));
    octets.extend_from_slice(&length.to_be_bytes());
    octets.extend_from_slice(topic);
    octets.extend_from_slice(&message.payload);
    octets
}

/// The message that `octets` stand for; `None` when nothing writes such.
///
/// `topic` is the one of the message before it: messages that lie together often share it, and
/// then it is kept once.
pub(super) fn message(octets: &[u8], topic: &mut Option<TopicName>) -> Option<Arc<Message>> {
    let (&[first, high, low], rest) = octets.split_first_chunk()?;
    let (qos, retain) = from_flags(first)?;
    let (name, payload) = rest.split_at_checked(u16::from_be_bytes([high, low]).into())?;
    let name = std::str::from_utf8(name).ok()?;
    if topic.as_ref().is_none_or(|topic| topic.as_str() != name) {
        *topic = Some(TopicName::new(ByteString::from(name)).ok()?);
    }
    let topic = topic.clone()?;
    Some(Arc::new(Message { topic, payload: Bytes::copy_from_slice(payload), qos, retain }))
}

/// QoS in the two lowest bits, RETAIN in the third.
fn flags(qos: QoS, retain: bool) -> u8 {
    qos_octet(qos) | u8::from(retain) << 2
}

fn from_flags(flags: u8) -> Option<(QoS, bool)> {
    (flags < 8).then_some(())?;
    Some((qos(flags & 3)?, flags & 4 != 0))
}

/// A QoS as one octet.
pub(super) const fn qos_octet(qos: QoS) -> u8 {
    match qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce => 1,
        QoS::ExactlyOnce => 2,
    }
}

/// The QoS that an octet stands for; `None` when nothing writes such.
pub(super) const fn qos(octet: u8) -> Option<QoS> {
    match octet {
        0 => Some(QoS::AtMostOnce),
        1 => Some(QoS::AtLeastOnce),
        2 => Some(QoS::ExactlyOnce),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_come_back_as_they_were() {
        let packet_id = PacketId::new(0xabcd).unwrap();
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            for retain in [false, true] {
                let reference = Reference { message: MessageNumber(u64::MAX - 7), qos, retain };
                for delivery in [
                    Delivery::Waiting(reference),
                    Delivery::Sent(packet_id, reference),
                    Delivery::Released(packet_id),
                ] {
                    assert_eq!(Delivery::from_octets(delivery.to_octets()), Some(delivery));
                }
            }
        }
    }

    #[test]
    fn octets_that_nothing_writes_stand_for_nothing() {
        for octets in [
            [3, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
            [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
        ] {
            assert_eq!(Delivery::from_octets(octets), None, "{octets:?}");
        }
        for octets in [
            &b""[..],
            b"\x01\0",
            b"\x01\0\x02t",
            b"\x03\0\x01t",
            b"\x08\0\x01t",
            b"\x01\0\x01#",
            b"\x01\0\0",
        ] {
            assert_eq!(message(octets, &mut None), None, "{octets:?}");
        }
    }

    #[test]
    fn messages_share_a_topic_that_they_have_in_common() {
        let octets = |payload: &'static [u8]| {
            let topic = TopicName::new("sensors/1").unwrap();
            let payload = Bytes::from_static(payload);
            message_octets(&Message { topic, payload, qos: QoS::ExactlyOnce, retain: true })
        };
        let mut topic = None;
        let first = message(&octets(b"21"), &mut topic).unwrap();
        let second = message(&octets(b""), &mut topic).unwrap();
        assert_eq!((first.qos, first.retain), (QoS::ExactlyOnce, true));
        assert_eq!((&first.payload[..], &second.payload[..]), (&b"21"[..], &b""[..]));
        assert_eq!(first.topic.as_str().as_ptr(), second.topic.as_str().as_ptr());
    }
}
