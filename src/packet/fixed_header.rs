//! The fixed header: the two to five octets that open every Control Packet.
//!
//! Clauses: [MQTT-2.2.2-1], [MQTT-2.2.2-2], U-2.2.1-1, U-2.2.1-2, U-2.2.3-2.

use super::reader::Reader;
use super::remaining_length::{self, Decoded};
use super::{Malformed, MalformedKind, PacketType};

/// A fixed header that was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct FixedHeader {
    /// The type of the packet.
    pub(super) packet_type: PacketType,
    /// The low four bits of the first octet; what they must be for all types but PUBLISH.
    pub(super) flags: u8,
    /// How many octets the header itself has, 2 to 5.
    pub(super) length: usize,
    /// How many octets follow it.
    pub(super) remaining: usize,
}

impl FixedHeader {
    /// Reads the header at the start of `octets`; `None` while it is not all there.
    ///
    /// The first octet is judged as soon as it is there: nobody waits for a length that would only
    /// delay the refusal.
    ///
    /// # Errors
    ///
    /// [`MalformedKind::ReservedPacketType`], [`MalformedKind::FixedHeaderFlags`],
    /// [`MalformedKind::RemainingLength`].
    #[inline]
    pub(super) fn decode(octets: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((&first, rest)) = octets.split_first() else { return Ok(None) };
        let (number, flags) = (first >> 4, first & 0x0f);
        let Some(packet_type) = PacketType::from_number(number) else {
            return Err(Malformed::unknown_type(MalformedKind::ReservedPacketType { number }));
        };
        // [MQTT-2.2.2-1] Reserved flags have one value,
        // [MQTT-2.2.2-2] and another ends the connection.
        if packet_type != PacketType::Publish && packet_type.first_octet() != first {
            return Err(Malformed::new(packet_type, MalformedKind::FixedHeaderFlags { flags }, 0));
        }
        match remaining_length::decode(rest) {
            Decoded::Incomplete => Ok(None),
            Decoded::TooLong => Err(Malformed::new(packet_type, MalformedKind::RemainingLength, 4)),
            Decoded::Length { length, octets } => {
                Ok(Some(Self { packet_type, flags, length: 1 + octets, remaining: length }))
            }
        }
    }

    /// Reads what follows this header in `packet`, which begins with it.
    #[inline]
    pub(super) fn reader<'packet>(&self, packet: &'packet [u8]) -> Reader<'packet> {
        Reader::new(self.packet_type, self.length, packet)
    }

    /// How many octets the whole packet has.
    pub(super) const fn packet_size(&self) -> usize {
        self.length + self.remaining
    }
}
