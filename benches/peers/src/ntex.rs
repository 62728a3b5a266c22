//! ntex-mqtt: buffers of its own; what is written is taken by value, so each packet is cloned.

use std::hint::black_box;

use ntex_bytes::{BytePages, BytesMut};
use ntex_codec::{Decoder, Encoder};
use ntex_mqtt::v3::codec::{Codec as Ntex, Decoded, Encoded};

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "ntex-mqtt", decode, encoder };

fn decode(stream: &[u8]) -> usize {
    let mut buffer = BytesMut::copy_from_slice(stream);
    let codec = Ntex::new();
    let mut packets = 0;
    while let Ok(Some(packet)) = &codec.decode(&mut buffer) {
        black_box(packet);
        packets += 1;
    }
    packets
}

fn encoder(octets: &'static [u8]) -> Encode {
    let codec = Ntex::new();
    let mut buffer = BytesMut::copy_from_slice(octets);
    let packet = match codec.decode(&mut buffer).expect("valid").expect("whole") {
        Decoded::Publish(publish, payload, _) => Encoded::Publish(publish, Some(payload)),
        Decoded::Packet(packet, _) => Encoded::Packet(packet),
        Decoded::PayloadChunk(..) => unreachable!("no packet begins inside a payload"),
    };
    Box::new(move |packets, _| {
        let mut out = BytePages::default();
        for _ in 0..packets {
            codec.encodev(black_box(&packet).clone(), &mut out).expect("it fits");
        }
        black_box(&out).len()
    })
}
