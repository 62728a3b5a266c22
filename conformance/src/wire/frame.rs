//! Octets to send: a packet taken apart far enough to be bent.
//!
//! [`Octets`] is whatever can be sent. [`Framed`] is what has a fixed header, and so can be sent
//! with another first octet, another Remaining Length, octets too many or too few.

/// Whatever can be put on the wire.
pub trait Octets {
    /// The octets exactly as they are to be sent.
    fn octets(&self) -> Vec<u8>;
}

impl Octets for &[u8] {
    fn octets(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> Octets for [u8; N] {
    fn octets(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> Octets for &[u8; N] {
    fn octets(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl Octets for Vec<u8> {
    fn octets(&self) -> Vec<u8> {
        self.clone()
    }
}

/// A packet with a fixed header, to be sent as it is or bent.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::wire::{Framed, Octets, Packet};
///
/// assert_eq!(Packet::Pingreq.octets(), [0xc0, 0]);
/// assert_eq!(Packet::Pingreq.with_first_byte(0xc1).octets(), [0xc1, 0]);
/// assert_eq!(Packet::Pubrel(7).append(b"x").octets(), [0x62, 3, 0, 7, b'x']);
/// assert_eq!(Packet::Pubrel(7).shorten(1).octets(), [0x62, 1, 0]);
/// assert_eq!(Packet::Pingreq.with_remaining_length(&[0x80, 0]).octets(), [0xc0, 0x80, 0]);
/// ```
pub trait Framed {
    /// The packet in its two parts.
    fn frame(&self) -> Frame;

    /// The same packet with another first octet: its type and its flags.
    fn with_first_byte(&self, first: u8) -> Frame {
        Frame { first, ..self.frame() }
    }

    /// The same packet with these octets in place of its Remaining Length.
    fn with_remaining_length(&self, octets: &[u8]) -> Frame {
        Frame { remaining_length: Some(octets.to_vec()), ..self.frame() }
    }

    /// The same packet with octets after its last field, which the Remaining Length counts.
    fn append(&self, surplus: &[u8]) -> Frame {
        let mut frame = self.frame();
        frame.body.extend_from_slice(surplus);
        frame
    }

    /// The same packet without its last `missing` octets, which the Remaining Length does not
    /// count. A packet with fewer octets loses all but the fixed header.
    fn shorten(&self, missing: usize) -> Frame {
        let mut frame = self.frame();
        frame.body.truncate(frame.body.len().saturating_sub(missing));
        frame
    }

    /// This packet and the next, to be sent in one write.
    fn then(&self, next: impl Octets) -> Vec<u8> {
        let mut octets = self.frame().to_octets();
        octets.extend(next.octets());
        octets
    }
}

impl<T: Framed> Octets for T {
    fn octets(&self) -> Vec<u8> {
        self.frame().to_octets()
    }
}

impl<T: Framed + ?Sized> Framed for &T {
    fn frame(&self) -> Frame {
        (**self).frame()
    }
}

/// A Control Packet as its first octet and what follows the Remaining Length.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    first: u8,
    /// In place of the true length of `body`.
    remaining_length: Option<Vec<u8>>,
    body: Vec<u8>,
}

impl Frame {
    /// A packet of any type and any content.
    pub const fn new(first: u8, body: Vec<u8>) -> Self {
        Self { first, remaining_length: None, body }
    }

    fn to_octets(&self) -> Vec<u8> {
        let length =
            self.remaining_length.clone().unwrap_or_else(|| remaining_length(self.body.len()));
        [&[self.first], length.as_slice(), &self.body].concat()
    }
}

impl Framed for Frame {
    fn frame(&self) -> Frame {
        self.clone()
    }
}

/// A length as the fixed header writes it: seven bits an octet, the low ones first.
///
/// Lengths of 268,435,456 and more give a fifth octet, which the standard does not allow.
pub fn remaining_length(mut length: usize) -> Vec<u8> {
    let mut octets = Vec::with_capacity(4);
    loop {
        let low = length.to_le_bytes()[0] & 0x7f;
        length >>= 7;
        if length == 0 {
            octets.push(low);
            return octets;
        }
        octets.push(low | 0x80);
    }
}

/// Appends a field of text or data: two octets of length, then its octets.
///
/// Of more than 65,535 octets the first 65,535 are taken, since the length cannot tell more.
pub(super) fn put_data(body: &mut Vec<u8>, data: &[u8]) {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(&data[..usize::from(length)]);
}
