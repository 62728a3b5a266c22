//! Packets in pieces of any length, as a network delivers them.

use bytes::BytesMut;
use mqttspec::packet::{DecodeError, Packet};

use super::choices::Choices;
use super::decode::limited;

/// Decodes the second half of `octets` in pieces whose lengths are the first half: the same comes
/// of it as of all at once.
pub fn pieces(octets: &[u8]) {
    let (lengths, octets) = octets.split_at(octets.len() / 2);
    let decoder = limited(octets);
    let drain = |buffer: &mut BytesMut, decoded: &mut Vec<Result<Packet, DecodeError>>| {
        while let Some(next) = decoder.decode(buffer).transpose() {
            let is_over = next.is_err();
            decoded.push(next);
            if is_over {
                return true;
            }
        }
        false
    };
    let mut whole = Vec::new();
    drain(&mut BytesMut::from(octets), &mut whole);

    let mut choices = Choices::new(lengths);
    let (mut buffer, mut decoded, mut rest) = (BytesMut::new(), Vec::new(), octets);
    while !rest.is_empty() {
        let length = if choices.is_empty() { rest.len() } else { choices.below(64) + 1 };
        let (piece, after) = rest.split_at(length.min(rest.len()));
        buffer.extend_from_slice(piece);
        rest = after;
        if drain(&mut buffer, &mut decoded) {
            break;
        }
    }
    assert_eq!(decoded, whole);
}
