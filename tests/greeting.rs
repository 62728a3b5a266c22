//! What comes before MQTT on a connection: handshakes that are slow, cut off, or said by a proxy.

#[path = "support/broker.rs"]
mod broker;

use std::time::{Duration, Instant};

use broker::Broker;
use mqttspec::net::{Pem, Server, ServerOptions, ServerTls, TlsIdentity};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// CONNECT of a clean Session under the name `a`, and the CONNACK that accepts it.
const CONNECT: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Beginnings of every handshake, each on a listener that expects it.
const HALVES: [(&str, &[u8]); 9] = [
    ("mqtt://127.0.0.1:0", b""),
    ("mqtt://127.0.0.1:0", b"\x10\x0d\x00\x04MQ"),
    ("mqtt://127.0.0.1:0?proxy=true", b"PROXY TCP4 192.0.2.1"),
    ("mqtt://127.0.0.1:0?proxy=true", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00"),
    ("mqtts://127.0.0.1:0", b""),
    ("mqtts://127.0.0.1:0", b"\x16\x03\x01\x02\x00\x01\x00"),
    ("ws://127.0.0.1:0/mqtt", b"GET /mqtt HTTP/1.1\r\nHost: bro"),
    ("wss://127.0.0.1:0/mqtt", b"\x16\x03\x01"),
    ("wss://127.0.0.1:0/mqtt?proxy=true", b"PROXY UNKNOWN\r\n\x16\x03\x01"),
];

/// A server that listens for each of [`HALVES`].
async fn server(connect_timeout: Duration) -> Server {
    let mut options = ServerOptions::default();
    options.listen = HALVES.map(|(url, _)| url.parse().expect("a URL")).to_vec();
    options.limits.connect_timeout = connect_timeout;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    options.tls = Some(ServerTls::new(TlsIdentity {
        certificate: Pem::Octets(made.cert.pem().into_bytes()),
        key: Pem::Octets(made.signing_key.serialize_pem().into_bytes()),
    }));
    Server::bind(options).await.expect("free ports")
}

/// A connection to each, on which the beginning was sent.
async fn begun(server: &Server) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for (address, (_, half)) in server.addresses().iter().zip(HALVES) {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(half).await.expect("taken");
        streams.push(stream);
    }
    streams
}

/// Waits until the other side has closed, in whatever way.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("closed in time");
}

#[tokio::test]
async fn who_does_not_come_to_connect_in_time_is_cut_off() {
    const LIMIT: Duration = Duration::from_millis(200);
    let server = server(LIMIT).await;
    let begin = Instant::now();
    let mut streams = begun(&server).await;
    let all_closed = async {
        for stream in &mut streams {
            closed(stream).await;
        }
    };
    // It serves until all of them are closed, and so none is closed by its stop.
    let stopped = timeout(PATIENCE, server.run(all_closed)).await.expect("soon");
    assert!(begin.elapsed() >= LIMIT, "not before its time");
    assert_eq!(stopped.abandoned, 0);
}

#[tokio::test]
async fn a_stop_waits_for_no_handshake() {
    let server = server(Duration::from_secs(600)).await;
    let mut streams = begun(&server).await;
    // Accepted after those before it, which the server thus has.
    let mut whole = TcpStream::connect(server.addresses()[0]).await.expect("it listens");
    whole.write_all(CONNECT).await.expect("taken");
    let stop = async {
        let mut answer = [0; 4];
        whole.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(answer, CONNACK);
    };
    let stopped = timeout(PATIENCE, server.run(stop)).await.expect("soon");
    assert_eq!(stopped.abandoned, 0);
    for stream in &mut streams {
        closed(stream).await;
    }
}

#[tokio::test]
async fn a_proxy_says_who_comes() {
    let mut broker = Broker::start("--explain --listen mqtt://127.0.0.1:0?proxy=true");
    let version_2 =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x02\x13\x88\x07\x5b";
    for header in [&b"PROXY TCP4 192.0.2.1 192.0.2.2 5000 1883\r\n"[..], version_2] {
        let mut stream = TcpStream::connect(broker.address).await.expect("it listens");
        stream.write_all(&[header, CONNECT].concat()).await.expect("taken");
        let mut answer = [0; 4];
        timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("soon").expect("an answer");
        assert_eq!(answer, CONNACK);
    }
    // Without a header nobody is let in: it could come from anywhere.
    let mut stream = TcpStream::connect(broker.address).await.expect("it listens");
    stream.write_all(CONNECT).await.expect("taken");
    closed(&mut stream).await;
    kill_process(Pid::from_child(&broker.process), Signal::TERM).expect("it runs");
    let (_, told) = broker.wait(PATIENCE).expect("it ends");
    for address in ["192.0.2.1:5000", "192.0.2.7:5000"] {
        assert!(told.contains(&format!("{address} → CONNECT")), "{told}");
    }
}
