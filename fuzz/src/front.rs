//! Any octets to the doors of a server: MQTT, behind a proxy, over WebSocket, and HTTP.
//!
//! The server listens on real sockets, since so much of its front is there; it and its peer take
//! turns on one thread. It stays the same for all inputs, so that one that ends it is found by
//! those after it, too.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use mqttspec::net::{Http, HttpOptions, Server, ServerOptions};
use mqttspec_conformance::websocket::{Frame, FrameReader};
use mqttspec_conformance::wire::{Reader, Sender};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Knocks at the door that the first of `octets` chooses, says the rest, and holds the answer
/// against what a peer may get there.
pub fn front(octets: &[u8]) {
    let Some((&door, octets)) = octets.split_first() else { return };
    let mut front = FRONT.lock().unwrap_or_else(PoisonError::into_inner);
    let door = usize::from(door) % front.doors.len();
    let answer = front.knock(door, octets);
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a task of the server has panicked");
    match door {
        MQTT | PROXIED => is_mqtt(&answer),
        WEBSOCKET => is_websocket(&answer),
        _ => assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{answer:02x?}"),
    }
}

/// The doors, in their order; behind them is HTTP, without a token and with one.
const MQTT: usize = 0;
const PROXIED: usize = 1;
const WEBSOCKET: usize = 2;

/// What opens the second door of HTTP.
const TOKEN: &str = "0123456789abcdef";

/// How long an answer may take. Nothing here waits: it is a bound for what hangs.
const PATIENCE: Duration = Duration::from_secs(20);

static FRONT: LazyLock<Mutex<Front>> = LazyLock::new(|| Mutex::new(Front::open()));

/// How many threads or tasks have panicked since the server began.
static PANICS: AtomicUsize = AtomicUsize::new(0);

struct Front {
    runtime: Runtime,
    doors: Vec<SocketAddr>,
    /// How many have knocked.
    knocks: u32,
}

impl Front {
    fn open() -> Self {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            before(panic);
        }));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let doors = runtime.block_on(async {
            let mut options = ServerOptions::default();
            let listen =
                ["mqtt://127.0.0.1:0", "mqtt://127.0.0.1:0?proxy=true", "ws://127.0.0.1:0/mqtt"];
            options.listen = listen.map(|url| url.parse().expect("a URL")).to_vec();
            options.sys_interval = None;
            // What the inputs leave behind must not pile up.
            options.limits.max_sessions = 16;
            options.limits.max_retained_messages = 16;
            options.limits.max_queued_messages = 64;
            options.limits.max_subscriptions = 16;
            options.limits.max_packet_size = 64 * 1024;
            let server = Server::bind(options).await.expect("free ports");
            let mut doors = server.addresses().to_vec();
            for token in [None, Some(TOKEN)] {
                let mut options = HttpOptions::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
                options.token = token.map(|token| token.parse().expect("long enough"));
                let http = Http::bind(options, server.control()).await.expect("a free port");
                doors.push(http.address().expect("it listens"));
                tokio::spawn(http.run(std::future::pending()));
            }
            tokio::spawn(server.run(std::future::pending()));
            doors
        });
        Self { runtime, doors, knocks: 0 }
    }

    /// Says `octets` and no more, and hears what is answered until the connection ends.
    fn knock(&mut self, door: usize, octets: &[u8]) -> Vec<u8> {
        self.knocks += 1;
        // Addresses of our own in turn: of one address all ports would soon be used up.
        let [_, _, high, low] = (self.knocks % 60_000 + 256).to_be_bytes();
        let from = SocketAddr::from(([127, 1, high, low], 0));
        let to = self.doors[door];
        self.runtime.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(from).expect("an address of this machine");
            let mut stream = socket.connect(to).await.expect("it listens");
            let (mut incoming, mut outgoing) = stream.split();
            let mut answer = Vec::new();
            let saying = async {
                // It may have closed before it has heard all.
                let _ = outgoing.write_all(octets).await;
                let _ = outgoing.shutdown().await;
            };
            let hearing = async {
                // So may what it had still to say.
                let _ = incoming.read_to_end(&mut answer).await;
            };
            let both = async { tokio::join!(saying, hearing) };
            timeout(PATIENCE, both).await.expect("it neither answers nor closes");
            answer
        })
    }
}

/// Whatever was said, a Server answers in whole packets that a Server may send.
fn is_mqtt(answer: &[u8]) {
    let mut reader = Reader::new(Sender::Server);
    reader.push(answer);
    while let Some(read) = reader.next_read() {
        assert!(read.packet.is_ok(), "{:?} in {answer:02x?}", read.packet);
    }
    assert!(reader.unread().is_empty(), "half a packet at the end of {answer:02x?}");
}

/// Words of HTTP; and if they open a WebSocket, frames that a Server may send, and MQTT in them.
fn is_websocket(answer: &[u8]) {
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{answer:02x?}");
    if !answer.starts_with(b"HTTP/1.1 101 ") {
        return;
    }
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("the end of a head");
    let mut frames = FrameReader::new(Sender::Server);
    frames.push(&answer[end + 4..]);
    let mut octets = Vec::new();
    while let Some(frame) = frames.next_frame() {
        let received = frame.unwrap_or_else(|fault| panic!("{fault} in {answer:02x?}"));
        if received.message == Frame::BINARY {
            octets.extend(received.frame.payload);
        }
    }
    is_mqtt(&octets);
}
