//! Ours.

use std::hint::black_box;

use bytes::BytesMut;
use mqttspec::packet::Decoder;

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "mqttspec", decode, encoder };

fn decode(stream: &[u8]) -> usize {
    let mut buffer = BytesMut::from(stream);
    let decoder = Decoder::default();
    let mut packets = 0;
    while let Ok(Some(packet)) = &decoder.decode(&mut buffer) {
        black_box(packet);
        packets += 1;
    }
    packets
}

fn encoder(octets: &'static [u8]) -> Encode {
    let mut buffer = BytesMut::from(octets);
    let packet = Decoder::default().decode(&mut buffer).expect("valid").expect("whole");
    Box::new(move |packets, capacity| {
        let mut out = BytesMut::with_capacity(capacity);
        for _ in 0..packets {
            black_box(&packet).encode(&mut out).expect("it fits");
        }
        black_box(&out).len()
    })
}
