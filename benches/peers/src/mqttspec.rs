//! Ours: as it is decoded, and with every field asked for that is cut out only then.

use std::hint::black_box;

use bytes::BytesMut;
use mqttspec::packet::{Decoder, Packet};

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "mqttspec", decode, encoder };

pub const ALL_READ: Codec = Codec { name: "mqttspec-all-read", decode: read, encoder };

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
