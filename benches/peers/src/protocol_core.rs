//! mqtt-protocol-core: its parsers alone, without the connection around them. A PUBLISH is read
//! from an `Arc` of its own, which its connection makes for each, and so does this.

use std::hint::black_box;

use mqtt_protocol_core::mqtt::Arc;
use mqtt_protocol_core::mqtt::packet::v3_1_1::{
    Connack, Connect, Disconnect, Pingreq, Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel,
    Suback, Subscribe, Unsuback, Unsubscribe,
};
use mqtt_protocol_core::mqtt::packet::{DecodeResult, VariableByteInteger};

use super::{Codec, Encode};

pub const CODEC: Codec = Codec { name: "mqtt-protocol-core", decode, encoder };

fn decode(stream: &[u8]) -> usize {
    let buffer = bytes::BytesMut::from(stream);
    let mut packets = 0;
    let mut rest = &buffer[..];
    while let Some((first, body, behind)) = frame(rest) {
        match first >> 4 {
            1 => assert!(black_box(&Connect::parse(body)).is_ok()),
            2 => assert!(black_box(&Connack::parse(body)).is_ok()),
            3 => assert!(black_box(&Publish::parse(first & 15, Arc::from(body))).is_ok()),
            4 => assert!(black_box(&Puback::parse(body)).is_ok()),
            5 => assert!(black_box(&Pubrec::parse(body)).is_ok()),
            6 => assert!(black_box(&Pubrel::parse(body)).is_ok()),
            7 => assert!(black_box(&Pubcomp::parse(body)).is_ok()),
            8 => assert!(black_box(&Subscribe::parse(body)).is_ok()),
            9 => assert!(black_box(&Suback::parse(body)).is_ok()),
            10 => assert!(black_box(&Unsubscribe::parse(body)).is_ok()),
            11 => assert!(black_box(&Unsuback::parse(body)).is_ok()),
            12 => assert!(black_box(&Pingreq::parse(body)).is_ok()),
            13 => assert!(black_box(&Pingresp::parse(body)).is_ok()),
            _ => assert!(black_box(&Disconnect::parse(body)).is_ok()),
        }
        packets += 1;
        rest = behind;
    }
    packets
}

/// The first octet of the packet in front, what follows its fixed header, and what follows it.
fn frame(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&first, rest) = octets.split_first()?;
    let DecodeResult::Ok(length, taken) = VariableByteInteger::decode_stream(rest) else {
        return None;
    };
    let (body, behind) = rest[taken..].split_at_checked(length.to_u32() as usize)?;
    Some((first, body, behind))
}

fn encoder(octets: &'static [u8]) -> Encode {
    let (first, body, _) = frame(octets).expect("whole");
    macro_rules! repeated {
        ($parsed:expr) => {{
            let packet = $parsed.expect("valid").0;
            repeated(move || black_box(&packet).to_continuous_buffer())
        }};
    }
    match first >> 4 {
        1 => repeated!(Connect::parse(body)),
        2 => repeated!(Connack::parse(body)),
        3 => repeated!(Publish::parse(first & 15, Arc::from(body))),
        4 => repeated!(Puback::parse(body)),
        5 => repeated!(Pubrec::parse(body)),
        6 => repeated!(Pubrel::parse(body)),
        7 => repeated!(Pubcomp::parse(body)),
        8 => repeated!(Subscribe::parse(body)),
        9 => repeated!(Suback::parse(body)),
        10 => repeated!(Unsubscribe::parse(body)),
        11 => repeated!(Unsuback::parse(body)),
        12 => repeated!(Pingreq::parse(body)),
        13 => repeated!(Pingresp::parse(body)),
        _ => repeated!(Disconnect::parse(body)),
    }
}

/// Each packet is a `Vec` of its own: there is no way to append one.
fn repeated(encode: impl Fn() -> Vec<u8> + 'static) -> Encode {
    Box::new(move |packets, _| (0..packets).map(|_| black_box(encode()).len()).sum())
}
