//! UTF-8 encoded strings and binary data: the two fields with a length of two octets.
//!
//! Clauses: [MQTT-1.5.3-1] to [MQTT-1.5.3-3], U-1.5.3-3.

use std::{fmt, str};

use bytes::Bytes;
use bytestring::ByteString;
use thiserror::Error;

use super::MalformedKind;
use crate::topic::scan;

/// A UTF-8 encoded string: 0 to 65,535 octets, without U+0000.
///
/// U+FEFF is a character like any other and stays where it stands [MQTT-1.5.3-3]. Surrogates
/// cannot occur: Rust's text has none.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(ByteString);

impl Text {
    /// Takes `text`; `None` when it is longer than 65,535 octets or holds U+0000.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::packet::Text;
    ///
    /// assert_eq!(Text::new("sensor-7").unwrap().as_str(), "sensor-7");
    /// assert!(Text::new("").is_some());
    /// assert!(Text::new("a\0b").is_none());
    /// ```
    #[inline]
    pub fn new(text: impl Into<ByteString>) -> Option<Self> {
        let text = text.into();
        let fits = text.len() <= usize::from(u16::MAX);
        (fits && check(text.as_bytes()).is_ok()).then_some(Self(text))
    }

    /// Takes text that was checked where it was read.
    pub(super) fn checked(text: ByteString) -> Self {
        debug_assert!(check(text.as_bytes()).is_ok());
        Self(text)
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, kept in as much memory as it needs and no more.
    ///
    /// What is read from a connection is a slice of the buffer it came in, and keeps all of it.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(ByteString::from(self.as_str()))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Looks for what no UTF-8 encoded string may hold: what it is, and at which octet.
#[inline]
pub(super) fn check(octets: &[u8]) -> Result<(), (MalformedKind, usize)> {
    // Nearly all text is ASCII without U+0000: with a sign, its octets are numbers above 0.
    if !scan::any(octets, |octet| octet.cast_signed() <= 0) {
        return Ok(());
    }
    // [MQTT-1.5.3-1] Ill-formed octets, surrogates among them, end the connection.
    // [MQTT-1.5.3-3] Well-formed ones stay as they are: U+FEFF is not taken off.
    if let Err(fault) = str::from_utf8(octets) {
        return Err((MalformedKind::IllFormedText, fault.valid_up_to()));
    }
    // [MQTT-1.5.3-2] U+0000 ends the connection.
    match octets.iter().position(|&octet| octet == 0) {
        Some(offset) => Err((MalformedKind::NullInText, offset)),
        None => Ok(()),
    }
}

/// Binary data with a length of two octets: 0 to 65,535 octets of any value.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Binary(Bytes);

impl Binary {
    /// Takes `octets`.
    ///
    /// # Errors
    ///
    /// [`TooLong`] above 65,535 octets.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, TooLong> {
        let octets = octets.into();
        if octets.len() > usize::from(u16::MAX) {
            return Err(TooLong { length: octets.len() });
        }
        Ok(Self(octets))
    }

    /// The same octets, kept in as much memory as they need and no more.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// The octets of it.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A field does not fit: its length has two octets.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{length} octets where a field has room for 65,535 [U-1.5.3-3]")]
pub struct TooLong {
    /// The octets that were given.
    pub length: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_its_own_is_the_same_and_lies_elsewhere() {
        let read = Bytes::from_static(b"caf\xc3\xa9");
        let text = Text::new(ByteString::try_from(read.clone()).unwrap()).unwrap();
        let binary = Binary::new(read.clone()).unwrap();
        assert_eq!((text.detached(), binary.detached()), (text.clone(), binary.clone()));
        assert_eq!(text.as_str().as_ptr(), read.as_ptr());
        assert_ne!(text.detached().as_str().as_ptr(), read.as_ptr());
        assert_ne!(binary.detached().as_bytes().as_ptr(), read.as_ptr());
        assert_eq!(text.to_string(), "caf\u{e9}");
    }
}
