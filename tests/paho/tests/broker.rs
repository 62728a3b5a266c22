//! The broker as Eclipse Paho sees it: a client in C that we did not write, with a codec of its own.

#[path = "../../support/proxy.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod proxy;

use std::net::SocketAddr;
use std::time::Duration;

use mqttspec::net::{Server, ServerOptions};
use paho_mqtt::{
    Client, ConnectOptionsBuilder, CreateOptionsBuilder, Message, PersistenceType, QoS,
    SyncReceiver,
};
use proxy::Proxy;
use tokio::runtime::{Builder, Runtime};

/// How many messages are sent where one would not show much.
const MESSAGES: u32 = 100;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

#[test]
fn messages_of_each_qos_arrive_in_order_and_are_acknowledged() {
    let (_runtime, address) = broker();
    let (subscriber, messages) = connect(address, "subscriber", true);
    let (publisher, _) = connect(address, "publisher", true);
    for qos in LEVELS {
        subscriber.subscribe("t", qos).expect("SUBACK");
        for number in 0..MESSAGES {
            publisher.publish(Message::new("t", number.to_string(), qos)).expect("delivered");
        }
        for number in 0..MESSAGES {
            let message = next(&messages);
            assert_eq!(message.payload_str(), number.to_string(), "{qos:?}");
            assert_eq!((message.qos(), message.retained()), (qos, false));
        }
        subscriber.unsubscribe("t").expect("UNSUBACK");
    }
}

#[test]
fn a_retained_message_waits_for_subscribers_until_it_is_taken_away() {
    let (_runtime, address) = broker();
    let (publisher, _) = connect(address, "publisher", true);
    let kept = Message::new_retained("t/kept", "kept", QoS::AtLeastOnce);
    publisher.publish(kept).expect("PUBACK");
    let (first, messages) = connect(address, "first", true);
    first.subscribe("t/+", QoS::AtLeastOnce).expect("SUBACK");
    let message = next(&messages);
    assert_eq!((message.payload(), message.retained()), (&b"kept"[..], true));
    let taken = Message::new_retained("t/kept", "", QoS::AtLeastOnce);
    publisher.publish(taken).expect("PUBACK");
    let (second, messages) = connect(address, "second", true);
    second.subscribe("t/+", QoS::AtLeastOnce).expect("SUBACK");
    publisher.publish(Message::new("t/next", "", QoS::AtLeastOnce)).expect("PUBACK");
    assert_eq!(next(&messages).topic(), "t/next");
}

#[test]
fn a_will_is_published_when_its_client_vanishes_and_not_when_it_says_so() {
    let (runtime, address) = broker();
    let proxy = runtime.block_on(Proxy::start(address, 1, 0));
    let (watcher, wills) = connect(address, "watcher", true);
    watcher.subscribe("will/+", QoS::ExactlyOnce).expect("SUBACK");
    let mut clients = Vec::new();
    // The polite one goes another way: its DISCONNECT must not be cut off.
    for (name, address) in [("polite", address), ("abrupt", proxy.address())] {
        let client = client(address, name);
        let will = Message::new(format!("will/{name}"), "gone", QoS::ExactlyOnce);
        let options = ConnectOptionsBuilder::new_v3().will_message(will).finalize();
        client.connect(options).expect("CONNACK");
        clients.push(client);
    }
    clients[0].disconnect(None).expect("DISCONNECT");
    proxy.cut_all();
    let will = next(&wills);
    assert_eq!((will.topic(), will.payload()), ("will/abrupt", &b"gone"[..]));
}

#[test]
fn a_session_keeps_what_comes_while_its_client_is_away() {
    let (_runtime, address) = broker();
    let (client, messages) = connect(address, "kept", false);
    client.subscribe("t", QoS::ExactlyOnce).expect("SUBACK");
    client.disconnect(None).expect("DISCONNECT");
    drop((client, messages));
    let (publisher, _) = connect(address, "publisher", true);
    for number in 0..MESSAGES {
        let qos = if number % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        publisher.publish(Message::new("t", number.to_string(), qos)).expect("delivered");
    }
    let (_client, messages) = connect(address, "kept", false);
    // Paho hands one of QoS 2 over with its PUBREL, so order holds within each QoS.
    let mut numbers = [Vec::new(), Vec::new()];
    for _ in 0..MESSAGES {
        let number: u32 = next(&messages).payload_str().parse().expect("a number");
        numbers[usize::from(number % 2 == 1)].push(number);
    }
    for (numbers, first) in numbers.iter().zip(0..) {
        assert!(numbers.iter().copied().eq((first..MESSAGES).step_by(2)), "{numbers:?}");
    }
}

#[test]
fn a_client_that_loses_its_connection_in_mid_flow_goes_on() {
    // MQTT-4.4.0-1, MQTT-4.3.3-2
    let (runtime, address) = broker();
    let proxy = runtime.block_on(Proxy::start(address, 7, 2_000));
    let (subscriber, messages) = connect(address, "subscriber", true);
    subscriber.subscribe("t", QoS::ExactlyOnce).expect("SUBACK");
    let mut client = client(proxy.address(), "publisher");
    // It does not notice each loss at once, and waits for an answer that cannot come.
    client.set_timeout(Duration::from_secs(1));
    let options = || ConnectOptionsBuilder::new_v3().clean_session(false).finalize();
    let mut number = 0;
    let mut failures = 0;
    while number < MESSAGES {
        if !client.is_connected() && client.connect(options()).is_err() {
            failures += 1;
            assert!(failures < 10_000, "no way to the broker");
            continue;
        }
        // A publish that fails is in the client's hands all the same: it sends it again once it is
        // connected, and the broker passes it on once.
        let _ = client.publish(Message::new("t", number.to_string(), QoS::ExactlyOnce));
        number += 1;
    }
    proxy.stop_cutting();
    if !client.is_connected() {
        client.connect(options()).expect("CONNACK");
    }
    client.publish(Message::new("t", "end", QoS::ExactlyOnce)).expect("delivered");
    let mut numbers = Vec::new();
    loop {
        let message = next(&messages);
        match message.payload_str().parse::<u32>() {
            Ok(number) => numbers.push(number),
            Err(_) => break,
        }
    }
    // What was published without a connection is the client's loss; nothing comes twice.
    let mut once = numbers.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), numbers.len(), "{numbers:?}");
    assert!(proxy.cuts() > 0 && !numbers.is_empty());
}

/// A broker in this process, gone with its runtime.
fn broker() -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a thread");
    let mut options = ServerOptions::default();
    options.listen = vec!["127.0.0.1:0".parse().expect("a place")];
    let server = runtime.block_on(Server::bind(options)).expect("a port");
    let address = server.addresses()[0];
    runtime.spawn(server.run(std::future::pending()));
    (runtime, address)
}

fn client(address: SocketAddr, name: &str) -> Client {
    let options = CreateOptionsBuilder::new()
        .server_uri(format!("tcp://{address}"))
        .client_id(name)
        .persistence(PersistenceType::None)
        .finalize();
    let mut client = Client::new(options).expect("a client");
    client.set_timeout(PATIENCE);
    client
}

fn connect(
    address: SocketAddr,
    name: &str,
    clean_session: bool,
) -> (Client, SyncReceiver<Option<Message>>) {
    let client = client(address, name);
    let messages = client.start_consuming();
    let options = ConnectOptionsBuilder::new_v3().clean_session(clean_session).finalize();
    client.connect(options).expect("CONNACK");
    (client, messages)
}

fn next(messages: &SyncReceiver<Option<Message>>) -> Message {
    messages.recv_timeout(PATIENCE).expect("in time").expect("a connection")
}
