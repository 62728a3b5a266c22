//! PUBLISH: an Application Message on its way.

use std::fmt;

use super::fields::Fields;
use super::frame::{Frame, Framed, put_data};
use super::malformed::{Fault, Malformed};
use super::packet::{Kind, Packet};
use super::text::quoted;

/// An Application Message. Topic and payload are octets, so that the topic can be ill-formed.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::wire::{Octets, Publish};
///
/// let publish = Publish::qos1(7, "a/b", "hello").retain();
/// assert_eq!(publish.to_string(), r#"PUBLISH d0 q1 r1 id=7 topic="a/b" payload=5 octets "hello""#);
/// assert_eq!(Publish::qos0("a", "x").octets(), *b"\x30\x04\0\x01ax");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publish {
    /// Whether it may have been sent before.
    pub dup: bool,
    /// 0 to 2; 3 can be sent and is wrong.
    pub qos: u8,
    /// To the Server: keep it for subscribers to come. From the Server: it was kept.
    pub retain: bool,
    /// The Topic Name.
    pub topic: Vec<u8>,
    /// The Packet Identifier. Written whenever it is there, whatever the QoS.
    pub id: Option<u16>,
    /// The Application Message.
    pub payload: Vec<u8>,
}

impl Publish {
    /// A message of QoS 0.
    pub fn qos0(topic: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> Self {
        let (topic, payload) = (topic.into(), payload.into());
        Self { dup: false, qos: 0, retain: false, topic, id: None, payload }
    }

    /// A message of QoS 1.
    pub fn qos1(id: u16, topic: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> Self {
        Self { qos: 1, id: Some(id), ..Self::qos0(topic, payload) }
    }

    /// A message of QoS 2.
    pub fn qos2(id: u16, topic: impl Into<Vec<u8>>, payload: impl Into<Vec<u8>>) -> Self {
        Self { qos: 2, id: Some(id), ..Self::qos0(topic, payload) }
    }

    /// A message of any QoS; `id` is left out of QoS 0.
    pub fn at_qos(
        qos: u8,
        id: u16,
        topic: impl Into<Vec<u8>>,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        Self { qos, id: (qos > 0).then_some(id), ..Self::qos0(topic, payload) }
    }

    /// Sets RETAIN.
    #[must_use]
    pub const fn retain(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Sets DUP.
    #[must_use]
    pub const fn dup(mut self) -> Self {
        self.dup = true;
        self
    }

    /// Whether the Topic Name is this text.
    pub fn is_on(&self, topic: &str) -> bool {
        self.topic == topic.as_bytes()
    }

    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        let flags = fields.flags();
        let (dup, qos, retain) = (flags & 8 != 0, flags >> 1 & 3, flags & 1 != 0);
        if qos == 3 {
            return Err(Malformed { fault: Fault::Qos3, offset: 0 });
        }
        if dup && qos == 0 {
            return Err(Malformed { fault: Fault::DupWithQos0, offset: 0 });
        }
        let topic = topic_name(Kind::Publish, &mut fields)?;
        let id = (qos > 0).then(|| fields.packet_id(Fault::PacketIdZero)).transpose()?;
        let payload = fields.rest();
        Ok(Self { dup, qos, retain, topic, id, payload })
    }
}

/// Reads a Topic Name of a packet of this type: text of at least one character, without wildcards.
pub(super) fn topic_name(kind: Kind, fields: &mut Fields<'_>) -> Result<Vec<u8>, Malformed> {
    let begin = fields.at() + 2;
    let topic = fields.text()?;
    if topic.is_empty() {
        return Err(Malformed { fault: Fault::EmptyTopic, offset: begin });
    }
    if let Some(position) = topic.iter().position(|octet| b"#+".contains(octet)) {
        let fault = Fault::TopicWildcard(kind);
        return Err(Malformed { fault, offset: begin + position });
    }
    Ok(topic)
}

/// The Topic Name in the octets of a PUBLISH, in whatever order they are; as much of it as is
/// there. `None` of octets that are no PUBLISH.
pub(crate) fn topic_in(octets: &[u8]) -> Option<&[u8]> {
    let (first, rest) = octets.split_first()?;
    if first >> 4 != Kind::Publish as u8 {
        return None;
    }
    let length = rest.iter().position(|octet| octet & 0x80 == 0)?;
    let [high, low, fields @ ..] = rest.get(length + 1..)? else { return None };
    let end = usize::from(u16::from_be_bytes([*high, *low])).min(fields.len());
    Some(&fields[..end])
}

impl Framed for Publish {
    fn frame(&self) -> Frame {
        let flags = u8::from(self.dup) << 3 | (self.qos & 3) << 1 | u8::from(self.retain);
        let mut body = Vec::new();
        put_data(&mut body, &self.topic);
        if let Some(id) = self.id {
            body.extend_from_slice(&id.to_be_bytes());
        }
        body.extend_from_slice(&self.payload);
        Frame::new(Kind::Publish.first_byte() | flags, body)
    }
}

impl From<Publish> for Packet {
    fn from(publish: Publish) -> Self {
        Self::Publish(publish)
    }
}

impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dup, retain) = (u8::from(self.dup), u8::from(self.retain));
        write!(f, "PUBLISH d{dup} q{} r{retain}", self.qos)?;
        if let Some(id) = self.id {
            write!(f, " id={id}")?;
        }
        write!(f, " topic={} payload={} octets", quoted(&self.topic), self.payload.len())?;
        if self.payload.is_empty() { Ok(()) } else { write!(f, " {}", quoted(&self.payload)) }
    }
}
