//! mqttrs: text and payload are borrowed from the buffer, which has to stay as long as the packet.
//!
//! It does not say how many octets it took; the fixed header says it, and all packets of a round have
//! the same.

use std::hint::black_box;

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "mqttrs", decode, encoder };

fn decode(stream: &[u8]) -> usize {
    let buffer = bytes::BytesMut::from(stream);
    let (length, octets) = match stream {
        [_, low, high, ..] if low & 0x80 != 0 => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, 3)
        }
        [_, length, ..] => (usize::from(*length), 2),
        _ => unreachable!("no packet is shorter"),
    };
    let size = octets + length;
    let mut packets = 0;
    let mut rest = &buffer[..];
    while let Ok(Some(packet)) = &mqttrs::decode_slice(rest) {
        black_box(packet);
        packets += 1;
        rest = &rest[size..];
    }
    packets
}

fn encoder(octets: &'static [u8]) -> Encode {
    let packet = mqttrs::decode_slice(octets).expect("valid").expect("whole");
    Box::new(move |packets, capacity| {
        let mut out = vec![0; capacity];
        let mut written = 0;
        for _ in 0..packets {
            let rest = &mut out[written..];
            written += mqttrs::encode_slice(black_box(&packet), rest).expect("it fits");
        }
        black_box(&out);
        written
    })
}
