//! Which message is expected: its topic, and as much else as matters.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::{Packet, Publish};

/// A message to expect. What is not named may be anything.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::peer::Delivery;
/// use mqttspec_conformance::wire::Publish;
///
/// let expected = Delivery::on("a/b").payload("x").qos(1).retain(false);
/// assert!(expected.is(&Publish::qos1(7, "a/b", "x")));
/// assert!(!expected.is(&Publish::qos1(7, "a/b", "x").retain()));
/// assert_eq!(expected.to_string(), r#"PUBLISH q1 r0 topic="a/b" payload "x""#);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Delivery {
    #[serde(with = "super::octets")]
    topic: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::octets::option")]
    payload: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    qos: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retain: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dup: Option<bool>,
}

impl Delivery {
    /// A message on this topic.
    pub fn on(topic: impl Into<Vec<u8>>) -> Self {
        Self { topic: topic.into(), payload: None, qos: None, retain: None, dup: None }
    }

    /// With this payload.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    /// At this QoS.
    #[must_use]
    pub const fn qos(mut self, qos: u8) -> Self {
        self.qos = Some(qos);
        self
    }

    /// With RETAIN set, or not.
    #[must_use]
    pub const fn retain(mut self, retain: bool) -> Self {
        self.retain = Some(retain);
        self
    }

    /// With DUP set, or not. Only a packet that was read before must have it, and only a message
    /// that is new to the Session must not.
    #[must_use]
    pub const fn dup(mut self, dup: bool) -> Self {
        self.dup = Some(dup);
        self
    }

    /// Whether it is the message, as far as everything but its QoS goes.
    pub(crate) fn is_but_for_its_qos(&self, message: &Publish) -> bool {
        Self { qos: None, ..self.clone() }.is(message) && !self.is(message)
    }

    /// The same of what a change makes of such a message.
    pub(crate) fn change(&mut self, change: &dyn Fn(&mut Packet)) {
        let payload = self.payload.clone().unwrap_or_default();
        let mut packet = Packet::Publish(Publish::qos0(self.topic.clone(), payload));
        change(&mut packet);
        if let Packet::Publish(publish) = packet {
            self.topic = publish.topic;
            self.payload = self.payload.is_some().then_some(publish.payload);
        }
    }

    /// Whether it is this one.
    pub fn is(&self, publish: &Publish) -> bool {
        self.topic == publish.topic
            && self.payload.as_ref().is_none_or(|payload| *payload == publish.payload)
            && self.qos.is_none_or(|qos| qos == publish.qos)
            && self.retain.is_none_or(|retain| retain == publish.retain)
            && self.dup.is_none_or(|dup| dup == publish.dup)
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PUBLISH")?;
        if let Some(dup) = self.dup {
            write!(f, " d{}", u8::from(dup))?;
        }
        if let Some(qos) = self.qos {
            write!(f, " q{qos}")?;
        }
        if let Some(retain) = self.retain {
            write!(f, " r{}", u8::from(retain))?;
        }
        write!(f, " topic={}", crate::wire::quoted(&self.topic))?;
        match &self.payload {
            Some(payload) => write!(f, " payload {}", crate::wire::quoted(payload)),
            None => Ok(()),
        }
    }
}
