//! Reading the fields of one packet, in their order, and checking them.
//!
//! What is read is borrowed. Who keeps text or data cuts it out of the packet's [`Bytes`] when all
//! of the packet has passed: a reference is counted for what is kept, and for nothing else.

use std::str::{self, Utf8Error};

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::{Malformed, MalformedKind, PacketId, PacketType, text};
use crate::topic::{InvalidTopic, TopicFilter, TopicName};

/// What of a packet has not been read yet.
///
/// After the first error the packet is given up, so what a failed read leaves behind does not
/// matter. All that reads is inlined always: through a reader in memory, a CONNECT takes half as
/// long again.
pub(super) struct Reader<'packet> {
    packet_type: PacketType,
    /// The octets of the whole packet, fixed header included.
    size: usize,
    rest: &'packet [u8],
}

impl<'packet> Reader<'packet> {
    /// Reads what follows the `header_length` octets of the fixed header of `packet`.
    #[inline]
    pub(super) fn new(
        packet_type: PacketType,
        header_length: usize,
        packet: &'packet [u8],
    ) -> Self {
        Self { packet_type, size: packet.len(), rest: &packet[header_length..] }
    }

    /// Where the next octet stands in the packet.
    #[inline]
    pub(super) fn offset(&self) -> usize {
        self.size - self.rest.len()
    }

    /// Whether every octet has been read.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// A fault at `offset`.
    #[cold]
    #[inline(never)]
    pub(super) fn malformed(&self, kind: MalformedKind, offset: usize) -> Malformed {
        Malformed::new(self.packet_type, kind, offset)
    }

    /// As many octets as the array has.
    #[inline(always)]
    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Malformed> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, self.offset()));
        };
        self.rest = rest;
        Ok(*array)
    }

    /// Passes over `octets` if they are what comes next, and says whether they were.
    #[inline]
    pub(super) fn passes(&mut self, octets: &[u8]) -> bool {
        let behind = self.rest.strip_prefix(octets);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// One octet.
    #[inline]
    pub(super) fn octet(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[octet]| octet)
    }

    /// An integer of two octets, the high one first (U-1.5.2-1).
    #[inline(always)]
    pub(super) fn integer(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    /// A Packet Identifier.
    #[inline]
    pub(super) fn packet_id(&mut self) -> Result<PacketId, Malformed> {
        let offset = self.offset();
        // [MQTT-2.3.1-1] Never 0.
        PacketId::new(self.integer()?)
            .ok_or_else(|| self.malformed(MalformedKind::ZeroPacketId, offset))
    }

    /// The Packet Identifier of a packet that has nothing else.
    #[inline]
    pub(super) fn only_packet_id(mut self) -> Result<PacketId, Malformed> {
        let packet_id = self.packet_id()?;
        self.finish()?;
        Ok(packet_id)
    }

    /// Binary data behind a length of two octets.
    #[inline(always)]
    pub(super) fn binary(&mut self) -> Result<&'packet [u8], Malformed> {
        let offset = self.offset();
        let length = usize::from(self.integer()?);
        let Some((field, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, offset));
        };
        self.rest = rest;
        Ok(field)
    }

    /// A UTF-8 encoded string.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Result<&'packet [u8], Malformed> {
        let octets = self.binary()?;
        text::check(octets)
            .map_err(|(kind, offset)| self.malformed(kind, self.start_of(octets) + offset))?;
        Ok(octets)
    }

    /// A Topic Name, which is UTF-8.
    #[inline(always)]
    pub(super) fn topic_name(&mut self) -> Result<&'packet [u8], Malformed> {
        let octets = self.binary()?;
        if !TopicName::is_plain(octets) {
            self.utf8(octets)?;
            TopicName::check(octets).map_err(|fault| self.topic_fault(fault, octets))?;
        }
        Ok(octets)
    }

    /// A Topic Filter, which is UTF-8.
    #[inline(always)]
    pub(super) fn topic_filter(&mut self) -> Result<&'packet [u8], Malformed> {
        let octets = self.binary()?;
        if !octets.is_ascii() {
            self.utf8(octets)?;
        }
        TopicFilter::check(octets).map_err(|fault| self.topic_fault(fault, octets))?;
        Ok(octets)
    }

    /// Whether `octets`, which have just been read, are UTF-8.
    #[cold]
    fn utf8(&self, octets: &[u8]) -> Result<(), Malformed> {
        // [MQTT-1.5.3-1] Ill-formed octets, surrogates among them, end the connection.
        // [MQTT-1.5.3-3] Well-formed ones stay as they are: U+FEFF is not taken off.
        let ill_formed = |fault: Utf8Error| {
            self.malformed(
                MalformedKind::IllFormedText,
                self.start_of(octets) + fault.valid_up_to(),
            )
        };
        str::from_utf8(octets).map(drop).map_err(ill_formed)
    }

    /// The fault of a topic that has just been read.
    #[cold]
    fn topic_fault(&self, fault: InvalidTopic, octets: &[u8]) -> Malformed {
        self.malformed(MalformedKind::Topic(fault.kind), self.start_of(octets) + fault.offset)
    }

    /// Where in the packet the field stands that has just been read.
    fn start_of(&self, field: &[u8]) -> usize {
        self.offset() - field.len()
    }

    /// All that has not been read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'packet [u8] {
        self.rest
    }

    /// Ends the reading: nothing may be left.
    #[inline]
    pub(super) fn finish(self) -> Result<(), Malformed> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.malformed(MalformedKind::TrailingOctets, self.offset()))
    }
}

/// Cuts text out of the `packet` that it was read from.
#[inline]
pub(super) fn cut(packet: &Bytes, text: &[u8]) -> ByteString {
    ByteString::try_from(packet.slice_ref(text)).expect(CHECKED)
}

/// What is behind so many octets of `packet`: no reference is counted.
#[inline]
pub(super) fn behind(mut packet: Bytes, offset: usize) -> Bytes {
    packet.advance(offset);
    packet
}

/// Why what was read before cannot fail.
pub(super) const CHECKED: &str = "what a reader gives is checked";
