//! Any octets into our decoder.

use bytes::BytesMut;
use mqttspec::packet::{DecodeError, Decoder, Packet};

/// Decodes all packets in `octets`: at once and in pieces the same; and each packet reads back.
pub fn decode(octets: &[u8]) {
    let whole = decode_all(octets, octets.len().max(1));
    assert_eq!(decode_all(octets, super::piece(octets)), whole, "in pieces");
    for decoded in whole {
        match decoded {
            Ok(packet) => reads_back(&packet),
            Err(DecodeError::Malformed(fault)) => assert!(fault.offset <= octets.len(), "{fault}"),
            // Nothing that is longer than the limit can be there.
            Err(DecodeError::TooLarge(fault)) => assert!(fault.size > octets.len(), "{fault}"),
            Err(_) => {}
        }
    }
}

/// What comes out until there is no more, or until an error ends it.
fn decode_all(octets: &[u8], piece: usize) -> Vec<Result<Packet, DecodeError>> {
    let decoder = limited(octets);
    let mut buffer = BytesMut::new();
    let mut decoded = Vec::new();
    for piece in octets.chunks(piece) {
        buffer.extend_from_slice(piece);
        while let Some(next) = decoder.decode(&mut buffer).transpose() {
            let ended = next.is_err();
            decoded.push(next);
            if ended {
                return decoded;
            }
        }
    }
    decoded
}

/// A decoder that refuses only what cannot be there in full, so that no length makes it set aside
/// hundreds of megabytes for a packet of five octets.
pub(super) fn limited(octets: &[u8]) -> Decoder {
    Decoder::new(octets.len())
}

fn reads_back(packet: &Packet) {
    let mut octets = BytesMut::new();
    packet.encode(&mut octets).expect("it was short enough to be read");
    let again = Decoder::default().decode(&mut octets);
    assert_eq!(again.as_ref(), Ok(&Some(packet.clone())));
    assert!(octets.is_empty(), "octets that are no part of {packet:?}");
}
