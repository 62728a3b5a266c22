//! A frame of RFC 6455, section 5.2, as it is or bent.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

/// One frame. The constructors make what a Client sends: whole, and masked.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::websocket::Frame;
///
/// assert_eq!(Frame::binary([0xc0, 0]).unmasked().octets(), [0x82, 2, 0xc0, 0]);
/// assert_eq!(Frame::text("a").begun().unmasked().octets(), [0x01, 1, b'a']);
/// assert_eq!(Frame::close(1000).unmasked().octets(), [0x88, 2, 0x03, 0xe8]);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Whether its message ends with it.
    pub is_last: bool,
    /// The three reserved bits, 0 to 7. Without an extension they are 0.
    pub reserved: u8,
    /// What it is, 0 to 15: one of the constants, or a number that has no meaning yet.
    pub opcode: u8,
    /// With what the payload is masked: always in what a Client sends, never in what a Server
    /// sends.
    pub mask: Option<[u8; 4]>,
    /// What it carries, not masked.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The opcode of a frame that goes on with the message of the one before.
    pub const CONTINUATION: u8 = 0;
    /// The opcode of text.
    pub const TEXT: u8 = 1;
    /// The opcode of octets, which is what MQTT travels in.
    pub const BINARY: u8 = 2;
    /// The opcode of a farewell.
    pub const CLOSE: u8 = 8;
    /// The opcode of a question whether anybody is there.
    pub const PING: u8 = 9;
    /// The opcode of the answer to it.
    pub const PONG: u8 = 10;

    /// The most octets that a frame of control may carry.
    pub const MOST_OF_CONTROL: usize = 125;

    /// A frame with this opcode.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        Self { is_last: true, reserved: 0, opcode, mask: Some(some_octets()), payload }
    }

    /// A whole message of octets.
    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::BINARY, payload)
    }

    /// A whole message of text, which nobody checks to be UTF-8.
    pub fn text(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::TEXT, payload)
    }

    /// The next and last part of a message.
    pub fn continuation(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::CONTINUATION, payload)
    }

    /// A question whether anybody is there.
    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::PING, payload)
    }

    /// The answer to it, or one that nobody asked for.
    pub fn pong(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(Self::PONG, payload)
    }

    /// A farewell with this status: 1000 when all is done, 1001 when a page is left.
    pub fn close(status: u16) -> Self {
        Self::new(Self::CLOSE, status.to_be_bytes())
    }

    /// One message in frames of `size` octets each: fragments, and not messages of their own.
    pub fn fragments(opcode: u8, payload: &[u8], size: usize) -> Vec<Self> {
        let mut frames: Vec<_> =
            payload.chunks(size.max(1)).map(|piece| Self::continuation(piece).begun()).collect();
        if let Some(first) = frames.first_mut() {
            first.opcode = opcode;
        }
        if let Some(last) = frames.last_mut() {
            last.is_last = true;
        }
        frames
    }

    /// The same, with more of its message to follow.
    #[must_use]
    pub fn begun(mut self) -> Self {
        self.is_last = false;
        self
    }

    /// The same, as a Server sends it.
    #[must_use]
    pub fn unmasked(mut self) -> Self {
        self.mask = None;
        self
    }

    /// The same with these reserved bits.
    #[must_use]
    pub fn with_reserved(mut self, bits: u8) -> Self {
        self.reserved = bits & 7;
        self
    }

    /// Whether it is one of control: those between data, which are no data.
    pub const fn is_control(&self) -> bool {
        self.opcode >= Self::CLOSE
    }

    /// The status of a farewell that tells one.
    pub fn status(&self) -> Option<u16> {
        match self.payload[..] {
            [high, low, ..] if self.opcode == Self::CLOSE => Some(u16::from_be_bytes([high, low])),
            _ => None,
        }
    }

    /// As it goes over the wire.
    pub fn octets(&self) -> Vec<u8> {
        let first = u8::from(self.is_last) << 7 | (self.reserved & 7) << 4 | self.opcode & 15;
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let mut octets = vec![first];
        let length = self.payload.len();
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(length @ 0..=125), _) => octets.push(masked | length),
            (_, Ok(length)) => {
                octets.push(masked | LENGTH_OF_16_BITS);
                octets.extend(length.to_be_bytes());
            }
            _ => {
                octets.push(masked | LENGTH_OF_64_BITS);
                octets.extend((length as u64).to_be_bytes());
            }
        }
        octets.extend(self.mask.iter().flatten());
        match self.mask {
            None => octets.extend(&self.payload),
            Some(mask) => {
                octets.extend(self.payload.iter().zip(mask.iter().cycle()).map(|(o, m)| o ^ m));
            }
        }
        octets
    }
}

