//! Ours: as it is decoded, with every field asked for that is cut out only then, and a PUBLISH where
//! it lies.

use std::hint::black_box;

use bytes::BytesMut;
use mqttspec::packet::{Decoder, Packet};

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "mqttspec", decode, encoder };

pub const ALL_READ: Codec = Codec { name: "mqttspec-all-read", decode: read, encoder };

pub const BORROWED: Codec = Codec { name: "mqttspec-borrowed", decode: look, encoder };

fn decode(stream: &[u8]) -> usize {
    each(stream, |packet| {
        black_box(packet);
    })
}

fn read(stream: &[u8]) -> usize {
    each(stream, |packet| match black_box(packet) {
        Packet::Connect(connect) => {
            black_box((connect.client_id(), connect.will(), connect.credentials()));
        }
        Packet::Subscribe(subscribe) => subscribe.filters().for_each(|one| drop(black_box(one))),
        Packet::Suback(suback) => suback.codes().for_each(|code| _ = black_box(code)),
        Packet::Unsubscribe(unsubscribe) => {
            unsubscribe.filters().for_each(|one| drop(black_box(one)));
        }
        _ => {}
    })
}

/// As `decode`, but for a PUBLISH, which stays in the buffer.
fn look(stream: &[u8]) -> usize {
    let buffer = BytesMut::from(stream);
    let decoder = Decoder::default();
    let mut packets = 0;
    let mut rest = &buffer[..];
    while let Ok(Some((publish, size))) = &decoder.publish_at(rest) {
        black_box(publish);
        packets += 1;
        rest = &rest[*size..];
    }
    if packets > 0 { packets } else { decode(stream) }
}

#[inline(always)]
fn each(stream: &[u8], look: impl Fn(&Packet)) -> usize {
    let mut buffer = BytesMut::from(stream);
    let decoder = Decoder::default();
    let mut packets = 0;
    while let Ok(Some(packet)) = &decoder.decode(&mut buffer) {
        look(packet);
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
