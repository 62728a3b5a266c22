//! Reading the fields of one packet, in their order.

use bytes::{Buf, Bytes};
use bytestring::ByteString;

use super::{Binary, Malformed, MalformedKind, PacketId, PacketType, Text};
use crate::topic::{InvalidTopic, TopicFilter, TopicName};

/// The octets of a packet that have not been read yet.
///
/// Text and data come out as slices that share the packet's memory. After the first error the
/// packet is given up, so what a failed read leaves behind does not matter.
pub(super) struct Reader {
    packet_type: PacketType,
    /// The octets of the whole packet; where a field stands is counted back from the end.
    size: usize,
    rest: Bytes,
}

impl Reader {
    /// Reads what follows the fixed header, which is `rest`; the whole packet has `size` octets.
    #[inline]
    pub(super) fn new(packet_type: PacketType, size: usize, rest: Bytes) -> Self {
        debug_assert!(rest.len() <= size);
        Self { packet_type, size, rest }
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
    pub(super) fn malformed(&self, kind: MalformedKind, offset: usize) -> Malformed {
        Malformed::new(self.packet_type, kind, offset)
    }

    /// One octet.
    #[inline]
    pub(super) fn octet(&mut self) -> Result<u8, Malformed> {
        if self.rest.is_empty() {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, self.offset()));
        }
        Ok(self.rest.get_u8())
    }

    /// An integer of two octets, the high one first (U-1.5.2-1).
    #[inline]
    pub(super) fn integer(&mut self) -> Result<u16, Malformed> {
        if self.rest.len() < 2 {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, self.offset()));
        }
        Ok(self.rest.get_u16())
    }

    /// A Packet Identifier.
    #[inline]
    pub(super) fn packet_id(&mut self) -> Result<PacketId, Malformed> {
        let offset = self.offset();
        // [MQTT-2.3.1-1] Never 0.
        PacketId::new(self.integer()?)
            .ok_or_else(|| self.malformed(MalformedKind::ZeroPacketId, offset))
    }

    /// A field of octets behind a length of two octets.
    #[inline]
    fn octets(&mut self) -> Result<Bytes, Malformed> {
        let offset = self.offset();
        let length = usize::from(self.integer()?);
        if length > self.rest.len() {
            return Err(self.malformed(MalformedKind::FieldBeyondEnd, offset));
        }
        Ok(self.rest.split_to(length))
    }

    /// Binary data behind a length of two octets.
    pub(super) fn binary(&mut self) -> Result<Binary, Malformed> {
        let offset = self.offset();
        let octets = self.octets()?;
        Binary::new(octets).map_err(|_| self.malformed(MalformedKind::FieldBeyondEnd, offset))
    }

    /// UTF-8 behind a length of two octets; U+0000 is for the caller to find.
    #[inline]
    fn utf8(&mut self) -> Result<ByteString, Malformed> {
        let octets = self.octets()?;
        let start = self.offset() - octets.len();
        // [MQTT-1.5.3-1] Ill-formed octets, surrogates among them, end the connection.
        // [MQTT-1.5.3-3] Well-formed ones stay as they are: U+FEFF is not taken off.
        ByteString::try_from(octets.clone()).map_err(|_| {
            let valid = std::str::from_utf8(&octets).map_or_else(|e| e.valid_up_to(), str::len);
            self.malformed(MalformedKind::IllFormedText, start + valid)
        })
    }

    /// A UTF-8 encoded string.
    pub(super) fn text(&mut self) -> Result<Text, Malformed> {
        let text = self.utf8()?;
        let start = self.offset() - text.len();
        // [MQTT-1.5.3-2] U+0000 ends the connection.
        let null = text.as_bytes().iter().position(|&octet| octet == 0);
        Text::new(text)
            .ok_or_else(|| self.malformed(MalformedKind::NullInText, start + null.unwrap_or(0)))
    }

    /// A Topic Name.
    #[inline]
    pub(super) fn topic_name(&mut self) -> Result<TopicName, Malformed> {
        let text = self.utf8()?;
        let start = self.offset() - text.len();
        TopicName::new(text).map_err(|fault| self.topic_fault(fault, start))
    }

    /// A Topic Filter.
    pub(super) fn topic_filter(&mut self) -> Result<TopicFilter, Malformed> {
        let text = self.utf8()?;
        let start = self.offset() - text.len();
        TopicFilter::new(text).map_err(|fault| self.topic_fault(fault, start))
    }

    #[cold]
    fn topic_fault(&self, fault: InvalidTopic, start: usize) -> Malformed {
        self.malformed(MalformedKind::Topic(fault.kind), start + fault.offset)
    }

    /// All that is left.
    #[inline]
    pub(super) fn into_rest(self) -> Bytes {
        self.rest
    }

    /// Ends the reading: nothing may be left.
    #[inline]
    pub(super) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.malformed(MalformedKind::TrailingOctets, self.offset()))
    }
}
