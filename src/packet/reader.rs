//! Reading the fields of one packet, in their order.

use std::ops::{Deref, Range};
use std::str::{self, Utf8Error};

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::{Binary, Malformed, MalformedKind, PacketId, PacketType, Text, text};
use crate::topic::{InvalidTopic, TopicFilter, TopicName, scan};

/// The octets of a packet, and how far they have been read.
///
/// Over [`Bytes`], text and data come out as slices that share the packet's memory. Packets without
/// either are read over a plain `&[u8]`: there is nothing to share, and nothing to count. After the
/// first error the packet is given up, so what a failed read leaves behind does not matter.
pub(super) struct Reader<Octets> {
    packet_type: PacketType,
    /// The whole packet, fixed header included.
    packet: Octets,
    /// Where in it the next octet stands.
    offset: usize,
}

impl<Octets: Deref<Target = [u8]>> Reader<Octets> {
    /// Reads what follows the `header_length` octets of the fixed header of `packet`.
    #[inline]
    pub(super) fn new(packet_type: PacketType, header_length: usize, packet: Octets) -> Self {
        debug_assert!(header_length <= packet.len());
        Self { packet_type, packet, offset: header_length }
    }

    /// Where the next octet stands in the packet.
    #[inline]
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// Whether every octet has been read.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// How many octets have not been read.
    #[inline]
    pub(super) fn remaining(&self) -> usize {
        self.packet.len() - self.offset
    }

    /// A fault at `offset`.
    #[cold]
    #[inline(never)]
    pub(super) fn malformed(&self, kind: MalformedKind, offset: usize) -> Malformed {
        Malformed::new(self.packet_type, kind, offset)
    }

    /// As many octets as the array has.
    #[inline]
    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Malformed> {
        let Some(&array) = self.packet[self.offset..].first_chunk() else {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, self.offset));
        };
        self.offset += LENGTH;
        Ok(array)
    }

    /// Passes over `octets` if they are what comes next, and says whether they were.
    #[inline]
    pub(super) fn passes(&mut self, octets: &[u8]) -> bool {
        let found = self.packet[self.offset..].starts_with(octets);
        if found {
            self.offset += octets.len();
        }
        found
    }

    /// One octet.
    #[inline]
    pub(super) fn octet(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[octet]| octet)
    }

    /// An integer of two octets, the high one first (U-1.5.2-1).
    #[inline]
    pub(super) fn integer(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    /// A Packet Identifier.
    #[inline]
    pub(super) fn packet_id(&mut self) -> Result<PacketId, Malformed> {
        let offset = self.offset;
        // [MQTT-2.3.1-1] Never 0.
        PacketId::new(self.integer()?)
            .ok_or_else(|| self.malformed(MalformedKind::ZeroPacketId, offset))
    }

    /// A field of octets behind a length of two octets: where it stands.
    #[inline]
    fn field(&mut self) -> Result<Range<usize>, Malformed> {
        let offset = self.offset;
        let length = usize::from(self.integer()?);
        if length > self.remaining() {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, offset));
        }
        let start = self.offset;
        self.offset += length;
        Ok(start..self.offset)
    }

    /// Passes over binary data behind a length of two octets.
    #[inline]
    pub(super) fn pass_binary(&mut self) -> Result<(), Malformed> {
        self.field().map(drop)
    }

    /// Passes over a UTF-8 encoded string.
    #[inline]
    pub(super) fn pass_text(&mut self) -> Result<(), Malformed> {
        let field = self.field()?;
        let start = field.start;
        text::check(&self.packet[field])
            .map_err(|(kind, offset)| self.malformed(kind, start + offset))
    }

    /// Passes over a Topic Name.
    #[inline]
    pub(super) fn pass_topic_name(&mut self) -> Result<(), Malformed> {
        let field = self.field()?;
        let start = field.start;
        let octets = &self.packet[field];
        if scan::any(octets, |octet| !octet.is_ascii()) {
            str::from_utf8(octets).map_err(|fault| self.utf8_fault(fault, start))?;
        }
        TopicName::check(octets).map_err(|fault| self.topic_fault(fault, start))
    }

    /// The fault of UTF-8 that starts at `start`.
    #[cold]
    fn utf8_fault(&self, fault: Utf8Error, start: usize) -> Malformed {
        self.malformed(MalformedKind::IllFormedText, start + fault.valid_up_to())
    }

    /// The fault of a topic that starts at `start`.
    #[cold]
    fn topic_fault(&self, fault: InvalidTopic, start: usize) -> Malformed {
        self.malformed(MalformedKind::Topic(fault.kind), start + fault.offset)
    }

    /// Ends the reading: nothing may be left.
    #[inline]
    pub(super) fn finish(self) -> Result<(), Malformed> {
        self.expect_end()
    }

    #[inline]
    fn expect_end(&self) -> Result<(), Malformed> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.malformed(MalformedKind::TrailingOctets, self.offset))
    }
}

impl Reader<Bytes> {
    /// A field of octets behind a length of two octets.
    #[inline]
    fn octets(&mut self) -> Result<Bytes, Malformed> {
        self.field().map(|field| self.packet.slice(field))
    }

    /// Binary data behind a length of two octets.
    pub(super) fn binary(&mut self) -> Result<Binary, Malformed> {
        let offset = self.offset;
        let octets = self.octets()?;
        Binary::new(octets).map_err(|_| self.malformed(MalformedKind::FieldBeyondEnd, offset))
    }

    /// UTF-8 behind a length of two octets, and where it starts; U+0000 is for the caller to find.
    #[inline]
    fn utf8(&mut self) -> Result<(ByteString, usize), Malformed> {
        let octets = self.octets()?;
        let start = self.offset - octets.len();
        // [MQTT-1.5.3-1] Ill-formed octets, surrogates among them, end the connection.
        // [MQTT-1.5.3-3] Well-formed ones stay as they are: U+FEFF is not taken off.
        match ByteString::try_from(octets) {
            Ok(text) => Ok((text, start)),
            Err(fault) => Err(self.utf8_fault(fault, start)),
        }
    }

    /// A UTF-8 encoded string.
    pub(super) fn text(&mut self) -> Result<Text, Malformed> {
        let octets = self.octets()?;
        let start = self.offset - octets.len();
        Text::read(octets).map_err(|(kind, offset)| self.malformed(kind, start + offset))
    }

    /// A Topic Name.
    #[inline]
    pub(super) fn topic_name(&mut self) -> Result<TopicName, Malformed> {
        let (text, start) = self.utf8()?;
        TopicName::new(text).map_err(|fault| self.topic_fault(fault, start))
    }

    /// A Topic Filter.
    pub(super) fn topic_filter(&mut self) -> Result<TopicFilter, Malformed> {
        let (text, start) = self.utf8()?;
        TopicFilter::new(text).map_err(|fault| self.topic_fault(fault, start))
    }

    /// Ends the reading, with nothing left, and gives all octets from `start` on.
    #[inline]
    pub(super) fn finish_from(mut self, start: usize) -> Result<Bytes, Malformed> {
        self.expect_end()?;
        self.packet.advance(start);
        Ok(self.packet)
    }

    /// All that is left.
    #[inline]
    pub(super) fn into_rest(mut self) -> Bytes {
        self.packet.advance(self.offset);
        self.packet
    }
}
