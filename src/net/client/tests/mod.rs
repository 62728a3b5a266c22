//! The handle and its task against a Server in memory, on a clock that runs only when all wait.

mod acknowledging;
mod going_on;
mod subscribing;

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::*;
use crate::net::transport::Endpoint;
use crate::packet::{
    Connack, Connect, Decoder, Delivery, Packet, PacketId, Pingresp, Puback, Pubcomp, Publish,
    Pubrec, QoS, Suback, Unsuback,
};
use crate::topic::TopicName;

/// The Server: a script in the test.
struct Server {
    stream: DuplexStream,
    read: BytesMut,
}

impl Server {
    async fn send(&mut self, packet: impl Into<Packet>) {
        let mut octets = BytesMut::new();
        packet.into().encode(&mut octets).unwrap();
        self.stream.write_all(&octets).await.unwrap();
    }

    /// The next packet, as a line; empty when the Client has closed.
    async fn hears(&mut self) -> String {
        loop {
            if let Some(packet) = Decoder::default().decode(&mut self.read).unwrap() {
                return packet.to_string();
            }
            if self.stream.read_buf(&mut self.read).await.unwrap() == 0 {
                return String::new();
            }
        }
    }

    /// What has arrived by the time everybody waits.
    async fn has_heard(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = timeout(Duration::from_millis(1), self.hears()).await {
            lines.push(line);
        }
        lines
    }
}

fn options() -> ClientOptions {
    let mut options = ClientOptions::new("in memory", 0);
    options.connect = options.connect.with_keep_alive_seconds(0);
    options
}

/// Where the Servers of a test listen.
struct Network {
    streams: mpsc::UnboundedSender<DuplexStream>,
    /// How many octets a pipe holds each way.
    octets: usize,
}

impl Network {
    fn new(octets: usize) -> (Self, Opener) {
        let (streams, opened) = mpsc::unbounded_channel();
        (Self { streams, octets }, Opener::Memory(opened))
    }

    /// A Server for the next connection, or for the one that waits for it.
    fn serve(&self) -> Server {
        let (ours, theirs) = duplex(self.octets);
        self.streams.send(ours).unwrap();
        Server { stream: theirs, read: BytesMut::new() }
    }

    /// The same, with a CONNECT that was accepted.
    async fn accept(&self, session_present: bool) -> Server {
        let mut server = self.serve();
        assert!(server.hears().await.starts_with("CONNECT"));
        server.send(Connack::Accepted { session_present }).await;
        server
    }
}

/// A Client that is connected to a Server, over a pipe that holds `octets` each way.
async fn connected(options: &ClientOptions, octets: usize) -> (Client, Messages, Server) {
    let (network, opener) = Network::new(octets);
    let starting = Client::start(options.clone(), opener, None);
    let (connected, server) = tokio::join!(starting, network.accept(false));
    let (client, messages) = connected.unwrap();
    (client, messages, server)
}

fn message(payload: &'static str, qos: QoS) -> Message {
    let topic = TopicName::new("t").unwrap();
    Message { topic, payload: Bytes::from(payload), qos, retain: false }
}

fn publish(number: u16) -> Publish {
    let delivery = Delivery::AtLeastOnce { packet_id: id(number), dup: false };
    let topic = TopicName::new("t").unwrap();
    Publish { topic, payload: Bytes::from("x"), delivery, retain: false }
}

