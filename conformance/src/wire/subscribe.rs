//! SUBSCRIBE and SUBACK: Topic Filters, and what became of each.

use std::fmt;

use super::fields::Fields;
use super::frame::{Frame, Framed, put_data};
use super::malformed::{Fault, Malformed};
use super::packet::{Kind, Packet};
use super::text::quoted;

/// Topic Filters to add to a Session.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::wire::{Octets, Subscribe};
///
/// let subscribe = Subscribe::new(10).filter("a/#", 1).filter("b", 0);
/// assert_eq!(subscribe.to_string(), r#"SUBSCRIBE id=10 "a/#" q1, "b" q0"#);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscribe {
    /// The Packet Identifier.
    pub id: u16,
    /// Each Topic Filter with the octet that asks for a QoS.
    pub filters: Vec<(Vec<u8>, u8)>,
}

impl Subscribe {
    /// A packet without a filter, which is wrong until one is added.
    pub const fn new(id: u16) -> Self {
        Self { id, filters: Vec::new() }
    }

    /// Adds a Topic Filter and the octet that asks for a QoS: 0 to 2, all else is wrong.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<Vec<u8>>, qos: u8) -> Self {
        self.filters.push((filter.into(), qos));
        self
    }

    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        let id = fields.packet_id(Fault::PacketIdZero)?;
        let mut subscribe = Self::new(id);
        while !fields.is_empty() {
            let filter = topic_filter(&mut fields)?;
            let offset = fields.at();
            let qos = fields.u8()?;
            if qos > 2 {
                return Err(Malformed { fault: Fault::SubscribeQos(qos), offset });
            }
            subscribe.filters.push((filter, qos));
        }
        if subscribe.filters.is_empty() {
            let fault = Fault::NoFilter(Kind::Subscribe);
            return Err(Malformed { fault, offset: fields.at() });
        }
        Ok(subscribe)
    }
}

/// Reads a Topic Filter: text of at least one character, each wildcard a level of its own.
pub(super) fn topic_filter(fields: &mut Fields<'_>) -> Result<Vec<u8>, Malformed> {
    let begin = fields.at() + 2;
    let filter = fields.text()?;
    if filter.is_empty() {
        return Err(Malformed { fault: Fault::EmptyTopic, offset: begin });
    }
    let mut offset = begin;
    for level in filter.split(|&octet| octet == b'/') {
        let end = offset + level.len();
        if level.contains(&b'#') && (level != b"#" || end != begin + filter.len()) {
            return Err(Malformed { fault: Fault::FilterWildcard('#'), offset });
        }
        if level.contains(&b'+') && level != b"+" {
            return Err(Malformed { fault: Fault::FilterWildcard('+'), offset });
        }
        offset = end + 1;
    }
    Ok(filter)
}

impl Framed for Subscribe {
    fn frame(&self) -> Frame {
        let mut body = self.id.to_be_bytes().to_vec();
        for (filter, qos) in &self.filters {
            put_data(&mut body, filter);
            body.push(*qos);
        }
        Frame::new(Kind::Subscribe.first_byte(), body)
    }
}

impl From<Subscribe> for Packet {
    fn from(subscribe: Subscribe) -> Self {
        Self::Subscribe(subscribe)
    }
}

impl fmt::Display for Subscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SUBSCRIBE id={}", self.id)?;
        for (position, (filter, qos)) in self.filters.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma} {} q{qos}", quoted(filter))?;
        }
        Ok(())
    }
}

/// The Server's answer to SUBSCRIBE.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suback {
    /// The Packet Identifier of the SUBSCRIBE.
    pub id: u16,
    /// For each Topic Filter, in order: the greatest QoS granted, or [`Suback::FAILURE`].
    pub codes: Vec<u8>,
}

impl Suback {
    /// The return code of a Topic Filter that was not taken.
    pub const FAILURE: u8 = 0x80;

    /// An answer with these return codes.
    pub fn new(id: u16, codes: impl Into<Vec<u8>>) -> Self {
        Self { id, codes: codes.into() }
    }

    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        let id = fields.packet_id(Fault::AckIdZero(Kind::Suback))?;
        let begin = fields.at();
        let codes = fields.rest();
        if codes.is_empty() {
            return Err(Malformed { fault: Fault::SubackEmpty, offset: begin });
        }
        let wrong = codes.iter().position(|&code| code > 2 && code != Self::FAILURE);
        if let Some(position) = wrong {
            let fault = Fault::SubackCode(codes[position]);
            return Err(Malformed { fault, offset: begin + position });
        }
        Ok(Self { id, codes })
    }
}

impl Framed for Suback {
    fn frame(&self) -> Frame {
        let body = [self.id.to_be_bytes().as_slice(), &self.codes].concat();
        Frame::new(Kind::Suback.first_byte(), body)
    }
}

impl From<Suback> for Packet {
    fn from(suback: Suback) -> Self {
        Self::Suback(suback)
    }
}

impl fmt::Display for Suback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SUBACK id={}", self.id)?;
        self.codes.iter().try_for_each(|code| match *code {
            Self::FAILURE => f.write_str(" failure"),
            qos => write!(f, " q{qos}"),
        })
    }
}
