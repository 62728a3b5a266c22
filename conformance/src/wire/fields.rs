//! Reading the fields of one packet, from left to right.
//!
//! Offsets count from the packet's first octet, as a person counts in a hex dump.

use super::malformed::{Fault, Malformed};
use super::reader::Sender;

/// What is left to read of a packet.
pub(super) struct Fields<'a> {
    packet: &'a [u8],
    /// Where the next field begins.
    at: usize,
    sender: Sender,
}

impl<'a> Fields<'a> {
    /// The fields of `packet`, which begin at offset `at`, after the fixed header.
    pub(super) const fn new(packet: &'a [u8], at: usize, sender: Sender) -> Self {
        Self { packet, at, sender }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.at >= self.packet.len()
    }

    pub(super) const fn left(&self) -> usize {
        self.packet.len() - self.at
    }

    /// The low four bits of the first octet.
    pub(super) const fn flags(&self) -> u8 {
        self.packet[0] & 0x0f
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        let octets = self.take(2)?;
        Ok(u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// A Packet Identifier. `fault` says which rule a zero breaks.
    pub(super) fn packet_id(&mut self, fault: Fault) -> Result<u16, Malformed> {
        let at = self.at;
        match self.u16()? {
            0 => Err(Malformed { fault, offset: at }),
            id => Ok(id),
        }
    }

    /// Octets with their length in front.
    pub(super) fn data(&mut self) -> Result<Vec<u8>, Malformed> {
        let length = self.u16()?;
        Ok(self.take(usize::from(length))?.to_vec())
    }

    /// Text with its length in front: well-formed UTF-8 without U+0000.
    pub(super) fn text(&mut self) -> Result<Vec<u8>, Malformed> {
        let begin = self.at + 2;
        let text = self.data()?;
        match std::str::from_utf8(&text) {
            Err(error) => {
                Err(Malformed { fault: Fault::IllFormedText, offset: begin + error.valid_up_to() })
            }
            Ok(_) => match text.iter().position(|&octet| octet == 0) {
                Some(position) => {
                    Err(Malformed { fault: Fault::NullCharacter, offset: begin + position })
                }
                None => Ok(text),
            },
        }
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let rest = self.packet[self.at..].to_vec();
        self.at = self.packet.len();
        rest
    }

    /// Nothing may be left.
    pub(super) const fn end(self) -> Result<(), Malformed> {
        if self.is_empty() {
            return Ok(());
        }
        Err(Malformed { fault: Fault::Surplus(self.sender), offset: self.at })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at + length;
        let Some(octets) = self.packet.get(self.at..end) else {
            return Err(Malformed {
                fault: Fault::Truncated(self.sender),
                offset: self.packet.len(),
            });
        };
        self.at = end;
        Ok(octets)
    }
}
