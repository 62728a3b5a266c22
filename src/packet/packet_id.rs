//! The Packet Identifier, which ties an acknowledgement to what it acknowledges.

use std::fmt;
use std::num::NonZeroU16;

/// A Packet Identifier: 1 to 65,535.
// [MQTT-2.3.1-1] Zero cannot be said.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PacketId(NonZeroU16);

impl PacketId {
    /// The first, 1.
    pub const FIRST: Self = Self(NonZeroU16::MIN);

    /// The identifier with this number; `None` for 0.
    pub const fn new(number: u16) -> Option<Self> {
        match NonZeroU16::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Its number, 1 to 65,535.
    pub const fn number(self) -> u16 {
        self.0.get()
    }

    /// The one that follows; 1 after 65,535.
    pub const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(number) => Self(number),
            None => Self::FIRST,
        }
    }
}

impl fmt::Display for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}
