//! CONNECT: a Client introduces itself.

use std::fmt;

use super::fields::Fields;
use super::frame::{Frame, Framed, put_data};
use super::malformed::{Fault, Malformed};
use super::packet::{Kind, Packet};
use super::text::quoted;

/// The packet that opens a Session. Texts are octets, so that they can be ill-formed.
///
/// The connect flags follow from the fields unless [`flags`](Self::flags) sets them apart.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::wire::{Connect, Octets};
///
/// let octets = Connect::clean("p").octets();
/// assert_eq!(octets, *b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01p");
///
/// // The flag of a user name, and no user name.
/// assert_eq!(Connect::clean("p").flags(0x82).octets()[9], 0x82);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Connect {
    /// `MQTT` for this protocol.
    pub protocol_name: Vec<u8>,
    /// 4 for this version.
    pub level: u8,
    /// Whether the Session begins and ends with this connection.
    pub clean_session: bool,
    /// Seconds; 0 turns the watch off.
    pub keep_alive: u16,
    /// Who it is.
    pub client_id: Vec<u8>,
    /// What the Server publishes if the connection fails.
    pub will: Option<Will>,
    /// The user name.
    pub username: Option<Vec<u8>>,
    /// The password.
    pub password: Option<Vec<u8>>,
    raw_flags: Option<u8>,
}

/// What the Server publishes on behalf of a Client that was lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Will {
    /// The Topic Name.
    pub topic: Vec<u8>,
    /// The payload.
    pub message: Vec<u8>,
    /// 0 to 2; 3 can be sent and is wrong.
    pub qos: u8,
    /// Whether it is to be kept for subscribers to come.
    pub retain: bool,
}

impl Connect {
    /// A Session that begins and ends with the connection. The Keep Alive is a minute: longer
    /// than any case, and not 0, which some brokers do not take.
    pub fn clean(client_id: impl Into<Vec<u8>>) -> Self {
        Self {
            protocol_name: b"MQTT".to_vec(),
            level: 4,
            clean_session: true,
            keep_alive: 60,
            client_id: client_id.into(),
            will: None,
            username: None,
            password: None,
            raw_flags: None,
        }
    }

    /// A Session that is taken up again, or begun, and outlives the connection.
    pub fn persistent(client_id: impl Into<Vec<u8>>) -> Self {
        Self { clean_session: false, ..Self::clean(client_id) }
    }

    /// Sets the Keep Alive, in seconds.
    #[must_use]
    pub const fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Adds a Will.
    #[must_use]
    pub fn will(
        mut self,
        topic: impl Into<Vec<u8>>,
        message: impl Into<Vec<u8>>,
        qos: u8,
        retain: bool,
    ) -> Self {
        self.will = Some(Will { topic: topic.into(), message: message.into(), qos, retain });
        self
    }

