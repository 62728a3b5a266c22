//! Frames as octets, on a stream in memory.

use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::*;

/// A frame of a client, with a mask.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];
    let length = u8::try_from(payload.len()).expect("short");
    assert!(length < 126, "short");
    let payload = payload.iter().enumerate().map(|(place, octet)| octet ^ MASK[place % 4]);
    [first, 0x80 | length].into_iter().chain(MASK).chain(payload).collect()
}

/// A server's WebSocket, and the client's end of its stream, which holds `octets` each way.
fn server(octets: usize) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(octets);
    (WebSocket::new(ours, Role::Server, BytesMut::new()), theirs)
}

/// Reads once.
async fn read(socket: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut octets = BytesMut::with_capacity(1024);
    timeout(Duration::from_secs(10), socket.read_buf(&mut octets)).await.expect("soon")?;
    Ok(octets.to_vec())
}

#[tokio::test]
async fn frames_are_no_borders() {
    // [MQTT-6.0.0-2] Whether one frame or many hold it, what comes out is the same.
    let pieces: [&[&[u8]]; 4] = [
        &[&masked(0x82, b"one two")],
        &[&masked(0x82, b"one "), &masked(0x82, b"two")],
        &[&masked(0x02, b"one"), &masked(0x00, b""), &masked(0x80, b" two")],
        &[&masked(0x02, b"o"), &masked(0x89, b"ping"), &masked(0x80, b"ne two")],
    ];
    for frames in pieces {
        let all = frames.concat();
        for step in 1..=all.len() {
            let (mut socket, mut peer) = server(1024);
            let sending = async {
                for piece in all.chunks(step) {
                    peer.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            let mut octets = Vec::new();
            let receiving = async {
                while octets.len() < 7 {
                    octets.extend(read(&mut socket).await.unwrap());
                }
            };
            tokio::join!(sending, receiving);
            assert_eq!(octets, b"one two", "in steps of {step}");
        }
    }
}

#[tokio::test]
async fn a_piece_of_a_frame_is_not_waited_for() {
    let (mut socket, mut peer) = server(1024);
    // The longest length there is, and no end of the message: nobody has to keep all that.
    let mut frame = vec![0x02, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    frame.extend(b"first");
    peer.write_all(&frame).await.unwrap();
    assert_eq!(read(&mut socket).await.unwrap(), b"first");
    peer.write_all(b"second").await.unwrap();
    assert_eq!(read(&mut socket).await.unwrap(), b"second");
}

macro_rules! faults {
    ($($name:ident: $role:ident, $octets:expr => $fault:expr, $code:expr;)+) => {$(
        #[tokio::test]
        async fn $name() {
            let (ours, mut peer) = duplex(1024);
            let mut socket = WebSocket::new(ours, Role::$role, BytesMut::new());
            peer.write_all(&$octets).await.unwrap();
            let error = read(&mut socket).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            let fault = error.get_ref().and_then(|error| error.downcast_ref::<FrameFault>());
            assert_eq!(fault, Some(&$fault), "{error}");
            let close = read(&mut peer).await.unwrap();
            assert_eq!(close[0], 0x88, "a close frame");
            if Role::$role == Role::Server {
                assert_eq!(close[2..], u16::to_be_bytes($code));
            }
            assert_eq!(socket.write(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        }
    )+};
}

faults! {
    // what the peer of this role sends => the fault, and the code to close with
    text:           Server, masked(0x81, b"x")      => FrameFault::Text, 1003;
    text_unended:   Server, masked(0x01, b"x")      => FrameFault::Text, 1003;
    text_no_utf8:   Server, masked(0x81, b"\xff")   => FrameFault::Text, 1003;
    text_header:    Server, [0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4] => FrameFault::Text, 1003;
    no_mask:        Server, [0x82, 0x01, b'x']      => FrameFault::Unmasked, 1002;
    mask:           Client, masked(0x82, b"x")      => FrameFault::Masked, 1002;
    reserved_bit:   Server, masked(0xc2, b"x")      => FrameFault::ReservedBit, 1002;
    data_opcode:    Server, masked(0x83, b"x")      => FrameFault::ReservedOpcode, 1002;
    control_opcode: Server, masked(0x8b, b"x")      => FrameFault::ReservedOpcode, 1002;
    continuation:   Server, masked(0x80, b"x")      => FrameFault::ContinuationOfNothing, 1002;
    nested:         Server, [masked(0x02, b""), masked(0x82, b"x")].concat()
        => FrameFault::MessageWithinMessage, 1002;
    ping_fragment:  Server, masked(0x09, b"x")      => FrameFault::FragmentedControl, 1002;
    ping_long:      Server, [0x89, 0xfe, 0, 126, 1, 2, 3, 4] => FrameFault::LongControl(126), 1002;
    too_long:       Server, [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
        => FrameFault::TooLong, 1002;
}

#[tokio::test]
async fn what_comes_before_a_fault_is_read_first() {
    let (mut socket, mut peer) = server(1024);
    peer.write_all(&[masked(0x82, b"good"), masked(0x81, b"bad")].concat()).await.unwrap();
    assert_eq!(read(&mut socket).await.unwrap(), b"good");
    assert!(read(&mut socket).await.is_err());
}

#[tokio::test]
async fn a_ping_is_answered_while_nothing_else_is_said() {
    let (mut socket, mut peer) = server(1024);
    peer.write_all(&[masked(0x89, b"are you there"), masked(0x82, b"x")].concat()).await.unwrap();
    assert_eq!(read(&mut socket).await.unwrap(), b"x");
    assert_eq!(read(&mut peer).await.unwrap(), b"\x8a\x0dare you there");
}

#[tokio::test]
async fn a_pong_waits_for_the_end_of_a_frame() {
    let (mut socket, mut peer) = server(8);
    // Six octets of the frame have room, two of the stream's eight are its header.
    assert_eq!(socket.write(b"0123456789").await.unwrap(), 6);
    peer.write_all(&masked(0x89, b"p")).await.unwrap();
    peer.write_all(&masked(0x82, b"")[..1]).await.unwrap();
    assert!(timeout(Duration::ZERO, socket.read_u8()).await.is_err(), "nothing but the ping");
    assert_eq!(read(&mut peer).await.unwrap(), b"\x82\x0a012345");
    assert_eq!(socket.write(b"6789").await.unwrap(), 4);
    socket.flush().await.unwrap();
    assert_eq!(read(&mut peer).await.unwrap(), b"6789\x8a\x01p");
}

#[tokio::test]
async fn a_close_is_answered_with_its_code_and_is_the_end() {
    let (mut socket, mut peer) = server(1024);
    peer.write_all(&masked(0x88, b"\x03\xe9bye")).await.unwrap();
    assert_eq!(read(&mut socket).await.unwrap(), b"");
    assert_eq!(read(&mut peer).await.unwrap(), b"\x88\x02\x03\xe9");
}

#[tokio::test]
async fn the_end_of_the_stream_is_the_end() {
    let (mut socket, mut peer) = server(1024);
    peer.write_all(&masked(0x82, b"whole")[..8]).await.unwrap();
    drop(peer);
    assert_eq!(read(&mut socket).await.unwrap(), b"wh");
    assert_eq!(read(&mut socket).await.unwrap(), b"");
}

#[tokio::test]
async fn shutting_down_closes_normally_and_then_the_stream() {
    let (mut socket, mut peer) = server(1024);
    socket.write_all(b"last").await.unwrap();
    socket.shutdown().await.unwrap();
    assert_eq!(read(&mut peer).await.unwrap(), b"\x82\x04last\x88\x02\x03\xe8");
    assert_eq!(read(&mut peer).await.unwrap(), b"");
}

#[tokio::test]
async fn pieces_are_gathered_into_one_frame() {
    let (mut socket, mut peer) = server(1024);
    let slices = [IoSlice::new(b"a"), IoSlice::new(b""), IoSlice::new(b"bc")];
    assert_eq!(socket.write_vectored(&slices).await.unwrap(), 3);
    assert_eq!(read(&mut peer).await.unwrap(), b"\x82\x03abc");
}

#[tokio::test]
async fn both_sides_understand_each_other_over_a_narrow_stream() {
    for width in [1, 7, 1_000, 100_000] {
        let (ours, theirs) = duplex(width);
        let mut from = WebSocket::new(ours, Role::Client, BytesMut::new());
        let mut to = WebSocket::new(theirs, Role::Server, BytesMut::new());
        let sent: Vec<u8> = (0..=250).cycle().take(4_000 + 2 * width).collect();
        // There, and the same octets back.
        for _ in 0..2 {
            let mut received = vec![0; sent.len()];
            let sending = async {
                from.write_all(&sent).await.unwrap();
                from.flush().await.unwrap();
            };
            let (read, ()) = tokio::join!(to.read_exact(&mut received), sending);
            assert_eq!(read.unwrap(), sent.len());
            assert_eq!(received, sent);
            std::mem::swap(&mut from, &mut to);
        }
    }
}
