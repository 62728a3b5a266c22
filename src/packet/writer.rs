//! Writing the fields of one packet, in their order.

use bytes::{BufMut, BytesMut};
use thiserror::Error;

use super::{PacketId, PacketType, remaining_length};

/// A packet that no fixed header can announce.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{packet_type} of {remaining} octets where 268,435,455 is the most [U-2.2.3-2]")]
pub struct PacketTooLong {
    /// Its type.
    pub packet_type: PacketType,
    /// The octets that would follow the fixed header.
    pub remaining: usize,
}

/// Writes the fixed header of a packet with `remaining` octets after it, and makes room for the
/// next `room` of them.
///
/// # Errors
///
/// [`PacketTooLong`]; nothing has been written then.
#[inline]
pub(super) fn fixed_header(
    out: &mut BytesMut,
    packet_type: PacketType,
    flags: u8,
    remaining: usize,
    room: usize,
) -> Result<(), PacketTooLong> {
    if remaining > remaining_length::MAX {
        return Err(PacketTooLong { packet_type, remaining });
    }
    let first = packet_type.number() << 4 | flags;
    // Most packets are short: 127 octets have a length of one.
    if let Ok(length @ 0..=0x7f) = u8::try_from(remaining) {
        out.reserve(2 + room);
        out.extend_from_slice(&[first, length]);
    } else {
        let (length, octets) = remaining_length::encode(remaining);
        out.reserve(1 + octets + room);
        out.put_u8(first);
        out.extend_from_slice(&length[..octets]);
    }
    Ok(())
}

/// Writes what [`fixed_header`] does and the integer behind it, which most packets have: with it
/// the header of a short packet is written at once.
///
/// # Errors
///
/// [`PacketTooLong`]; nothing has been written then.
#[inline]
pub(super) fn fixed_header_and_integer(
    out: &mut BytesMut,
    packet_type: PacketType,
    flags: u8,
    remaining: usize,
    room: usize,
    integer: u16,
) -> Result<(), PacketTooLong> {
    if let Ok(length @ 0..=0x7f) = u8::try_from(remaining) {
        let [high, low] = integer.to_be_bytes();
        out.reserve(2 + room);
        out.extend_from_slice(&[packet_type.number() << 4 | flags, length, high, low]);
    } else {
        fixed_header(out, packet_type, flags, remaining, room)?;
        out.put_u16(integer);
    }
    Ok(())
}

/// Writes a packet that is a Packet Identifier and a list, whose octets are `payload`.
///
/// # Errors
///
/// [`PacketTooLong`]; nothing has been written then.
#[inline]
pub(super) fn listing(
    out: &mut BytesMut,
    packet_type: PacketType,
    flags: u8,
    packet_id: PacketId,
    payload: &[u8],
) -> Result<(), PacketTooLong> {
    let remaining = 2 + payload.len();
    let number = packet_id.number();
    fixed_header_and_integer(out, packet_type, flags, remaining, remaining, number)?;
    out.extend_from_slice(payload);
    Ok(())
}

/// Writes a packet that is its fixed header and a Packet Identifier.
#[inline]
pub(super) fn only_packet_id(
    out: &mut BytesMut,
    packet_type: PacketType,
    flags: u8,
    packet_id: PacketId,
) {
    let [high, low] = packet_id.number().to_be_bytes();
    out.extend_from_slice(&[packet_type.number() << 4 | flags, 2, high, low]);
}

/// Writes a packet that is nothing but its fixed header.
#[inline]
pub(super) fn only_fixed_header(out: &mut BytesMut, packet_type: PacketType) {
    out.extend_from_slice(&[packet_type.number() << 4, 0]);
}

/// Writes a field behind its length of two octets.
///
/// Text, data, names and filters are checked to fit where they are made.
#[inline]
pub(super) fn field(out: &mut BytesMut, octets: &[u8]) {
    out.put_u16(length_of(octets));
    out.extend_from_slice(octets);
}

/// The length that [`field`] writes before `octets`.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each field's type holds at most 65,535")]
pub(super) const fn length_of(octets: &[u8]) -> u16 {
    debug_assert!(octets.len() <= u16::MAX as usize);
    octets.len() as u16
}

/// The octets that [`field`] writes for `octets`.
pub(super) const fn field_length(octets: &[u8]) -> usize {
    2 + octets.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_remaining_length_is_written_and_a_longer_one_is_refused() {
        let mut out = BytesMut::new();
        let most = remaining_length::MAX;
        assert_eq!(fixed_header(&mut out, PacketType::Publish, 0, most, 0), Ok(()));
        assert_eq!(out[..], [0x30, 0xff, 0xff, 0xff, 0x7f]);
        let (packet_type, remaining) = (PacketType::Publish, most + 1);
        let refused = Err(PacketTooLong { packet_type, remaining });
        assert_eq!(fixed_header(&mut out, packet_type, 0, remaining, 0), refused);
        let refused_too = fixed_header_and_integer(&mut out, packet_type, 0, remaining, 0, 7);
        assert_eq!((refused_too, out.len()), (refused, 5), "nothing more was written");
    }
}