    /// Adds a user name.
    #[must_use]
    pub fn username(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// Adds a password.
    #[must_use]
    pub fn password(mut self, password: impl Into<Vec<u8>>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the protocol name.
    #[must_use]
    pub fn protocol_name(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.protocol_name = name.into();
        self
    }

    /// Sets the protocol level.
    #[must_use]
    pub const fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// Sets the octet of connect flags, whatever fields there are.
    #[must_use]
    pub const fn flags(mut self, flags: u8) -> Self {
        self.raw_flags = Some(flags);
        self
    }

    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        let offset = fields.at();
        let protocol_name = fields.text()?;
        if protocol_name != b"MQTT" {
            return Err(Malformed { fault: Fault::ProtocolName, offset });
        }
        let offset = fields.at();
        let level = fields.u8()?;
        if level != 4 {
            return Err(Malformed { fault: Fault::ProtocolLevel(level), offset });
        }
        let offset = fields.at();
        let flags = fields.u8()?;
        check_flags(flags).map_err(|fault| Malformed { fault, offset })?;
        let keep_alive = fields.u16()?;

        if fields.is_empty() {
            return Err(Malformed { fault: Fault::ClientIdMissing, offset: fields.at() });
        }
        let offset = fields.at();
        let client_id = fields.text()?;
        let clean_session = flags & CLEAN_SESSION != 0;
        if client_id.is_empty() && !clean_session {
            return Err(Malformed { fault: Fault::ZeroLengthClientIdKept, offset });
        }
        let will = (flags & WILL != 0).then(|| Will::decode(&mut fields, flags)).transpose()?;
        let username = (flags & USER_NAME != 0).then(|| fields.text()).transpose()?;
        let password = (flags & PASSWORD != 0).then(|| fields.data()).transpose()?;
        fields.end()?;
        Ok(Self {
            protocol_name,
            level,
            clean_session,
            keep_alive,
            client_id,
            will,
            username,
            password,
            raw_flags: None,
        })
    }

    /// The octet of connect flags that follows from the fields.
    pub fn flags_octet(&self) -> u8 {
        let mut flags = 0;
        if self.clean_session {
            flags |= CLEAN_SESSION;
        }
        if let Some(will) = &self.will {
            flags |= WILL | (will.qos & 3) << 3;
            if will.retain {
                flags |= WILL_RETAIN;
            }
        }
        if self.username.is_some() {
            flags |= USER_NAME;
        }
        if self.password.is_some() {
            flags |= PASSWORD;
        }
        flags
    }
}

impl Will {
    fn decode(fields: &mut Fields<'_>, flags: u8) -> Result<Self, Malformed> {
        let topic = super::publish::topic_name(Kind::Connect, fields)?;
        let message = fields.data()?;
        let qos = will_qos(flags);
        Ok(Self { topic, message, qos, retain: flags & WILL_RETAIN != 0 })
    }
}

impl Framed for Connect {
    fn frame(&self) -> Frame {
        let mut body = Vec::new();
        put_data(&mut body, &self.protocol_name);
        body.push(self.level);
        body.push(self.raw_flags.unwrap_or_else(|| self.flags_octet()));
        body.extend_from_slice(&self.keep_alive.to_be_bytes());
        put_data(&mut body, &self.client_id);
        if let Some(will) = &self.will {
            put_data(&mut body, &will.topic);
            put_data(&mut body, &will.message);
        }
        for field in [&self.username, &self.password].into_iter().flatten() {
            put_data(&mut body, field);
        }
        Frame::new(Kind::Connect.first_byte(), body)
    }
}

impl From<Connect> for Packet {
    fn from(connect: Connect) -> Self {
        Self::Connect(connect)
    }
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = u8::from(self.clean_session);
        let id = quoted(&self.client_id);
        write!(f, "CONNECT client={id} clean={clean} keep-alive={}", self.keep_alive)?;
        if let Some(will) = &self.will {
            let retain = u8::from(will.retain);
            let (topic, message) = (quoted(&will.topic), quoted(&will.message));
            write!(f, " will=(q{} r{retain} {topic} {message})", will.qos)?;
        }
        if let Some(name) = &self.username {
            write!(f, " username={}", quoted(name))?;
        }
        // Its value is nobody's business in a report.
        if self.password.is_some() {
            f.write_str(" password=…")?;
        }
        Ok(())
    }
}

fn check_flags(flags: u8) -> Result<(), Fault> {
    if flags & RESERVED != 0 {
        return Err(Fault::ConnectFlagReserved);
    }
    if flags & WILL == 0 {
        if will_qos(flags) != 0 {
            return Err(Fault::WillQosWithoutWill);
        }
        if flags & WILL_RETAIN != 0 {
            return Err(Fault::WillRetainWithoutWill);
        }
    }
    if will_qos(flags) == 3 {
        return Err(Fault::WillQos3);
    }
    if flags & (USER_NAME | PASSWORD) == PASSWORD {
        return Err(Fault::PasswordWithoutUserName);
    }
    Ok(())
}

const fn will_qos(flags: u8) -> u8 {
    flags >> 3 & 3
}

const RESERVED: u8 = 0x01;
const CLEAN_SESSION: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USER_NAME: u8 = 0x80;
