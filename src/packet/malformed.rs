//! What is wrong with octets that are no Control Packet: the rule, the statement, the place.

use std::fmt;

use thiserror::Error;

use super::PacketType;
use crate::topic::InvalidTopicKind;

/// Octets that are no Control Packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// The type that the first octet announced; `None` when it announced none.
    pub packet_type: Option<PacketType>,
    /// The rule that is broken.
    pub kind: MalformedKind,
    /// Where, in octets from the start of the packet (0 is its first octet).
    pub offset: usize,
}

/// The rules that the octets of a packet can break.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
pub enum MalformedKind {
    /// CONNACK has a reserved acknowledge flag set.
    #[error("reserved Connect Acknowledge Flags set")]
    ConnackFlags,
    /// CONNACK refuses and says that there is a Session all the same.
    #[error("Session Present in a refusal")]
    ConnackSessionPresent,
    /// CONNACK has a return code without meaning.
    #[error("reserved Connect Return code {code}")]
    ConnectReturnCode {
        /// The code.
        code: u8,
    },
    /// PUBLISH has QoS 0 and DUP.
    #[error("DUP set at QoS 0")]
    DupWithoutQos,
    /// A field reaches beyond the end of the packet.
    #[error("field reaches beyond the end of the packet")]
    FieldBeyondEnd,
    /// The low four bits of the first octet are not those of the type.
    #[error("fixed header flags {flags:#06b}")]
    FixedHeaderFlags {
        /// The bits.
        flags: u8,
    },
    /// Text is not UTF-8.
    #[error("ill-formed UTF-8")]
    IllFormedText,
    /// The list of Topic Filters or return codes is empty.
    #[error("empty payload")]
    NothingListed,
    /// Text holds U+0000.
    #[error("null character in text")]
    NullInText,
    /// CONNECT has the Password Flag without the User Name Flag.
    #[error("password without user name")]
    PasswordWithoutUserName,
    /// CONNECT names another protocol.
    #[error("protocol name is not MQTT")]
    ProtocolName,
    /// PUBLISH asks for QoS 3.
    #[error("QoS 3")]
    PublishQos,
    /// The Remaining Length has a fifth octet.
    #[error("Remaining Length longer than four octets")]
    RemainingLength,
    /// CONNECT has the reserved flag set.
    #[error("reserved connect flag set")]
    ReservedConnectFlag,
    /// The type is 0 or 15.
    #[error("reserved packet type {number}")]
    ReservedPacketType {
        /// The number of the type.
        number: u8,
    },
    /// SUBACK has a return code without meaning.
    #[error("reserved SUBACK return code {code:#04x}")]
    SubackReturnCode {
        /// The code.
        code: u8,
    },
    /// SUBSCRIBE asks for QoS 3, or sets one of the six bits beside it.
    #[error("requested QoS octet {octet:#04x}")]
    SubscribeOptions {
        /// The octet after the Topic Filter.
        octet: u8,
    },
    /// A Topic Name or Topic Filter breaks a rule.
    #[error("{0}")]
    Topic(InvalidTopicKind),
    /// Octets follow the last field.
    #[error("octets after the last field")]
    TrailingOctets,
    /// CONNECT asks for Will QoS 3.
    #[error("Will QoS 3")]
    WillQos,
    /// CONNECT has a Will QoS without a Will.
    #[error("Will QoS without Will Flag")]
    WillQosWithoutWill,
    /// CONNECT has Will Retain without a Will.
    #[error("Will Retain without Will Flag")]
    WillRetainWithoutWill,
    /// The Packet Identifier is 0.
    #[error("Packet Identifier 0")]
    ZeroPacketId,
}

impl Malformed {
    pub(super) const fn new(packet_type: PacketType, kind: MalformedKind, offset: usize) -> Self {
        Self { packet_type: Some(packet_type), kind, offset }
    }

    pub(super) const fn unknown_type(kind: MalformedKind) -> Self {
        Self { packet_type: None, kind, offset: 0 }
    }

