//! CONNECT: a Client asks for a connection, and says who it is.
//!
//! Clauses: [MQTT-3.1.2-1] to [MQTT-3.1.2-3], [MQTT-3.1.2-9], [MQTT-3.1.2-11],
//! [MQTT-3.1.2-13] to [MQTT-3.1.2-15], [MQTT-3.1.2-18] to [MQTT-3.1.2-22], [MQTT-3.1.3-1],
//! [MQTT-3.1.3-3], [MQTT-3.1.3-4], [MQTT-3.1.3-10], [MQTT-3.1.3-11], [MQTT-3.1.4-1].
//! Not here: whether the Server accepts a CONNECT that is well formed.

use std::fmt;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use super::fixed_header::FixedHeader;
use super::reader::{self, CHECKED, Reader};
use super::{
    Binary, ClientId, Credentials, DecodeError, MalformedKind, PacketType, QoS, Text, Will,
    remaining_length, writer,
};
use crate::topic::TopicName;

/// A Client asks for a connection.
///
/// It is kept as the octets that say it, checked once. What was read is shared whole, and a field
/// is cut out of it when it is asked for: five fields that each shared it from the start would
/// cost more than all that is checked.
///
/// # Examples
///
/// ```
/// use mqttspec::packet::{ClientId, Connect, Credentials, Text};
///
/// let client_id = ClientId::new(Text::new("sensor-7").unwrap());
/// let credentials = Credentials { user_name: Text::new("me").unwrap(), password: None };
/// let connect = Connect::new(&client_id)
///     .with_clean_session(false)
///     .with_keep_alive_seconds(60)
///     .with_credentials(&credentials);
/// assert_eq!(connect.client_id(), client_id);
/// assert_eq!(connect.credentials(), Some(credentials));
/// assert_eq!(connect.will(), None);
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Connect {
    /// Variable header and payload: all of the packet but its fixed header.
    ///
    /// Always well formed, and of one form: two that say the same are the same octets.
    octets: Bytes,
}

/// The Protocol Name, with its length before it.
const PROTOCOL_NAME_FIELD: &[u8] = b"\x00\x04MQTT";
const PROTOCOL_LEVEL: u8 = 4;

/// Where the variable header has the Connect Flags.
const FLAGS: usize = 7;
/// Where it has the Keep Alive.
const KEEP_ALIVE: usize = 8;
/// Where the payload follows it.
const PAYLOAD: usize = 10;

const RESERVED: u8 = 1;
const CLEAN_SESSION: u8 = 1 << 1;
const WILL: u8 = 1 << 2;
const WILL_QOS: u8 = 0b11 << 3;
const WILL_RETAIN: u8 = 1 << 5;
const PASSWORD: u8 = 1 << 6;
const USER_NAME: u8 = 1 << 7;

impl Connect {
    /// The largest there can be, in octets: all fields, each as long as its length can say.
    pub const MAX_SIZE: usize = 4 + PAYLOAD + 5 * (2 + u16::MAX as usize);

    /// A CONNECT with Clean Session, and without Keep Alive, Will and credentials.
    ///
    /// With an empty `client_id` the Client is given an identifier by the Server.
    pub fn new(client_id: &ClientId) -> Self {
        let client_id = client_id.as_str().as_bytes();
        let mut octets = BytesMut::with_capacity(PAYLOAD + writer::field_length(client_id));
        octets.extend_from_slice(PROTOCOL_NAME_FIELD);
        octets.extend_from_slice(&[PROTOCOL_LEVEL, CLEAN_SESSION, 0, 0]);
        // [MQTT-3.1.3-3] The first field of the payload, always.
        writer::field(&mut octets, client_id);
        Self { octets: octets.freeze() }
    }

    /// Who the Client is; empty to be given an identifier by the Server.
    pub fn client_id(&self) -> ClientId {
        ClientId::new(self.text(self.fields_after(0).binary().expect(CHECKED)))
    }

    /// Whether to begin without, and end with, the Session: nothing outlives the connection.
    pub fn clean_session(&self) -> bool {
        self.flags() & CLEAN_SESSION != 0
    }

    /// The same with another Clean Session.
    #[must_use]
    pub fn with_clean_session(self, clean_session: bool) -> Self {
        let flags = self.flags() & !CLEAN_SESSION;
        let mut octets = BytesMut::from(self.octets);
        octets[FLAGS] = flags | if clean_session { CLEAN_SESSION } else { 0 };
        Self { octets: octets.freeze() }
    }

    /// The longest silence that the Client allows itself, in seconds; 0 for no bound.
    pub fn keep_alive_seconds(&self) -> u16 {
        u16::from_be_bytes([self.octets[KEEP_ALIVE], self.octets[KEEP_ALIVE + 1]])
    }

    /// The same with another Keep Alive.
    #[must_use]
    pub fn with_keep_alive_seconds(self, seconds: u16) -> Self {
        let mut octets = BytesMut::from(self.octets);
        octets[KEEP_ALIVE..PAYLOAD].copy_from_slice(&seconds.to_be_bytes());
        Self { octets: octets.freeze() }
    }

