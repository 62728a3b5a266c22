//! A server whose connections are parked as soon as they have nothing to do, and sockets before it.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;

use super::Lot;
use crate::broker::Limits;
use crate::net::server::{Common, Control, Server, ServerOptions, ServerStopped};
use crate::packet::{
    Binary, ClientId, Connect, Decoder, Delivery, Disconnect, OneOrMore, Packet, PacketId, Pingreq,
    Publish, QoS, Subscribe, SubscribeFilter, Text, Will,
};
use crate::topic::{TopicFilter, TopicName};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

/// A server that runs.
struct Rig {
    control: Control,
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<ServerStopped>,
}

impl Rig {
    async fn new() -> Self {
        Self::with(Self::options()).await
    }

    async fn with_pause(park_after: Duration) -> Self {
        Self::with(ServerOptions { park_after, ..Self::options() }).await
    }

    /// Of a server that parks whoever has nothing to do for a millisecond.
    fn options() -> ServerOptions {
        let listen = vec!["127.0.0.1:0".parse().unwrap()];
        ServerOptions { listen, park_after: Duration::from_millis(1), ..ServerOptions::default() }
    }

    async fn with(options: ServerOptions) -> Self {
        let server = Server::bind(options).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let (control, address) = (server.control(), server.addresses()[0]);
        let until = async {
            let _ = stopped.await;
        };
        Self { control, address, stop, running: tokio::spawn(server.run(until)) }
    }

    fn common(&self) -> &Arc<Common> {
        &self.control.0
    }

    fn lot(&self) -> &Arc<Lot> {
        self.common().broker.holder().lot().unwrap()
    }

    /// Waits until so many are parked, and no more.
    async fn parked(&self, count: usize) {
        let is_so = || self.lot().len() == count;
        until(is_so).await;
    }

    async fn client(&self, connect: Connect) -> Peer {
        let mut peer = self.knock(connect).await;
        assert_eq!(peer.hear().await, "CONNACK accepted");
        peer
    }

    async fn knock(&self, connect: Connect) -> Peer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let mut peer = Peer { stream, read: BytesMut::new() };
        peer.say(connect).await;
        peer
    }

    async fn subscriber(&self, name: &'static str) -> Peer {
        let mut peer = self.client(named(name)).await;
        let filter = TopicFilter::new("#").unwrap();
        let wanted = SubscribeFilter { filter, qos: QoS::AtMostOnce };
        let filters = OneOrMore::new(vec![wanted]).unwrap();
        peer.say(Subscribe::new(PacketId::FIRST, &filters)).await;
        assert_eq!(peer.hear().await, "SUBACK id 1 q0");
        peer
    }

    async fn stop(self) -> ServerStopped {
        self.stop.send(()).unwrap();
        self.running.await.unwrap()
    }
}

struct Peer {
    stream: TcpStream,
    read: BytesMut,
}

impl Peer {
    async fn say(&mut self, packet: impl Into<Packet>) {
        let mut octets = BytesMut::new();
        packet.into().encode(&mut octets).unwrap();
        self.stream.write_all(&octets).await.unwrap();
    }

    /// The next packet, or `end`.
    async fn hear(&mut self) -> String {
        let packet = async {
            loop {
                if let Some(packet) = Decoder::default().decode(&mut self.read).unwrap() {
                    return packet.to_string();
                }
                if let Ok(0) | Err(_) = self.stream.read_buf(&mut self.read).await {
                    return "end".to_owned();
                }
            }
        };
        timeout(LONG, packet).await.expect("nothing comes")
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            yield_now().await;
        }
    };
    timeout(LONG, waited).await.expect("it never is so");
}

fn named(name: &'static str) -> Connect {
    Connect::new(&ClientId::new(Text::new(name).unwrap()))
}

fn with_will(name: &'static str) -> Connect {
    let topic = TopicName::new("will").unwrap();
    let message = Binary::new("gone").unwrap();
    named(name).with_will(&Will { topic, message, qos: QoS::AtMostOnce, retain: false })
}

fn publish(payload: String) -> Publish {
    let topic = TopicName::new("t").unwrap();
    Publish { topic, payload: payload.into(), delivery: Delivery::AtMostOnce, retain: false }
}

const WILL: &str = r#"PUBLISH "will" q0, 4 octets"#;

