//! CONNECT: a Client asks for a connection, and says who it is.
//!
//! Clauses: [MQTT-3.1.2-1] to [MQTT-3.1.2-3], [MQTT-3.1.2-9], [MQTT-3.1.2-11],
//! [MQTT-3.1.2-13] to [MQTT-3.1.2-15], [MQTT-3.1.2-18] to [MQTT-3.1.2-22], [MQTT-3.1.3-1],
//! [MQTT-3.1.3-3], [MQTT-3.1.3-4], [MQTT-3.1.3-10], [MQTT-3.1.3-11], [MQTT-3.1.4-1].
//! Not here: whether the Server accepts a CONNECT that is well formed.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::reader::Reader;
use super::{Binary, DecodeError, MalformedKind, PacketType, QoS, Text, remaining_length, writer};
use crate::topic::TopicName;

/// A Client asks for a connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Connect {
    /// Who the Client is; empty to be given an identifier by the Server.
    pub client_id: ClientId,
    /// Whether to begin without, and end with, the Session: nothing outlives the connection.
    pub clean_session: bool,
    /// The longest silence that the Client allows itself, in seconds; 0 for no bound.
    pub keep_alive_seconds: u16,
    /// What to publish for the Client should it leave without DISCONNECT.
    pub will: Option<Will>,
    /// What the Client proves itself with.
    pub credentials: Option<Credentials>,
}

/// A Client Identifier: the name of a Client, and of its Session. It may be empty.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(Text);

/// The message to be published when the Client is gone without DISCONNECT.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Will {
    /// Where to publish it.
    pub topic: TopicName,
    /// Its payload, 0 to 65,535 octets.
    pub message: Binary,
    /// The level to publish it at.
    pub qos: QoS,
    /// Whether to publish it as a retained message.
    pub retain: bool,
}

/// User name and password.
// [MQTT-3.1.2-22] No password without a user name: there is no place for one.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Credentials {
    /// Who it says it is; may be empty.
    pub user_name: Text,
    /// Any octets.
    pub password: Option<Binary>,
}

impl ClientId {
    /// Takes `text`; as long as a UTF-8 encoded string can be.
    pub const fn new(text: Text) -> Self {
        Self(text)
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the Server is to find a name.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// The same identifier, kept in as much memory as it needs and no more.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(self.0.detached())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Credentials {
    /// Without the password: it must not get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user_name", &self.user_name)
            .field("password", &self.password.as_ref().map(|_| ".."))
            .finish()
    }
}

/// The Protocol Name, with its length before it.
const PROTOCOL_NAME_FIELD: &[u8] = b"\x00\x04MQTT";
const PROTOCOL_LEVEL: u8 = 4;

const RESERVED: u8 = 1;
const CLEAN_SESSION: u8 = 1 << 1;
const WILL: u8 = 1 << 2;
const WILL_QOS: u8 = 0b11 << 3;
const WILL_RETAIN: u8 = 1 << 5;
const PASSWORD: u8 = 1 << 6;
const USER_NAME: u8 = 1 << 7;

