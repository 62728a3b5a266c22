//! rumqttc: text is copied into a `String`, a payload shared.

use std::hint::black_box;

use bytes::BytesMut;
use rumqttc::mqttbytes::v4::Packet;

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "rumqttc", decode, encoder };

fn decode(stream: &[u8]) -> usize {
    let mut buffer = BytesMut::from(stream);
    let mut packets = 0;
    while let Ok(packet) = &Packet::read(&mut buffer, usize::MAX) {
        black_box(packet);
        packets += 1;
    }
    packets
}

fn encoder(octets: &'static [u8]) -> Encode {
    let packet = Packet::read(&mut BytesMut::from(octets), usize::MAX).expect("valid");
    Box::new(move |packets, capacity| {
        let mut out = BytesMut::with_capacity(capacity);
        for _ in 0..packets {
            black_box(&packet).write(&mut out, usize::MAX).expect("it fits");
        }
        black_box(&out).len()
    })
}
