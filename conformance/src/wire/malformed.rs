//! Why octets are no packet, and which statement says so.

use std::fmt;

use super::packet::Kind;
use super::reader::Sender;

/// Octets that are no Control Packet, or not one that this side may send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// What is wrong.
    pub fault: Fault,
    /// Where, in octets from the packet's first.
    pub offset: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (octet {})", self.fault, self.offset)
    }
}

/// What can be wrong with a packet on its own, whatever came before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// An acknowledgement whose Packet Identifier is zero.
    AckIdZero(Kind),
    /// CONNECT ends before its Client Identifier.
    ClientIdMissing,
    /// CONNACK with a return code that the standard does not define.
    ConnackCode(u8),
    /// CONNACK with one of the seven reserved flags set.
    ConnackFlags,
    /// CONNACK that refuses and claims a Session.
    ConnackRefusedWithSession,
    /// CONNECT with the reserved flag set.
    ConnectFlagReserved,
    /// DUP on a PUBLISH of QoS 0.
    DupWithQos0,
    /// A Topic Name or Topic Filter without a character.
    EmptyTopic,
    /// A Topic Filter with a wildcard where none may stand.
    FilterWildcard(char),
    /// Reserved flags of the fixed header with another value than the table gives.
    Flags(Kind),
    /// Text that is not well-formed UTF-8.
    IllFormedText,
    /// A packet of fixed length with another length.
    Length(Kind, Sender),
    /// SUBSCRIBE or UNSUBSCRIBE without a Topic Filter.
    NoFilter(Kind),
    /// Text with U+0000 in it.
    NullCharacter,
    /// PUBLISH of QoS above 0, SUBSCRIBE or UNSUBSCRIBE whose Packet Identifier is zero.
    PacketIdZero,
    /// CONNECT with a password and no user name.
    PasswordWithoutUserName,
    /// CONNECT with a protocol level other than 4.
    ProtocolLevel(u8),
    /// CONNECT with a protocol name other than `MQTT`.
    ProtocolName,
    /// PUBLISH with both QoS bits set.
    Qos3,
    /// A Remaining Length of more than four octets.
    RemainingLength,
    /// Packet type 0 or 15.
    ReservedType(u8),
    /// SUBACK with a return code that is none of the four.
    SubackCode(u8),
    /// SUBACK without a return code.
    SubackEmpty,
    /// SUBSCRIBE with a requested QoS octet above 2.
    SubscribeQos(u8),
    /// Octets after the last field.
    Surplus(Sender),
    /// A Topic Name with a wildcard in it, of a PUBLISH or of a Will.
    TopicWildcard(Kind),
    /// The packet ends before its last field does.
    Truncated(Sender),
    /// CONNECT with a Will QoS of 3.
    WillQos3,
    /// CONNECT with a Will QoS and no Will.
    WillQosWithoutWill,
    /// CONNECT with Will Retain and no Will.
    WillRetainWithoutWill,
    /// A packet that only the other side may send.
    WrongDirection(Kind, Sender),
    /// CONNECT with an empty Client Identifier that asks for a Session to be kept.
    ZeroLengthClientIdKept,
}

