//! UNSUBSCRIBE: Topic Filters to remove.

use std::fmt;

use super::fields::Fields;
use super::frame::{Frame, Framed, put_data};
use super::malformed::{Fault, Malformed};
use super::packet::{Kind, Packet};
use super::subscribe::topic_filter;
use super::text::quoted;

/// Topic Filters to remove from a Session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unsubscribe {
    /// The Packet Identifier.
    pub id: u16,
    /// The Topic Filters, as they were subscribed to.
    pub filters: Vec<Vec<u8>>,
}

impl Unsubscribe {
    /// A packet without a filter, which is wrong until one is added.
    pub const fn new(id: u16) -> Self {
        Self { id, filters: Vec::new() }
    }

    /// Adds a Topic Filter.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<Vec<u8>>) -> Self {
        self.filters.push(filter.into());
        self
    }

    pub(super) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        let mut unsubscribe = Self::new(fields.packet_id(Fault::PacketIdZero)?);
        while !fields.is_empty() {
            unsubscribe.filters.push(topic_filter(&mut fields)?);
        }
        if unsubscribe.filters.is_empty() {
            let fault = Fault::NoFilter(Kind::Unsubscribe);
            return Err(Malformed { fault, offset: fields.at() });
        }
        Ok(unsubscribe)
    }
}

impl Framed for Unsubscribe {
    fn frame(&self) -> Frame {
        let mut body = self.id.to_be_bytes().to_vec();
        for filter in &self.filters {
            put_data(&mut body, filter);
        }
        Frame::new(Kind::Unsubscribe.first_byte(), body)
    }
}

impl From<Unsubscribe> for Packet {
    fn from(unsubscribe: Unsubscribe) -> Self {
        Self::Unsubscribe(unsubscribe)
    }
}

impl fmt::Display for Unsubscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UNSUBSCRIBE id={}", self.id)?;
        for (position, filter) in self.filters.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma} {}", quoted(filter))?;
        }
        Ok(())
    }
}