    /// What to publish for the Client should it leave without DISCONNECT.
    pub fn will(&self) -> Option<Will> {
        let flags = self.flags();
        if flags & WILL == 0 {
            return None;
        }
        let mut fields = self.fields_after(1);
        Some(Will {
            topic: TopicName::checked(self.cut(fields.binary().expect(CHECKED))),
            message: self.binary(fields.binary().expect(CHECKED)),
            qos: will_qos(flags).expect(CHECKED),
            retain: flags & WILL_RETAIN != 0,
        })
    }

    /// The same with this Will, in place of the one that it has.
    #[must_use]
    pub fn with_will(self, will: &Will) -> Self {
        let (topic, message) = (will.topic.as_str().as_bytes(), will.message.as_bytes());
        let client_id = &self.octets[..self.fields_after(1).offset()];
        let credentials = &self.octets[self.credential_fields().offset()..];
        let room = writer::field_length(topic) + writer::field_length(message);
        let mut octets = BytesMut::with_capacity(client_id.len() + room + credentials.len());
        // [MQTT-3.1.3-1] Client Identifier, Will, user name, password, in this order.
        octets.extend_from_slice(client_id);
        // [MQTT-3.1.2-9] With the Will Flag both its fields are there.
        writer::field(&mut octets, topic);
        writer::field(&mut octets, message);
        octets.extend_from_slice(credentials);
        octets[FLAGS] &= !(WILL_QOS | WILL_RETAIN);
        octets[FLAGS] |= WILL | will.qos.number() << 3 | if will.retain { WILL_RETAIN } else { 0 };
        Self { octets: octets.freeze() }
    }

    /// What the Client proves itself with.
    pub fn credentials(&self) -> Option<Credentials> {
        let flags = self.flags();
        if flags & USER_NAME == 0 {
            return None;
        }
        let mut fields = self.credential_fields();
        let user_name = self.text(fields.binary().expect(CHECKED));
        let password =
            (flags & PASSWORD != 0).then(|| self.binary(fields.binary().expect(CHECKED)));
        Some(Credentials { user_name, password })
    }

    /// The same with these credentials, in place of those that it has.
    #[must_use]
    pub fn with_credentials(self, credentials: &Credentials) -> Self {
        let mut octets = BytesMut::from(&self.octets[..self.credential_fields().offset()]);
        writer::field(&mut octets, credentials.user_name.as_str().as_bytes());
        octets[FLAGS] = self.flags() & !PASSWORD | USER_NAME;
        if let Some(password) = &credentials.password {
            writer::field(&mut octets, password.as_bytes());
            octets[FLAGS] |= PASSWORD;
        }
        Self { octets: octets.freeze() }
    }

    /// Checks all fields, and takes them as they are.
    pub(super) fn decode(header: FixedHeader, packet: Bytes) -> Result<Self, DecodeError> {
        let mut reader = header.reader(&packet);
        let start = reader.offset();
        // [MQTT-3.1.2-1] Another name is another protocol, and none that we speak.
        if !reader.passes(PROTOCOL_NAME_FIELD) {
            reader.text()?;
            return Err(reader.malformed(MalformedKind::ProtocolName, start).into());
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
        // The Keep Alive: any number will do.
        reader.integer()?;

        // [MQTT-3.1.3-1] Client Identifier, Will, user name, password, in this order,
        // [MQTT-3.1.3-3] the first of them always, [MQTT-3.1.3-4] as text.
        reader.text()?;
        // [MQTT-3.1.2-9] With the Will Flag both its fields are there,
        // [MQTT-3.1.2-11] without it neither is.
        if flags & WILL != 0 {
            // [MQTT-3.1.3-10] Text, and of a form that can be published to.
            reader.topic_name()?;
            reader.binary()?;
        }
        // [MQTT-3.1.2-18] The flag says whether there is a user name,
        // [MQTT-3.1.2-19] and it is right either way; [MQTT-3.1.3-11] it is text.
        if flags & USER_NAME != 0 {
            reader.text()?;
        }
        // [MQTT-3.1.2-20] The same for the password,
        // [MQTT-3.1.2-21] which may be any octets.
        if flags & PASSWORD != 0 {
            reader.binary()?;
        }
        // [MQTT-3.1.4-1] What no flag announces has no place in the packet.
        reader.finish()?;
        Ok(Self { octets: reader::behind(packet, start) })
    }

    /// Appends the octets of this packet to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        let remaining = self.octets.len();
        debug_assert!(remaining <= remaining_length::MAX, "five fields of 65,537 octets fit");
        if writer::fixed_header(out, PacketType::Connect, 0, remaining, remaining).is_ok() {
            out.extend_from_slice(&self.octets);
        }
    }

    fn flags(&self) -> u8 {
        self.octets[FLAGS]
    }

    /// A field of text that was read from the octets of this packet.
    fn cut(&self, field: &[u8]) -> ByteString {
        reader::cut(&self.octets, field)
    }

    fn text(&self, field: &[u8]) -> Text {
        Text::checked(self.cut(field))
    }