fn wanted(filter: &'static str) -> SubscribeFilter {
    SubscribeFilter { filter: TopicFilter::new(filter).unwrap(), qos: QoS::ExactlyOnce }
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_command_ends_with_its_answer() {
    let (client, _messages, mut server) = connected(&options(), 4096).await;
    assert!(!client.session_present());
    let script = async {
        assert_eq!(server.hears().await, r#"SUBSCRIBE id 1 "a" q2"#);
        let codes = SubackCode::Granted(QoS::AtMostOnce).into();
        server.send(Suback::new(id(1), &codes)).await;
        assert_eq!(server.hears().await, r#"PUBLISH "t" q2 id 2, 1 octets"#);
        server.send(Pubrec { packet_id: id(2) }).await;
        assert_eq!(server.hears().await, "PUBREL id 2");
        server.send(Pubcomp { packet_id: id(2) }).await;
        assert_eq!(server.hears().await, r#"UNSUBSCRIBE id 3 "a""#);
        server.send(Unsuback { packet_id: id(3) }).await;
        assert_eq!(server.hears().await, "DISCONNECT");
        assert_eq!(server.hears().await, "", "closed");
        drop(server);
    };
    let commands = async {
        let codes = client.subscribe_to_messages(wanted("a")).await.unwrap();
        assert_eq!(codes[..], [SubackCode::Granted(QoS::AtMostOnce)]);
        client.publish(message("x", QoS::ExactlyOnce)).await.unwrap();
        client.unsubscribe(TopicFilter::new("a").unwrap()).await.unwrap();
        client.disconnect().await.unwrap();
    };
    tokio::join!(commands, script);
    let after = client.publish(message("x", QoS::AtMostOnce)).await;
    assert!(matches!(after, Err(ClientError::Closed(CloseReason::Disconnected))));
}

#[tokio::test(start_paused = true)]
async fn qos_0_ends_when_the_socket_has_it() {
    let (client, _messages, mut server) = connected(&options(), 64).await;
    let long = message(
        "0123456789012345678901234567890123456789012345678901234567890123456789",
        QoS::AtMostOnce,
    );
    let mut publishing = client.begin_publish(long).await.unwrap();
    let waiting = timeout(Duration::from_secs(1), &mut publishing).await;
    assert!(waiting.is_err(), "64 of the octets fit");
    assert_eq!(server.hears().await, r#"PUBLISH "t" q0, 70 octets"#);
    publishing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_calls_nothing_back() {
    let (client, _messages, mut server) = connected(&options(), 4096).await;
    {
        let publishing = client.publish(message("x", QoS::AtLeastOnce));
        assert!(timeout(Duration::from_secs(1), publishing).await.is_err());
    }
    assert_eq!(server.hears().await, r#"PUBLISH "t" q1 id 1, 1 octets"#);
}

#[tokio::test(start_paused = true)]
async fn without_a_handle_all_is_completed_and_then_disconnected() {
    let (client, messages, mut server) = connected(&options(), 4096).await;
    drop(client.begin_publish(message("x", QoS::AtLeastOnce)).await.unwrap());
    drop(client);
    assert_eq!(server.has_heard().await, [r#"PUBLISH "t" q1 id 1, 1 octets"#]);
    server.send(Puback { packet_id: id(1) }).await;
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    let mut messages = messages;
    assert!(matches!(messages.next().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn messages_not_taken_are_not_acknowledged() {
    let mut options = options();
    options.messages = 2;
    let (_client, mut messages, mut server) = connected(&options, 4096).await;
    for number in 1..=5 {
        server.send(publish(number)).await;
    }
    assert_eq!(server.has_heard().await, ["PUBACK id 1", "PUBACK id 2"]);
    assert!(messages.next().await.unwrap().is_some());
    assert_eq!(server.has_heard().await, ["PUBACK id 3"]);
    drop(messages);
    assert_eq!(server.has_heard().await, ["PUBACK id 4", "PUBACK id 5"], "nobody wants them");
}

#[tokio::test(start_paused = true)]
async fn a_message_can_be_left_with_the_server_until_it_is_asked_for() {
    let mut options = options();
    options.messages = 0;
    let (_client, mut messages, mut server) = connected(&options, 4096).await;
    for number in 1..=3 {
        server.send(publish(number)).await;
    }
    assert_eq!(server.has_heard().await, [""; 0]);
    for number in 1..=2 {
        assert!(messages.next().await.unwrap().is_some());
        assert_eq!(server.has_heard().await, [format!("PUBACK id {number}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_that_does_not_take_its_messages_stays_connected() {
    // MQTT-3.1.2-23
    let mut options = options();
    options.messages = 1;
    options.connect = options.connect.with_keep_alive_seconds(8);
    let (client, mut messages, mut server) = connected(&options, 4096).await;
    server.send(publish(1)).await;
    server.send(publish(2)).await;
    server.send(Pingresp).await;
    assert_eq!(server.hears().await, "PUBACK id 1");
    for _ in 0..20 {
        assert_eq!(server.hears().await, "PINGREQ");
    }
    client.begin_publish(message("x", QoS::AtMostOnce)).await.unwrap().await.unwrap();
    messages.next().await.unwrap();
    assert_eq!(server.hears().await, r#"PUBLISH "t" q0, 1 octets"#);
    assert_eq!(server.hears().await, "PUBACK id 2");
}

#[tokio::test(start_paused = true)]
async fn a_large_message_on_a_slow_link_is_waited_for() {
    let mut options = options();
    options.connect = options.connect.with_keep_alive_seconds(8);
    let (_client, mut messages, mut server) = connected(&options, 4096).await;
    let mut octets = BytesMut::new();
    publish(1).encode(&mut octets).unwrap();
    assert_eq!(server.hears().await, "PINGREQ");
    for octet in octets {
        tokio::time::sleep(Duration::from_secs(25)).await;
        server.stream.write_u8(octet).await.unwrap();
    }
    assert_eq!(messages.next().await.unwrap().unwrap().payload, "x");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_ends_every_wait() {
    let (client, mut messages, mut server) = connected(&options(), 4096).await;
    server.send(publish(1)).await;
    let publishing = client.begin_publish(message("x", QoS::AtLeastOnce)).await.unwrap();
    assert_eq!(server.has_heard().await.len(), 2);
    drop(server);
    assert!(matches!(publishing.await, Err(ClientError::ClosedByServer)));
    assert!(messages.next().await.unwrap().is_some(), "what has arrived can still be taken");
    assert!(matches!(messages.next().await, Err(ClientError::ClosedByServer)));
    assert!(matches!(client.disconnect().await, Err(ClientError::ClosedByServer)));
}

#[tokio::test(start_paused = true)]
async fn a_violation_is_told_with_its_statement() {
    let (client, _messages, mut server) = connected(&options(), 4096).await;
    server.send(Connack::Accepted { session_present: false }).await;
    assert_eq!(server.hears().await, "", "closed");
    let error = client.publish(message("x", QoS::AtMostOnce)).await.unwrap_err();
    assert_eq!(error.statement(), Some("MQTT-4.8.0-1"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let (network, opener) = Network::new(4096);
    let _server = network.serve();
    let error = Client::start(options(), opener, None).await.unwrap_err();
    assert!(matches!(error, ClientError::Closed(CloseReason::NoConnack)));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_waits_holds_up_a_disconnect() {
    let mut options = options();
    options.limits.in_flight = 1;
    options.commands = 2;
    let (client, _messages, mut server) = connected(&options, 4096).await;
    let mut publishing = Vec::new();
    for payload in ["1", "22", "333", "4444"] {
        publishing.push(client.begin_publish(message(payload, QoS::AtLeastOnce)).await.unwrap());
    }
    let leaving = tokio::spawn(async move { client.disconnect().await });
    assert_eq!(server.hears().await, r#"PUBLISH "t" q1 id 1, 1 octets"#);
    assert_eq!(server.hears().await, "DISCONNECT");
    leaving.await.unwrap().unwrap();
    for publishing in publishing {
        let ended = publishing.await;
        assert!(matches!(ended, Err(ClientError::Closed(CloseReason::Disconnected))));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_commanded_before_disconnect_is_sent_before_it() {
    let (client, _messages, mut server) = connected(&options(), 4096).await;
    for payload in ["1", "22"] {
        drop(client.begin_publish(message(payload, QoS::AtMostOnce)).await.unwrap());
    }
    let leaving = tokio::spawn(async move { client.disconnect().await });
    assert_eq!(server.hears().await, r#"PUBLISH "t" q0, 1 octets"#);
    assert_eq!(server.hears().await, r#"PUBLISH "t" q0, 2 octets"#);
    assert_eq!(server.hears().await, "DISCONNECT");
    drop(server);
    leaving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_close_is_left_after_disconnect() {
    let (client, _messages, mut server) = connected(&options(), 4096).await;
    let leaving = tokio::spawn(async move { client.disconnect().await });
    assert_eq!(server.hears().await, "DISCONNECT");
    leaving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn many_commands_wait_in_order_for_room() {
    let mut options = options();
    options.limits.in_flight = 1;
    options.commands = 1;
    let (client, _messages, mut server) = connected(&options, 4096).await;
    let commands = tokio::spawn(async move {
        let mut publishing = Vec::new();
        for payload in ["1", "22", "333", "4444", "55555"] {
            publishing.push(client.begin_publish(message(payload, QoS::AtLeastOnce)).await?);
        }
        for publishing in publishing {
            publishing.await?;
        }
        Ok::<_, ClientError>(())
    });
    for number in 1..=5 {
        let line = format!(r#"PUBLISH "t" q1 id {number}, {number} octets"#);
        assert_eq!(server.has_heard().await, [line]);
        server.send(Puback { packet_id: id(number) }).await;
        yield_now().await;
    }
    commands.await.unwrap().unwrap();
}

#[tokio::test]
async fn no_listener_means_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = Client::connect(ClientOptions::new("127.0.0.1", port)).await.unwrap_err();
    let ClientError::Unreachable { endpoint, error } = error else { panic!("{error}") };
    assert_eq!(endpoint, Endpoint::tcp("127.0.0.1", port));
    let OpenError::Network(error) = &*error else { panic!("{error}") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}
