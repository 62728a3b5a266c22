//! The broker on every transport it has, as a process of its own.

#[path = "support/broker.rs"]
mod broker;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use broker::Broker;
use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, Endpoint};
use mqttspec::packet::{QoS, SubackCode, SubscribeFilter};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};

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

/// What every transport has to carry: messages as small and as large as they come, both ways.
#[tokio::test]
async fn every_transport_carries_every_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("mqtt.sock");
    let listen = "--listen mqtt://127.0.0.1:0 --listen mqtts://127.0.0.1:0 \
                  --listen ws://127.0.0.1:0/a --listen wss://127.0.0.1:0/b";
    let broker =
        Broker::start(&format!("{listen} --listen unix:{} --tls-self-signed", socket.display()));
    for url in &broker.urls {
        let mut options = ClientOptions::from(url.parse::<Endpoint>().expect("a URL"));
        options.tls.insecure = true;
        let connected = tokio::time::timeout(PATIENCE, Client::connect(options)).await;
        let (client, mut messages) = connected.expect("soon").expect(url);
        let filter = TopicFilter::new("t").expect("a Topic Filter");
        let granted =
            client.subscribe_to_messages(SubscribeFilter { filter, qos: QoS::ExactlyOnce }).await;
        assert_eq!(granted.expect(url)[..], [SubackCode::Granted(QoS::ExactlyOnce)]);
        for (size, qos) in [
            (0, QoS::AtMostOnce),
            (100, QoS::ExactlyOnce),
            (70_000, QoS::AtLeastOnce),
            (2_000_000, QoS::AtMostOnce),
            (3, QoS::AtMostOnce),
        ] {
            let payload: Bytes = (0..=250).cycle().take(size).collect();
            let topic = TopicName::new("t").expect("a Topic Name");
            let message = Message { topic, payload: payload.clone(), qos, retain: false };
            let both = async { tokio::join!(client.publish(message), messages.next()) };
            let (published, received) =
                tokio::time::timeout(PATIENCE, both).await.expect("in time");
            published.expect(url);
            let received = received.expect(url).expect("a message");
            assert!(received.payload == payload, "{url}: {size} octets");
        }
        client.disconnect().await.expect(url);
    }
}

#[test]
fn pub_and_sub_speak_all_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("mqtt.sock");
    let listen = "--bind 127.0.0.1:0 --listen mqtts://127.0.0.1:0 --listen wss://127.0.0.1:0/b";
    let broker =
        Broker::start(&format!("{listen} --listen unix:{} --tls-self-signed", socket.display()));
    for (number, url) in broker.urls.iter().enumerate() {
        let run = |subcommand: &str, more: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mqttspec"));
            command.args([subcommand, url, "-t", &format!("t/{number}"), "-q", "1", "-W", "10"]);
            if url.contains("s://") {
                command.arg("--insecure");
            }
            command.args(more).output().expect("the program starts")
        };
        let published = run("pub", &["-m", url, "-r"]);
        assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
        let received = run("sub", &["-C", "1"]);
        assert_eq!(String::from_utf8_lossy(&received.stdout).trim_end(), url);
    }
    let by_name = format!("mqtts://localhost:{}", broker.urls[1].rsplit_once(':').unwrap().1);
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["pub", &by_name, "-t", "t", "-m", "x"])
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{told}");
    assert!(told.contains("--ca") && told.contains("--insecure"), "{told}");
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