    fn binary(&self, field: &[u8]) -> Binary {
        Binary::new(self.octets.slice_ref(field)).expect(CHECKED)
    }

    /// The payload behind so many of its fields.
    fn fields_after(&self, passed: usize) -> Reader<'_> {
        let mut reader = Reader::new(PacketType::Connect, PAYLOAD, &self.octets);
        for _ in 0..passed {
            reader.binary().expect(CHECKED);
        }
        reader
    }

    /// The payload behind Client Identifier and Will.
    fn credential_fields(&self) -> Reader<'_> {
        self.fields_after(if self.flags() & WILL == 0 { 1 } else { 3 })
    }
}

impl fmt::Debug for Connect {
    /// The fields in place of the octets, which tell the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("client_id", &self.client_id())
            .field("clean_session", &self.clean_session())
            .field("keep_alive_seconds", &self.keep_alive_seconds())
            .field("will", &self.will())
            .field("credentials", &self.credentials())
            .finish()
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
    if flags & (USER_NAME | PASSWORD) == PASSWORD {
        return Some(MalformedKind::PasswordWithoutUserName);
    }
    // [MQTT-3.1.2-14] There is no Will QoS 3.
    will_qos(flags).is_none().then_some(MalformedKind::WillQos)
}

/// The Will QoS of Connect Flags; `None` for 3.
fn will_qos(flags: u8) -> Option<QoS> {
    QoS::from_number((flags & WILL_QOS) >> 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect() -> Connect {
        Connect::new(&ClientId::new(Text::new("client").unwrap()))
    }

    fn will(topic: &'static str, qos: QoS, retain: bool) -> Will {
        let message = Binary::new("gone").unwrap();
        Will { topic: TopicName::new(topic).unwrap(), message, qos, retain }
    }

    fn credentials(user_name: &'static str, password: Option<&'static str>) -> Credentials {
        let password = password.map(|octets| Binary::new(octets).unwrap());
        Credentials { user_name: Text::new(user_name).unwrap(), password }
    }

    #[test]
    fn what_it_is_made_of_can_be_asked_for() {
        let (will, credentials) = (will("t", QoS::AtLeastOnce, true), credentials("me", Some("")));
        let connect = connect()
            .with_clean_session(false)
            .with_keep_alive_seconds(0x1234)
            .with_will(&will)
            .with_credentials(&credentials);
        assert_eq!(connect.client_id().as_str(), "client");
        assert!(!connect.clean_session());
        assert_eq!(connect.keep_alive_seconds(), 0x1234);
        assert_eq!(connect.will(), Some(will));
        assert_eq!(connect.credentials(), Some(credentials));
    }

    #[test]
    fn what_was_not_asked_for_is_not_there() {
        let connect = connect();
        assert!(connect.clean_session());
        assert_eq!((connect.will(), connect.credentials()), (None, None));
    }

    #[test]
    fn a_part_that_may_be_missing_may() {
        let (will, credentials) = (will("t", QoS::AtLeastOnce, false), credentials("me", None));
        let connect = connect().with_will(&will).with_credentials(&credentials);
        assert_eq!(connect.will(), Some(will));
        assert_eq!(connect.credentials(), Some(credentials));
    }

    #[test]
    fn the_largest_is_as_large_as_is_said() {
        let most = usize::from(u16::MAX);
        let (text, octets) = (Text::new("x".repeat(most)).unwrap(), vec![7; most]);
        let binary = Binary::new(octets).unwrap();
        let topic = TopicName::new("x".repeat(most)).unwrap();
        let will = Will { topic, message: binary.clone(), qos: QoS::AtMostOnce, retain: false };
        let credentials = Credentials { user_name: text.clone(), password: Some(binary) };
        let largest = Connect::new(&ClientId::new(text));
        let largest = largest.with_will(&will).with_credentials(&credentials);
        let mut out = BytesMut::new();
        largest.encode(&mut out);
        assert_eq!(out.len(), Connect::MAX_SIZE);
    }

    #[test]
    fn the_order_in_which_it_is_made_is_not_seen() {
        let (will, credentials) = (will("t", QoS::ExactlyOnce, true), credentials("me", None));
        let one = connect().with_will(&will).with_credentials(&credentials);
        let other = connect().with_credentials(&credentials).with_will(&will);
        assert_eq!(one, other);
        let session = |connect: Connect| connect.with_clean_session(false).with_clean_session(true);
        assert_eq!(session(one), other);
    }

    #[test]
    fn what_is_given_again_takes_the_place_of_what_was_there() {
        let (first, second) =
            (will("first", QoS::ExactlyOnce, true), will("t", QoS::AtMostOnce, false));
        let (long, short) = (credentials("someone", Some("secret")), credentials("me", None));
        let again = connect().with_will(&first).with_credentials(&long);
        let again = again.with_will(&second).with_credentials(&short);
        assert_eq!(again, connect().with_will(&second).with_credentials(&short));
    }

    #[test]
    fn its_password_gets_into_no_log() {
        let connect = connect().with_credentials(&credentials("me", Some("secret")));
        let shown = format!("{connect:?}");
        assert!(shown.contains("client") && shown.contains("me"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