    /// The statement that is broken, as the catalogue names it.
    ///
    /// Where the standard has a statement for the packet and one for all packets, it is the
    /// packet's.
    pub const fn statement(&self) -> &'static str {
        match self.kind {
            MalformedKind::ConnackFlags => "U-3.2.2.1-1",
            MalformedKind::ConnackSessionPresent => "MQTT-3.2.2-4",
            MalformedKind::ConnectReturnCode { .. } => "U-3.2.2.3-2",
            MalformedKind::DupWithoutQos => "MQTT-3.3.1-2",
            MalformedKind::FieldBeyondEnd => match self.packet_type {
                Some(PacketType::Connect) => "MQTT-3.1.4-1",
                _ => "MQTT-4.8.0-1",
            },
            MalformedKind::FixedHeaderFlags { .. } => match self.packet_type {
                Some(PacketType::Disconnect) => "MQTT-3.14.1-1",
                Some(PacketType::Pubrel) => "MQTT-3.6.1-1",
                Some(PacketType::Subscribe) => "MQTT-3.8.1-1",
                Some(PacketType::Unsubscribe) => "MQTT-3.10.1-1",
                _ => "MQTT-2.2.2-2",
            },
            MalformedKind::IllFormedText => "MQTT-1.5.3-1",
            MalformedKind::NothingListed => match self.packet_type {
                Some(PacketType::Subscribe) => "MQTT-3.8.3-3",
                Some(PacketType::Unsubscribe) => "MQTT-3.10.3-2",
                _ => "MQTT-3.8.4-5",
            },
            MalformedKind::NullInText => "MQTT-1.5.3-2",
            MalformedKind::PasswordWithoutUserName => "MQTT-3.1.2-22",
            MalformedKind::ProtocolName => "MQTT-3.1.2-1",
            MalformedKind::PublishQos => "MQTT-3.3.1-4",
            MalformedKind::RemainingLength => "U-2.2.3-2",
            MalformedKind::ReservedConnectFlag => "MQTT-3.1.2-3",
            MalformedKind::ReservedPacketType { number: 0 } => "U-2.2.1-1",
            MalformedKind::ReservedPacketType { .. } => "U-2.2.1-2",
            MalformedKind::SubackReturnCode { .. } => "MQTT-3.9.3-2",
            MalformedKind::SubscribeOptions { .. } => "MQTT-3.8.3-4",
            MalformedKind::Topic(InvalidTopicKind::WildcardInName) => match self.packet_type {
                Some(PacketType::Publish) => "MQTT-3.3.2-2",
                _ => InvalidTopicKind::WildcardInName.statement(),
            },
            MalformedKind::Topic(kind) => kind.statement(),
            MalformedKind::TrailingOctets => match self.packet_type {
                Some(PacketType::Connect) => "MQTT-3.1.4-1",
                Some(PacketType::Connack) => "U-3.2.1-1",
                Some(PacketType::Puback) => "U-3.4.1-1",
                Some(PacketType::Pubrec) => "U-3.5.1-1",
                Some(PacketType::Pubrel) => "U-3.6.1-1",
                Some(PacketType::Pubcomp) => "U-3.7.1-1",
                Some(PacketType::Unsuback) => "U-3.11.1-1",
                Some(PacketType::Pingreq) => "U-3.12.3-1",
                Some(PacketType::Pingresp) => "U-3.13.3-1",
                Some(PacketType::Disconnect) => "U-3.14.3-1",
                _ => "MQTT-4.8.0-1",
            },
            MalformedKind::WillQos => "MQTT-3.1.2-14",
            MalformedKind::WillQosWithoutWill => "MQTT-3.1.2-13",
            MalformedKind::WillRetainWithoutWill => "MQTT-3.1.2-15",
            // An acknowledgement has the identifier of what it answers, which is never 0.
            MalformedKind::ZeroPacketId => match self.packet_type {
                Some(PacketType::Puback | PacketType::Pubrec | PacketType::Pubrel) => {
                    "MQTT-2.3.1-6"
                }
                Some(PacketType::Pubcomp) => "U-3.7.2-1",
                Some(PacketType::Suback | PacketType::Unsuback) => "MQTT-2.3.1-7",
                _ => "MQTT-2.3.1-1",
            },
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(packet_type) = self.packet_type {
            write!(f, "{packet_type}: ")?;
        }
        write!(f, "{} [{}], octet {}", self.kind, self.statement(), self.offset)
    }
}

impl std::error::Error for Malformed {}