impl fmt::Display for Frame {
    /// Its type, what is peculiar about it, and its length: `text frame, 12 octets`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.opcode {
            Self::CONTINUATION => f.write_str("continuation frame")?,
            Self::TEXT => f.write_str("text frame")?,
            Self::BINARY => f.write_str("binary frame")?,
            Self::CLOSE => f.write_str("close frame")?,
            Self::PING => f.write_str("ping frame")?,
            Self::PONG => f.write_str("pong frame")?,
            other => write!(f, "frame of reserved type {other}")?,
        }
        if let Some(status) = self.status() {
            write!(f, ", status {status}")?;
        }
        if !self.is_last {
            f.write_str(", not the last of its message")?;
        }
        if self.reserved != 0 {
            write!(f, ", reserved bits {:03b}", self.reserved)?;
        }
        match self.payload.len() {
            1 => f.write_str(", 1 octet"),
            length => write!(f, ", {length} octets"),
        }
    }
}

/// Four octets that are hardly the same twice. They keep old proxies from taking what a Client
/// sends for HTTP; nothing secret depends on them.
fn some_octets() -> [u8; 4] {
    let [a, b, c, d, ..] = RandomState::new().hash_one(()).to_ne_bytes();
    [a, b, c, d]
}

pub(super) const LENGTH_OF_16_BITS: u8 = 126;
pub(super) const LENGTH_OF_64_BITS: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_takes_as_few_octets_as_it_can() {
        for (length, header) in [
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 0xff, 0xff]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let octets = Frame::binary(vec![7; length]).unmasked().octets();
            assert_eq!(octets[..header.len()], header);
            assert_eq!(octets.len(), header.len() + length);
        }
    }

    #[test]
    fn what_a_client_sends_is_masked() {
        let mut frame = Frame::binary(*b"mqtt!");
        frame.mask = Some([1, 2, 3, 4]);
        let octets = [0x82, 0x85, 1, 2, 3, 4, b'm' ^ 1, b'q' ^ 2, b't' ^ 3, b't' ^ 4, b'!' ^ 1];
        assert_eq!(frame.octets(), octets);
    }

    #[test]
    fn fragments_are_one_message() {
        let frames = Frame::fragments(Frame::BINARY, b"abc", 2);
        let told: Vec<_> = frames.iter().map(|f| (f.opcode, f.is_last, &f.payload[..])).collect();
        assert_eq!(told, [(Frame::BINARY, false, &b"ab"[..]), (Frame::CONTINUATION, true, b"c")]);
        assert_eq!(Frame::fragments(Frame::TEXT, b"a", 2)[0].opcode, Frame::TEXT);
    }

    #[test]
    fn frames_say_what_they_are() {
        for (frame, text) in [
            (Frame::text("a").begun(), "text frame, not the last of its message, 1 octet"),
            (Frame::close(1003), "close frame, status 1003, 2 octets"),
            (
                Frame::new(3, "").with_reserved(5),
                "frame of reserved type 3, reserved bits 101, 0 octets",
            ),
        ] {
            assert_eq!(frame.to_string(), text);
        }
    }
}