/// On two threads, since that is where it can go wrong.
fn run(test: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

#[test]
fn who_is_parked_is_listened_to() {
    run(async {
        let rig = Rig::new().await;
        let mut peer = rig.client(named("a")).await;
        for _ in 0..50 {
            rig.parked(1).await;
            peer.say(Pingreq).await;
            assert_eq!(peer.hear().await, "PINGRESP");
        }
        rig.parked(1).await;
        assert_eq!(rig.control.figures().connections, 1);
        let moved = rig.control.figures().moved;
        assert_eq!((moved.packets_received, moved.packets_sent), (51, 51));
        assert_eq!((moved.octets_received, moved.octets_sent), (15 + 2 * 50, 4 + 2 * 50));
        peer.say(Disconnect).await;
        assert_eq!(peer.hear().await, "end");
        until(|| rig.control.figures().connections == 0).await;
        assert_eq!(rig.control.figures().closed["disconnected"], 1);
    });
}

#[test]
fn who_is_never_parked_keeps_a_task() {
    run(async {
        let rig = Rig::with_pause(Duration::ZERO).await;
        assert!(rig.common().broker.holder().lot().is_none());
        let mut peer = rig.client(named("a")).await;
        peer.say(Pingreq).await;
        assert_eq!(peer.hear().await, "PINGRESP");
    });
}

#[test]
fn no_message_is_lost_between_a_task_and_the_lot() {
    run(async {
        let rig = Rig::new().await;
        let mut subscriber = rig.subscriber("s").await;
        let mut publisher = rig.client(named("p")).await;
        for number in 0..500 {
            // One octet more each time, so that it is this one that comes.
            publisher.say(publish("x".repeat(number))).await;
            assert_eq!(subscriber.hear().await, format!(r#"PUBLISH "t" q0, {number} octets"#));
        }
    });
}

#[test]
fn who_is_parked_has_to_keep_its_promise() {
    // MQTT-3.1.2-24
    run(async {
        let rig = Rig::new().await;
        let mut observer = rig.subscriber("o").await;
        let begin = Instant::now();
        let mut peer = rig.client(with_will("a").with_keep_alive_seconds(1)).await;
        rig.parked(2).await;
        assert_eq!(peer.hear().await, "end");
        let silent = begin.elapsed();
        assert!(silent >= Duration::from_millis(1_500), "{silent:?}");
        assert_eq!(observer.hear().await, WILL);
        assert_eq!(rig.control.figures().closed["keep_alive_expired"], 1);
    });
}

#[test]
fn who_is_parked_makes_way_for_a_newer_connection() {
    // MQTT-3.1.4-2
    run(async {
        let rig = Rig::new().await;
        let mut observer = rig.subscriber("o").await;
        let mut older = rig.client(with_will("a")).await;
        rig.parked(2).await;
        let _newer = rig.client(named("a")).await;
        assert_eq!(older.hear().await, "end");
        assert_eq!(observer.hear().await, WILL);
    });
}

#[test]
fn who_is_parked_can_be_disconnected() {
    run(async {
        let rig = Rig::new().await;
        let mut peer = rig.client(named("a")).await;
        rig.parked(1).await;
        let number = rig.control.connections(None, 9)[0].number;
        rig.control.disconnect(number);
        assert_eq!(peer.hear().await, "end");
        until(|| rig.lot().len() == 0).await;
    });
}

#[test]
fn who_is_parked_is_missed_when_its_network_fails() {
    run(async {
        let rig = Rig::new().await;
        let mut observer = rig.subscriber("o").await;
        let peer = rig.client(with_will("a")).await;
        rig.parked(2).await;
        drop(peer);
        assert_eq!(observer.hear().await, WILL);
        rig.parked(1).await;
    });
}

#[test]
fn a_stop_reaches_all_who_are_parked() {
    run(async {
        let rig = Rig::new().await;
        let mut observer = rig.subscriber("o").await;
        let mut peer = rig.client(with_will("a")).await;
        rig.parked(2).await;
        let stopped = rig.stop().await;
        assert_eq!((stopped.connections, stopped.abandoned), (2, 0));
        assert_eq!(observer.hear().await, WILL);
        assert_eq!(
            (observer.hear().await, peer.hear().await),
            ("end".to_owned(), "end".to_owned())
        );
    });
}

#[test]
fn a_server_that_is_dropped_gives_them_up() {
    run(async {
        let rig = Rig::new().await;
        let mut peer = rig.client(named("a")).await;
        rig.parked(1).await;
        let lot = rig.lot().clone();
        rig.running.abort();
        assert_eq!(peer.hear().await, "end");
        assert_eq!(lot.len(), 0);
        assert_eq!(rig.control.figures().connections, 0);
        assert!(rig.control.sessions(None, 9).is_empty());
    });
}

#[test]
fn what_is_too_large_is_so_after_connect_and_after_a_rest() {
    // MQTT-4.8.0-2; before CONNECT nothing may be larger than that can be, which is 327,699 octets.
    run(async {
        for (max_packet_size, header) in [(100, 5), (400_000, 7)] {
            let limits = Limits { max_packet_size, ..Limits::default() };
            let rig = Rig::with(ServerOptions { limits, ..Rig::options() }).await;
            let mut peer = rig.client(named("a")).await;
            for _ in 0..2 {
                peer.say(publish("x".repeat(max_packet_size - header))).await;
                peer.say(Pingreq).await;
                assert_eq!(peer.hear().await, "PINGRESP", "just so many octets");
                rig.parked(1).await;
            }
            peer.say(publish("x".repeat(max_packet_size - header + 1))).await;
            assert_eq!(peer.hear().await, "end");
        }
    });
}

#[test]
fn no_deadline_is_left_of_who_is_parked_no_more() {
    run(async {
        let rig = Rig::new().await;
        let mut peer = rig.client(named("a").with_keep_alive_seconds(60)).await;
        for _ in 0..3 {
            rig.parked(1).await;
            assert_eq!(rig.lot().lock().deadlines.len(), 1);
            peer.say(Pingreq).await;
            assert_eq!(peer.hear().await, "PINGRESP");
        }
        peer.say(Disconnect).await;
        assert_eq!(peer.hear().await, "end");
        rig.parked(0).await;
        assert_eq!(rig.lot().lock().deadlines.len(), 0);
    });
}

#[test]
fn all_who_are_called_at_once_come() {
    run(async {
        let rig = Rig::new().await;
        let mut subscribers = Vec::new();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            subscribers.push(rig.subscriber(name).await);
        }
        let mut publisher = rig.client(named("p")).await;
        for number in 1..=5 {
            rig.parked(9).await;
            publisher.say(publish("x".repeat(number))).await;
            for subscriber in &mut subscribers {
                let heard = subscriber.hear().await;
                assert_eq!(heard, format!(r#"PUBLISH "t" q0, {number} octets"#));
            }
        }
    });
}
