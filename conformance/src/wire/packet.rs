//! The fourteen Control Packets as values.

use std::fmt;

use super::ack;
use super::connack::Connack;
use super::connect::Connect;
use super::fields::Fields;
use super::frame::{Frame, Framed};
use super::malformed::{Fault, Malformed};
use super::publish::Publish;
use super::reader::Sender;
use super::subscribe::{Suback, Subscribe};
use super::unsubscribe::Unsubscribe;

/// A Control Packet: what the reader makes of octets, what a case expects, what it sends.
///
/// The reader yields only packets in good order. A value made by hand may break any rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packet {
    /// The packet that opens a Session.
    Connect(Connect),
    /// The answer to it.
    Connack(Connack),
    /// An Application Message.
    Publish(Publish),
    /// The answer to a PUBLISH of QoS 1, with its Packet Identifier, as in the five below.
    Puback(u16),
    /// The first answer to a PUBLISH of QoS 2.
    Pubrec(u16),
    /// The answer to PUBREC.
    Pubrel(u16),
    /// The answer to PUBREL.
    Pubcomp(u16),
    /// Topic Filters to add.
    Subscribe(Subscribe),
    /// The answer to it.
    Suback(Suback),
    /// Topic Filters to remove.
    Unsubscribe(Unsubscribe),
    /// The answer to it.
    Unsuback(u16),
    /// The question whether the other side is there.
    Pingreq,
    /// The answer to it.
    Pingresp,
    /// The farewell.
    Disconnect,
}

impl Packet {
    /// Its type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Connect(_) => Kind::Connect,
            Self::Connack(_) => Kind::Connack,
            Self::Publish(_) => Kind::Publish,
            Self::Puback(_) => Kind::Puback,
            Self::Pubrec(_) => Kind::Pubrec,
            Self::Pubrel(_) => Kind::Pubrel,
            Self::Pubcomp(_) => Kind::Pubcomp,
            Self::Subscribe(_) => Kind::Subscribe,
            Self::Suback(_) => Kind::Suback,
            Self::Unsubscribe(_) => Kind::Unsubscribe,
            Self::Unsuback(_) => Kind::Unsuback,
            Self::Pingreq => Kind::Pingreq,
            Self::Pingresp => Kind::Pingresp,
            Self::Disconnect => Kind::Disconnect,
        }
    }

    /// Its Packet Identifier; `None` in types that have none and in a PUBLISH of QoS 0.
    pub const fn packet_id(&self) -> Option<u16> {
        match self {
            Self::Publish(publish) => publish.id,
            Self::Puback(id)
            | Self::Pubrec(id)
            | Self::Pubrel(id)
            | Self::Pubcomp(id)
            | Self::Unsuback(id) => Some(*id),
            Self::Subscribe(subscribe) => Some(subscribe.id),
            Self::Suback(suback) => Some(suback.id),
            Self::Unsubscribe(unsubscribe) => Some(unsubscribe.id),
            Self::Connect(_)
            | Self::Connack(_)
            | Self::Pingreq
            | Self::Pingresp
            | Self::Disconnect => None,
        }
    }

    /// Reads one packet. `octets` is exactly one by its Remaining Length, whose last octet is
    /// before `body`.
    pub(super) fn decode(octets: &[u8], body: usize, sender: Sender) -> Result<Self, Malformed> {
        let kind = Kind::of(octets[0])?;
        if !kind.comes_from(sender) {
            return Err(Malformed { fault: Fault::WrongDirection(kind, sender), offset: 0 });
        }
        let fields = Fields::new(octets, body, sender);
        if kind != Kind::Publish && fields.flags() != kind.flags() {
            return Err(Malformed { fault: Fault::Flags(kind), offset: 0 });
        }
        if kind.fixed_length().is_some_and(|length| length != fields.left()) {
            return Err(Malformed { fault: Fault::Length(kind, sender), offset: 1 });
        }
        Ok(match kind {
            Kind::Connect => Self::Connect(Connect::decode(fields)?),
            Kind::Connack => Self::Connack(Connack::decode(fields)?),
            Kind::Publish => Self::Publish(Publish::decode(fields)?),
            Kind::Puback => Self::Puback(ack::decode(kind, fields)?),
            Kind::Pubrec => Self::Pubrec(ack::decode(kind, fields)?),
            Kind::Pubrel => Self::Pubrel(ack::decode(kind, fields)?),
            Kind::Pubcomp => Self::Pubcomp(ack::decode(kind, fields)?),
            Kind::Subscribe => Self::Subscribe(Subscribe::decode(fields)?),
            Kind::Suback => Self::Suback(Suback::decode(fields)?),
            Kind::Unsubscribe => Self::Unsubscribe(Unsubscribe::decode(fields)?),
            Kind::Unsuback => Self::Unsuback(ack::decode(kind, fields)?),
            Kind::Pingreq => Self::Pingreq,
            Kind::Pingresp => Self::Pingresp,
            Kind::Disconnect => Self::Disconnect,
        })
    }
}

