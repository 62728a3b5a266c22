//! Control Packets: octets to values and back.
//!
//! [`Decoder`] takes packets off the front of a buffer, however the network has cut it;
//! [`Packet::encode`] writes one. A value that exists is a packet that the standard allows: what
//! may not be said has no type to say it with, and what arrives all the same is a [`Malformed`],
//! which names the statement and the octet.
//!
//! Topic Names, text and payloads are slices of the octets that were read: decoding a PUBLISH
//! copies and allocates nothing.
//!
//! Clauses: chapter 2 and the formats of chapter 3. Not here: what a packet means, in which order
//! packets may come, and who may send which; that is `session`, `broker` and `client`.

mod client_id;
mod connack;
mod connect;
mod credentials;
mod decoder;
mod describe;
mod disconnect;
mod fixed_header;
mod malformed;
mod one_or_more;
mod packet_id;
mod packet_type;
mod pingreq;
mod pingresp;
mod puback;
mod pubcomp;
mod publish;
mod publish_run;
mod pubrec;
mod pubrel;
mod qos;
mod reader;
mod remaining_length;
mod suback;
mod subscribe;
mod text;
mod unsuback;
mod unsubscribe;
mod will;
mod writer;

use bytes::BytesMut;

pub use client_id::ClientId;
pub use connack::{Connack, ConnectRefusal};
pub use connect::Connect;
pub use credentials::Credentials;
pub use decoder::{DecodeError, Decoder, PacketTooLarge};
pub use disconnect::Disconnect;
pub use malformed::{Malformed, MalformedKind};
pub use one_or_more::OneOrMore;
pub use packet_id::PacketId;
pub use packet_type::PacketType;
pub use pingreq::Pingreq;
pub use pingresp::Pingresp;
pub use puback::Puback;
pub use pubcomp::Pubcomp;
pub use publish::{Delivery, Publish, PublishRef};
pub use publish_run::{PublishRun, PublishRunWriter};
pub use pubrec::Pubrec;
pub use pubrel::Pubrel;
pub use qos::QoS;
pub use suback::{Suback, SubackCode};
pub use subscribe::{Subscribe, SubscribeFilter};
pub use text::{Binary, Text, TooLong};
pub use unsuback::Unsuback;
pub use unsubscribe::Unsubscribe;
pub use will::Will;
pub use writer::PacketTooLong;

/// A Control Packet of any type.
// [MQTT-7.0.0-2] The fourteen of the standard: no peer needs another to be understood.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Packet {
    /// A Client asks for a connection.
    Connect(Connect),
    /// The Server's answer to CONNECT.
    Connack(Connack),
    /// An Application Message on its way.
    Publish(Publish),
    /// The answer to a QoS 1 PUBLISH.
    Puback(Puback),
    /// The first answer to a QoS 2 PUBLISH.
    Pubrec(Pubrec),
    /// The sender's answer to PUBREC.
    Pubrel(Pubrel),
    /// The answer to PUBREL, which ends the exchange.
    Pubcomp(Pubcomp),
    /// A Client asks for subscriptions.
    Subscribe(Subscribe),
    /// The Server's answer to SUBSCRIBE.
    Suback(Suback),
    /// A Client ends subscriptions.
    Unsubscribe(Unsubscribe),
    /// The Server's answer to UNSUBSCRIBE.
    Unsuback(Unsuback),
    /// A Client shows that it is there.
    Pingreq(Pingreq),
    /// The Server's answer to PINGREQ.
    Pingresp(Pingresp),
    /// A Client is about to leave in good order.
    Disconnect(Disconnect),
}

impl Packet {
    /// Which of the fourteen types it is.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::Connack(_) => PacketType::Connack,
            Self::Publish(_) => PacketType::Publish,
            Self::Puback(_) => PacketType::Puback,
            Self::Pubrec(_) => PacketType::Pubrec,
            Self::Pubrel(_) => PacketType::Pubrel,
            Self::Pubcomp(_) => PacketType::Pubcomp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::Suback(_) => PacketType::Suback,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::Unsuback(_) => PacketType::Unsuback,
            Self::Pingreq(_) => PacketType::Pingreq,
            Self::Pingresp(_) => PacketType::Pingresp,
            Self::Disconnect(_) => PacketType::Disconnect,
        }
    }

    /// Appends the octets of this packet to `out`.
    ///
    /// # Errors
    ///
    /// [`PacketTooLong`] when it needs a Remaining Length above 268,435,455; `out` is then as it
    /// was.
    #[inline]
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), PacketTooLong> {
        match self {
            Self::Connect(packet) => packet.encode(out),
            Self::Connack(packet) => packet.encode(out),
            Self::Publish(packet) => return packet.encode(out),
            Self::Puback(packet) => packet.encode(out),
            Self::Pubrec(packet) => packet.encode(out),
            Self::Pubrel(packet) => packet.encode(out),
            Self::Pubcomp(packet) => packet.encode(out),
            Self::Subscribe(packet) => return packet.encode(out),
            Self::Suback(packet) => return packet.encode(out),
            Self::Unsubscribe(packet) => return packet.encode(out),
            Self::Unsuback(packet) => packet.encode(out),
            Self::Pingreq(packet) => packet.encode(out),
            Self::Pingresp(packet) => packet.encode(out),
            Self::Disconnect(packet) => packet.encode(out),
        }
        Ok(())
    }
}

/// From the value of one type to [`Packet`].
macro_rules! into_packet {
    ($($name:ident),+) => {$(
        impl From<$name> for Packet {
            #[inline]
            fn from(packet: $name) -> Self {
                Self::$name(packet)
            }
        }
    )+};
}

into_packet!(
    Connect,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect
);

#[cfg(test)]
pub(crate) mod hex;
#[cfg(test)]
mod tests;