impl Connect {
    pub(super) fn decode(mut reader: Reader<Bytes>) -> Result<Self, DecodeError> {
        let name_offset = reader.offset();
        // [MQTT-3.1.2-1] Another name is another protocol, and none that we speak.
        if !reader.passes(PROTOCOL_NAME_FIELD) {
            reader.text()?;
            return Err(reader.malformed(MalformedKind::ProtocolName, name_offset).into());
        }
        let offset = reader.offset();
        let level = reader.octet()?;
        // [MQTT-3.1.2-2] Another level is another format: no more of it can be read.
        if level != PROTOCOL_LEVEL {
            return Err(DecodeError::UnsupportedProtocolLevel { level, offset });
        }
        let flags_offset = reader.offset();
        let flags = reader.octet()?;
        if let Some(kind) = contradiction(flags) {
            return Err(reader.malformed(kind, flags_offset).into());
        }
        // [MQTT-3.1.2-14] There is no Will QoS 3.
        let will_qos = QoS::from_number((flags & WILL_QOS) >> 3)
            .ok_or_else(|| reader.malformed(MalformedKind::WillQos, flags_offset))?;
        let keep_alive_seconds = reader.integer()?;

        // [MQTT-3.1.3-1] Client Identifier, Will, user name, password, in this order,
        // [MQTT-3.1.3-3] the first of them always, [MQTT-3.1.3-4] as text.
        let client_id = ClientId(reader.text()?);
        // [MQTT-3.1.2-9] With the Will Flag both its fields are there,
        // [MQTT-3.1.2-11] without it neither is.
        let will = if flags & WILL == 0 {
            None
        } else {
            // [MQTT-3.1.3-10] Text, and of a form that can be published to.
            let topic = reader.topic_name()?;
            let message = reader.binary()?;
            Some(Will { topic, message, qos: will_qos, retain: flags & WILL_RETAIN != 0 })
        };
        // [MQTT-3.1.2-18] The flag says whether there is a user name,
        // [MQTT-3.1.2-19] and it is right either way; [MQTT-3.1.3-11] it is text.
        let credentials = if flags & USER_NAME == 0 {
            None
        } else {
            let user_name = reader.text()?;
            // [MQTT-3.1.2-20] The same for the password,
            // [MQTT-3.1.2-21] which may be any octets.
            let password = if flags & PASSWORD == 0 { None } else { Some(reader.binary()?) };
            Some(Credentials { user_name, password })
        };
        // [MQTT-3.1.4-1] What no flag announces has no place in the packet.
        reader.finish()?;
        let clean_session = flags & CLEAN_SESSION != 0;
        Ok(Self { client_id, clean_session, keep_alive_seconds, will, credentials })
    }

    /// Appends the octets of this packet to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        let mut flags = if self.clean_session { CLEAN_SESSION } else { 0 };
        // Protocol Name, Protocol Level, Connect Flags and Keep Alive take ten octets.
        let mut remaining = 10 + writer::field_length(self.client_id.as_str().as_bytes());
        if let Some(will) = &self.will {
            flags |= WILL | will.qos.number() << 3 | if will.retain { WILL_RETAIN } else { 0 };
            remaining += writer::field_length(will.topic.as_str().as_bytes());
            remaining += writer::field_length(will.message.as_bytes());
        }
        if let Some(credentials) = &self.credentials {
            flags |= USER_NAME;
            remaining += writer::field_length(credentials.user_name.as_str().as_bytes());
            if let Some(password) = &credentials.password {
                flags |= PASSWORD;
                remaining += writer::field_length(password.as_bytes());
            }
        }
        debug_assert!(remaining <= remaining_length::MAX, "five fields of 65,537 octets fit");
        if writer::fixed_header(out, PacketType::Connect, 0, remaining, remaining).is_err() {
            return;
        }
        out.extend_from_slice(PROTOCOL_NAME_FIELD);
        out.put_u8(PROTOCOL_LEVEL);
        out.put_u8(flags);
        out.put_u16(self.keep_alive_seconds);
        writer::field(out, self.client_id.as_str().as_bytes());
        if let Some(will) = &self.will {
            writer::field(out, will.topic.as_str().as_bytes());
            writer::field(out, will.message.as_bytes());
        }
        if let Some(credentials) = &self.credentials {
            writer::field(out, credentials.user_name.as_str().as_bytes());
            if let Some(password) = &credentials.password {
                writer::field(out, password.as_bytes());
            }
        }
    }
}

/// What Connect Flags may not say, if they say it.
fn contradiction(flags: u8) -> Option<MalformedKind> {
    // [MQTT-3.1.2-3] The lowest bit is reserved.
    if flags & RESERVED != 0 {
        return Some(MalformedKind::ReservedConnectFlag);
    }
    if flags & WILL == 0 {
        // [MQTT-3.1.2-13] Without a Will it has no QoS,
        if flags & WILL_QOS != 0 {
            return Some(MalformedKind::WillQosWithoutWill);
        }
        // [MQTT-3.1.2-15] and is not retained.
        if flags & WILL_RETAIN != 0 {
            return Some(MalformedKind::WillRetainWithoutWill);
        }
    }
    // [MQTT-3.1.2-22] A password belongs to a user name.
    (flags & (USER_NAME | PASSWORD) == PASSWORD).then_some(MalformedKind::PasswordWithoutUserName)
}