impl Framed for Packet {
    fn frame(&self) -> Frame {
        match self {
            Self::Connect(connect) => connect.frame(),
            Self::Connack(connack) => connack.frame(),
            Self::Publish(publish) => publish.frame(),
            Self::Subscribe(subscribe) => subscribe.frame(),
            Self::Suback(suback) => suback.frame(),
            Self::Unsubscribe(unsubscribe) => unsubscribe.frame(),
            Self::Puback(id)
            | Self::Pubrec(id)
            | Self::Pubrel(id)
            | Self::Pubcomp(id)
            | Self::Unsuback(id) => Frame::new(self.kind().first_byte(), id.to_be_bytes().to_vec()),
            Self::Pingreq | Self::Pingresp | Self::Disconnect => {
                Frame::new(self.kind().first_byte(), Vec::new())
            }
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(connect) => connect.fmt(f),
            Self::Connack(connack) => connack.fmt(f),
            Self::Publish(publish) => publish.fmt(f),
            Self::Subscribe(subscribe) => subscribe.fmt(f),
            Self::Suback(suback) => suback.fmt(f),
            Self::Unsubscribe(unsubscribe) => unsubscribe.fmt(f),
            Self::Puback(id)
            | Self::Pubrec(id)
            | Self::Pubrel(id)
            | Self::Pubcomp(id)
            | Self::Unsuback(id) => write!(f, "{} id={id}", self.kind()),
            Self::Pingreq | Self::Pingresp | Self::Disconnect => self.kind().fmt(f),
        }
    }
}

/// The type of a Control Packet, with the number that the standard gives it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the standard's own names say it all")]
pub enum Kind {
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
}

impl Kind {
    /// All of them, in the standard's order.
    pub const ALL: [Self; 14] = [
        Self::Connect,
        Self::Connack,
        Self::Publish,
        Self::Puback,
        Self::Pubrec,
        Self::Pubrel,
        Self::Pubcomp,
        Self::Subscribe,
        Self::Suback,
        Self::Unsubscribe,
        Self::Unsuback,
        Self::Pingreq,
        Self::Pingresp,
        Self::Disconnect,
    ];

    /// The first octet of a packet of this type in good order; of PUBLISH the plainest.
    pub const fn first_byte(self) -> u8 {
        ((self as u8) << 4) | self.flags()
    }

    /// The reserved flags of the fixed header. PUBLISH has none: its four flags have meanings.
    pub const fn flags(self) -> u8 {
        match self {
            Self::Pubrel | Self::Subscribe | Self::Unsubscribe => 0b0010,
            _ => 0,
        }
    }

    /// Whether this side may send it.
    pub const fn comes_from(self, sender: Sender) -> bool {
        match self {
            Self::Connect
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::Pingreq
            | Self::Disconnect => matches!(sender, Sender::Client),
            Self::Connack | Self::Suback | Self::Unsuback | Self::Pingresp => {
                matches!(sender, Sender::Server)
            }
            Self::Publish | Self::Puback | Self::Pubrec | Self::Pubrel | Self::Pubcomp => true,
        }
    }

    /// Its name as the standard writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Connack => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::Puback => "PUBACK",
            Self::Pubrec => "PUBREC",
            Self::Pubrel => "PUBREL",
            Self::Pubcomp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::Suback => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Unsuback => "UNSUBACK",
            Self::Pingreq => "PINGREQ",
            Self::Pingresp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
        }
    }

    /// The type in a first octet.
    ///
    /// # Errors
    ///
    /// [`Fault::ReservedType`] for 0 and 15.
    pub(super) fn of(first: u8) -> Result<Self, Malformed> {
        let number = first >> 4;
        let fault = Fault::ReservedType(number);
        Self::numbered(number).ok_or(Malformed { fault, offset: 0 })
    }

    /// The type of this number; `None` for those that are reserved.
    pub(crate) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).wrapping_sub(1)).copied()
    }

    /// The Remaining Length of types that have but one.
    const fn fixed_length(self) -> Option<usize> {
        match self {
            Self::Connack
            | Self::Puback
            | Self::Pubrec
            | Self::Pubrel
            | Self::Pubcomp
            | Self::Unsuback => Some(2),
            Self::Pingreq | Self::Pingresp | Self::Disconnect => Some(0),
            Self::Connect | Self::Publish | Self::Subscribe | Self::Suback | Self::Unsubscribe => {
                None
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
