//! mqttbytes: what rumqttc's codec grew from. Its `Packet` cannot be written, only its parts.

use std::hint::black_box;

use bytes::BytesMut;
use mqttbytes::v4::{self, Packet};

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "mqttbytes", decode, encoder };

fn decode(stream: &[u8]) -> usize {
    let mut buffer = BytesMut::from(stream);
    let mut packets = 0;
    while let Ok(packet) = &v4::read(&mut buffer, usize::MAX) {
        black_box(packet);
        packets += 1;
    }
    packets
}

fn encoder(octets: &'static [u8]) -> Encode {
    let packet = v4::read(&mut BytesMut::from(octets), usize::MAX).expect("valid");
    Box::new(move |packets, capacity| {
        let mut out = BytesMut::with_capacity(capacity);
        for _ in 0..packets {
            let written = match black_box(&packet) {
                Packet::Connect(packet) => packet.write(&mut out),
                Packet::ConnAck(packet) => packet.write(&mut out),
                Packet::Publish(packet) => packet.write(&mut out),
                Packet::PubAck(packet) => packet.write(&mut out),
                Packet::PubRec(packet) => packet.write(&mut out),
                Packet::PubRel(packet) => packet.write(&mut out),
                Packet::PubComp(packet) => packet.write(&mut out),
                Packet::Subscribe(packet) => packet.write(&mut out),
                Packet::SubAck(packet) => packet.write(&mut out),
                Packet::Unsubscribe(packet) => packet.write(&mut out),
                Packet::UnsubAck(packet) => packet.write(&mut out),
                Packet::PingReq => v4::PingReq.write(&mut out),
                Packet::PingResp => v4::PingResp.write(&mut out),
                Packet::Disconnect => v4::Disconnect.write(&mut out),
            };
            written.expect("it fits");
        }
        black_box(&out).len()
    })
}
