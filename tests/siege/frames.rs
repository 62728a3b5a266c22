//! WebSocket frames that are none, or that promise too much.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::peer::{PATIENCE, clean, octets};
use crate::{Siege, number};

/// Frames with which nobody goes on: each a name, and the octets behind the handshake.
const ILL_FORMED: &[(&str, &[u8])] = &[
    ("without a mask", b"\x82\x02\xc0\x00"),
    ("of 2^63 octets", b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\0\0\0\0"),
    ("with bits that are reserved", b"\xf2\x82\0\0\0\0\xc0\x00"),
    ("of a type that is reserved", b"\x83\x82\0\0\0\0\xc0\x00"),
    ("of a control type that is reserved", b"\x8b\x80\0\0\0\0"),
    ("that is a Ping in pieces", b"\x09\x80\0\0\0\0"),
    ("that is a Ping of 126 octets", b"\x89\xfe\x00\x7e\0\0\0\0"),
    ("that goes on with nothing", b"\x80\x82\0\0\0\0\xc0\x00"),
    ("that begins within another", b"\x02\x81\0\0\0\0\xc0\x82\x81\0\0\0\0\x00"),
    ("of text", b"\x81\x82\0\0\0\0\xc0\x00"),
    ("that is a Close of one octet", b"\x88\x81\0\0\0\0\x03"),
];

const HANDSHAKE: &str = "GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The port of the second listener.
fn place(siege: &Siege) -> SocketAddr {
    let place = siege.broker.urls[1].strip_prefix("ws://").expect("a WebSocket");
    place.split('/').next().expect("a place").parse().expect("an address")
}

fn open(place: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(place).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.write_all(HANDSHAKE.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).expect("an answer");
        answer.push(octet[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// A binary frame that is in order.
fn frame(payload: &[u8], first: u8) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short one");
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

#[test]
fn frames_that_are_none_end_their_connection_and_no_other() {
    let siege = Siege::of("frames that are none", "--listen ws://127.0.0.1:0/mqtt");
    let place = place(&siege);
    let times = number(1, 50);
    for _ in 0..times {
        for (name, octets_of_frame) in ILL_FORMED {
            // As the first word, and after a CONNECT.
            for connects in [false, true] {
                let mut stream = open(place);
                if connects {
                    stream.write_all(&frame(&octets(clean("a")), 0x82)).expect("sent");
                    let mut connack = [0; 6];
                    stream.read_exact(&mut connack).expect("CONNACK");
                    assert_eq!(connack, *b"\x82\x04\x20\x02\x00\x00");
                }
                stream.write_all(octets_of_frame).expect("sent");
                let mut rest = Vec::new();
                let ended = stream.read_to_end(&mut rest);
                let is_late = |error: &std::io::Error| {
                    matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    )
                };
                assert!(!ended.is_err_and(|error| is_late(&error)), "a frame {name} is let pass");
            }
        }
    }
    let growth = siege.growth();
    siege.end(2 * times * ILL_FORMED.len(), growth, 0);
}

#[test]
fn a_frame_without_an_end_is_read_as_it_comes() {
    let siege = Siege::of("frames of 2^62 octets", "--listen ws://127.0.0.1:0/mqtt");
    let mut stream = open(place(&siege));
    stream.write_all(b"\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0").expect("sent");
    stream.write_all(&octets(clean("a"))).expect("sent");
    let mut connack = [0; 6];
    stream.read_exact(&mut connack).expect("CONNACK");
    assert_eq!(connack, *b"\x82\x04\x20\x02\x00\x00");
    let growth = siege.growth();
    siege.end(1, growth, 0);
}

#[test]
fn a_packet_in_a_thousand_frames_is_one_packet() {
    let siege = Siege::of("packets in frames of an octet each", "--listen ws://127.0.0.1:0/mqtt");
    let mut stream = open(place(&siege));
    let connect = octets(clean(&"a".repeat(1_000)));
    for (place, octet) in connect.iter().enumerate() {
        // Pieces of one message: the first, those that go on, and the last; and Pings between them.
        let first = match place {
            0 => 0x02,
            _ if place + 1 == connect.len() => 0x80,
            _ => 0x00,
        };
        stream.write_all(&frame(&[*octet], first)).expect("sent");
        if place % 100 == 0 {
            stream.write_all(&frame(b"?", 0x89)).expect("sent");
        }
    }
    let mut answers = Vec::new();
    while !answers.ends_with(b"\x82\x04\x20\x02\x00\x00") {
        let mut octet = [0];
        stream.read_exact(&mut octet).expect("Pongs, and CONNACK");
        answers.push(octet[0]);
    }
    let growth = siege.growth();
    siege.end(1, growth, 0);
}
