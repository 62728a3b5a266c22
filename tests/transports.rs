//! The broker on every transport it has, as a process of its own.

#[path = "support/broker.rs"]
mod broker;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use broker::Broker;

/// CONNECT of a clean Session under the name `a`, and the CONNACK that accepts it.
const CONNECT: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";

/// How long the broker may take for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// A WebSocket that was opened by this broker.
fn websocket(broker: &Broker) -> TcpStream {
    let mut stream = TcpStream::connect(broker.address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("possible");
    stream
        .write_all(
            b"GET /mqtt HTTP/1.1\r\nHost: broker\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
              Sec-WebSocket-Protocol: mqtt\r\n\r\n",
        )
        .expect("taken");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(octet(&mut stream));
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream
}

/// A frame with a mask of zeros, which changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

fn octet(stream: &mut TcpStream) -> u8 {
    let mut octet = [0];
    stream.read_exact(&mut octet).expect("an answer");
    octet[0]
}

#[test]
fn a_websocket_carries_packets_without_regard_to_frames() {
    // MQTT-6.0.0-2
    let broker = Broker::start("--listen ws://127.0.0.1:0/mqtt");
    let mut stream = websocket(&broker);
    for piece in CONNECT.chunks(3) {
        stream.write_all(&frame(0x82, piece)).expect("taken");
    }
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, [&[0x82, 4], CONNACK].concat()[..]);
    // Two PINGREQ in one frame.
    stream.write_all(&frame(0x82, b"\xc0\x00\xc0\x00")).expect("taken");
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, *b"\x82\x04\xd0\x00\xd0\x00");
}

#[test]
fn a_text_frame_is_the_end() {
    // MQTT-6.0.0-1
    let broker = Broker::start("--listen ws://127.0.0.1:0/mqtt");
    for before in [&[][..], CONNECT] {
        let mut stream = websocket(&broker);
        stream.write_all(&frame(0x82, before)).expect("taken");
        stream.write_all(&frame(0x81, b"hello")).expect("taken");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("closed in good order");
        assert!(rest.ends_with(b"\x88\x02\x03\xeb"), "closed with 1003: {rest:02x?}");
    }
}

#[test]
fn a_unix_socket_is_as_good_as_tcp() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mqtt.sock");
    let listen = format!("--bind 127.0.0.1:0 --listen unix:{}", path.display());
    let broker = Broker::start(&listen);
    assert_eq!(broker.urls[1], format!("unix:{}", path.display()));
    let mut stream = UnixStream::connect(&path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("possible");
    stream.write_all(CONNECT).expect("taken");
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, CONNACK);
}