impl Fault {
    /// The statement that is broken, as the catalogue names it.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::AckIdZero(Kind::Suback | Kind::Unsuback) => "MQTT-2.3.1-7",
            // MQTT-2.3.1-6 has the other three, and leaves PUBCOMP to the section on it.
            Self::AckIdZero(Kind::Pubcomp) => "U-3.7.2-1",
            Self::AckIdZero(_) => "MQTT-2.3.1-6",
            Self::ClientIdMissing => "MQTT-3.1.3-3",
            Self::ConnackCode(_) => "U-3.2.2.3-2",
            Self::ConnackFlags => "U-3.2.2.1-1",
            Self::ConnackRefusedWithSession => "MQTT-3.2.2-4",
            Self::ConnectFlagReserved => "MQTT-3.1.2-3",
            Self::DupWithQos0 => "MQTT-3.3.1-2",
            Self::EmptyTopic => "MQTT-4.7.3-1",
            Self::FilterWildcard('#') => "MQTT-4.7.1-2",
            Self::FilterWildcard(_) => "MQTT-4.7.1-3",
            Self::Flags(Kind::Pubrel) => "MQTT-3.6.1-1",
            Self::Flags(Kind::Subscribe) => "MQTT-3.8.1-1",
            Self::Flags(Kind::Unsubscribe) => "MQTT-3.10.1-1",
            Self::Flags(_) => "MQTT-2.2.2-1",
            Self::IllFormedText => "MQTT-1.5.3-1",
            Self::Length(kind, sender) => match kind {
                Kind::Connack => "U-3.2.1-1",
                Kind::Puback => "U-3.4.1-1",
                Kind::Pubrec => "U-3.5.1-1",
                Kind::Pubrel => "U-3.6.1-1",
                Kind::Pubcomp => "U-3.7.1-1",
                Kind::Unsuback => "U-3.11.1-1",
                Kind::Pingresp => "U-3.13.2-1",
                _ => sender.format_statement(),
            },
            Self::NoFilter(Kind::Unsubscribe) => "MQTT-3.10.3-2",
            Self::NoFilter(_) => "MQTT-3.8.3-3",
            Self::NullCharacter => "MQTT-1.5.3-2",
            Self::PacketIdZero => "MQTT-2.3.1-1",
            Self::PasswordWithoutUserName => "MQTT-3.1.2-22",
            Self::ProtocolLevel(_) => "U-3.1.2.2-1",
            Self::ProtocolName => "U-3.1.2.1-1",
            Self::Qos3 => "MQTT-3.3.1-4",
            Self::RemainingLength => "U-2.2.3-2",
            Self::ReservedType(0) => "U-2.2.1-1",
            Self::ReservedType(_) => "U-2.2.1-2",
            Self::SubackCode(_) => "MQTT-3.9.3-2",
            Self::SubackEmpty => "MQTT-3.8.4-5",
            Self::SubscribeQos(_) => "MQTT-3.8.3-4",
            Self::Surplus(sender) | Self::Truncated(sender) | Self::WrongDirection(_, sender) => {
                sender.format_statement()
            }
            Self::TopicWildcard(Kind::Publish) => "MQTT-3.3.2-2",
            Self::TopicWildcard(_) => "MQTT-4.7.1-1",
            Self::WillQos3 => "MQTT-3.1.2-14",
            Self::WillQosWithoutWill => "MQTT-3.1.2-13",
            Self::WillRetainWithoutWill => "MQTT-3.1.2-15",
            Self::ZeroLengthClientIdKept => "MQTT-3.1.3-7",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AckIdZero(kind) => write!(f, "{kind} with packet identifier 0"),
            Self::ClientIdMissing => f.write_str("no client identifier"),
            Self::ConnackCode(code) => write!(f, "undefined return code {code:#04x}"),
            Self::ConnackFlags => f.write_str("reserved acknowledge flags set"),
            Self::ConnackRefusedWithSession => f.write_str("refused, yet a session is present"),
            Self::ConnectFlagReserved => f.write_str("reserved connect flag set"),
            Self::DupWithQos0 => f.write_str("DUP with QoS 0"),
            Self::EmptyTopic => f.write_str("topic of no characters"),
            Self::FilterWildcard(wildcard) => write!(f, "{wildcard} where it may not stand"),
            Self::Flags(kind) => write!(f, "wrong flag bits for {kind}"),
            Self::IllFormedText => f.write_str("ill-formed UTF-8"),
            Self::Length(kind, _) => write!(f, "wrong length for {kind}"),
            Self::NoFilter(_) => f.write_str("no topic filter"),
            Self::NullCharacter => f.write_str("U+0000 in text"),
            Self::PacketIdZero => f.write_str("packet identifier 0"),
            Self::PasswordWithoutUserName => f.write_str("password without user name"),
            Self::ProtocolLevel(level) => write!(f, "protocol level {level}"),
            Self::ProtocolName => f.write_str("another protocol name"),
            Self::Qos3 => f.write_str("QoS 3"),
            Self::RemainingLength => f.write_str("remaining length of more than four octets"),
            Self::ReservedType(number) => write!(f, "reserved packet type {number}"),
            Self::SubackCode(code) => write!(f, "undefined return code {code:#04x}"),
            Self::SubackEmpty => f.write_str("no return code"),
            Self::SubscribeQos(octet) => write!(f, "requested QoS octet {octet:#04x}"),
            Self::Surplus(_) => f.write_str("octets after the last field"),
            Self::TopicWildcard(_) => f.write_str("wildcard in a topic name"),
            Self::Truncated(_) => f.write_str("ends within a field"),
            Self::WillQos3 => f.write_str("Will QoS 3"),
            Self::WillQosWithoutWill => f.write_str("Will QoS without a Will"),
            Self::WillRetainWithoutWill => f.write_str("Will Retain without a Will"),
            Self::WrongDirection(kind, _) => write!(f, "{kind} from the wrong side"),
            Self::ZeroLengthClientIdKept => {
                f.write_str("empty client identifier with clean session 0")
            }
        }
    }
}
