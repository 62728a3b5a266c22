//! The library's client with a broker that we did not write.
//!
//! Where mosquitto is not installed each test says so and passes; the checks of a change install
//! it first.

#[path = "support/proxy.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod proxy;

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mqttspec::net::{Client, ClientError, ClientOptions, Messages, Reconnect, Subscription};
use mqttspec::packet::{Binary, ClientId, Connect, QoS, SubscribeFilter, Text, Will};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};
use mqttspec_conformance::Subject;
use proxy::Proxy;

/// How many messages are sent where one would not show much.
const MESSAGES: u32 = 100;

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

#[tokio::test]
async fn messages_of_each_qos_arrive_in_order() {
    let Some((_mosquitto, address)) = mosquitto() else { return };
    let (client, _) = connect(options(address, "c")).await;
    for qos in LEVELS {
        let mut subscription = subscribe(&client, "t", qos).await;
        let publish = async {
            for number in 0..MESSAGES {
                client.begin_publish(message("t", qos, &number.to_string())).await.expect("taken");
            }
        };
        let receive = async {
            for number in 0..MESSAGES {
                let message = next(&mut subscription).await;
                assert_eq!(message.payload, number.to_string(), "{qos:?}");
                assert_eq!((message.qos, message.retain), (qos, false));
            }
        };
        tokio::join!(publish, receive);
        client.unsubscribe(TopicFilter::new("t").expect("a filter")).await.expect("UNSUBACK");
    }
    client.disconnect().await.expect("good order");
}

#[tokio::test]
async fn a_retained_message_waits_for_subscribers_until_it_is_taken_away() {
    let Some((_mosquitto, address)) = mosquitto() else { return };
    let (client, _) = connect(options(address, "c")).await;
    let kept = Message { retain: true, ..message("t/kept", QoS::AtLeastOnce, "kept") };
    client.publish(kept.clone()).await.expect("PUBACK");
    let mut subscription = subscribe(&client, "t/+", QoS::AtLeastOnce).await;
    let first = next(&mut subscription).await;
    assert_eq!((&first.payload[..], first.retain), (&b"kept"[..], true));
    client.publish(Message { payload: Bytes::new(), ..kept }).await.expect("PUBACK");
    assert!(next(&mut subscription).await.payload.is_empty());
    let (second, _) = connect(options(address, "second")).await;
    let mut subscription = subscribe(&second, "t/+", QoS::AtLeastOnce).await;
    client.publish(message("t/next", QoS::AtLeastOnce, "")).await.expect("PUBACK");
    assert_eq!(next(&mut subscription).await.topic.as_str(), "t/next");
}

#[tokio::test]
async fn a_will_is_published_when_the_connection_is_lost_and_not_when_it_is_ended() {
    let Some((_mosquitto, address)) = mosquitto() else { return };
    let (watcher, _) = connect(options(address, "watcher")).await;
    let mut wills = subscribe(&watcher, "will/+", QoS::ExactlyOnce).await;
    let proxy = Proxy::start(address, 1, 0).await;
    let mut clients = Vec::new();
    for name in ["polite", "abrupt"] {
        let topic = TopicName::new(format!("will/{name}")).expect("a name");
        let message = Binary::new("gone").expect("short");
        let will = Will { topic, message, qos: QoS::ExactlyOnce, retain: false };
        let mut options = options(proxy.address(), name);
        options.connect = options.connect.with_will(&will);
        clients.push(connect(options).await);
    }
    clients[0].0.disconnect().await.expect("good order");
    proxy.cut_all();
    let will = next(&mut wills).await;
    assert_eq!((will.topic.as_str(), &will.payload[..]), ("will/abrupt", &b"gone"[..]));
}

#[tokio::test]
async fn a_session_keeps_what_comes_while_its_client_is_away() {
    let Some((_mosquitto, address)) = mosquitto() else { return };
    let (client, messages) = connect(kept(options(address, "kept"))).await;
    assert!(!client.session_present());
    let granted = client.subscribe_to_messages(wanted("t", QoS::ExactlyOnce)).await;
    granted.expect("SUBACK");
    client.disconnect().await.expect("good order");
    drop(messages);
    let (publisher, _) = connect(options(address, "publisher")).await;
    for number in 0..MESSAGES {
        let qos = if number % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        publisher.publish(message("t", qos, &number.to_string())).await.expect("delivered");
    }
    let (client, mut messages) = connect(kept(options(address, "kept"))).await;
    assert!(client.session_present());
    for number in 0..MESSAGES {
        let message = in_time(messages.next()).await.expect("a client").expect("a message");
        assert_eq!(message.payload, number.to_string());
    }
}

#[tokio::test]
async fn cut_connections_lose_nothing_and_double_nothing_of_qos_2() {
    // MQTT-4.4.0-1, MQTT-4.3.3-1
    let Some((_mosquitto, address)) = mosquitto() else { return };
    let proxy = Proxy::start(address, 7, 2_000).await;
    let (subscriber, mut messages) = connect(going_on(proxy.address(), "subscriber")).await;
    let filter = wanted("t", QoS::ExactlyOnce);
    let receiving = tokio::spawn(async move {
        let mut numbers = Vec::new();
        let mut left: BTreeSet<u32> = (0..MESSAGES).collect();
        while !left.is_empty() {
            let message = messages.next().await?.expect("nobody has left");
            let text = String::from_utf8_lossy(&message.payload);
            let number: u32 = text.parse().expect("a number");
            numbers.push(number);
            left.remove(&number);
        }
        Ok::<_, ClientError>(numbers)
    });
    in_time(subscriber.subscribe_to_messages(filter)).await.expect("SUBACK");
    let (publisher, _) = connect(going_on(proxy.address(), "publisher")).await;
    let mut on_their_way = Vec::new();
    for number in 0..MESSAGES {
        let message = message("t", QoS::ExactlyOnce, &number.to_string());
        on_their_way.push(publisher.begin_publish(message).await.expect("taken"));
    }
    for publishing in on_their_way {
        in_time(publishing).await.expect("PUBCOMP, sooner or later");
    }
    let numbers = in_time(receiving).await.expect("no panic").expect("a client");
    assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>());
    assert!(proxy.cuts() > 0);
}

/// Mosquitto on a port of its own, and its address; `None`, and a reason, where there is none.
#[expect(clippy::print_stderr, reason = "a test that did not run should say so")]
fn mosquitto() -> Option<(Subject, SocketAddr)> {
    if std::env::var_os("MQTTSPEC_NO_PEERS").is_some() {
        eprintln!("skipped: MQTTSPEC_NO_PEERS is set");
        return None;
    }
    let sbin = Path::new("/usr/sbin/mosquitto");
    let program = if sbin.exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    match Subject::spawn(format!("{program} -p {{port}}").as_str()) {
        Ok(subject) => {
            let (host, port) = subject.target().network().expect("it is on the network");
            let address = format!("{host}:{port}").parse().expect("an address");
            Some((subject, address))
        }
        Err(error) => {
            eprintln!("skipped: mosquitto cannot be started: {error}");
            assert!(std::env::var_os("MQTTSPEC_NEEDS_PEERS").is_none(), "{error}");
            None
        }
    }
}

fn options(address: SocketAddr, name: &'static str) -> ClientOptions {
    let mut options = ClientOptions::new(address.ip().to_string(), address.port());
    let client_id = ClientId::new(Text::new(name).expect("a name"));
    options.connect = Connect::new(&client_id).with_keep_alive_seconds(30);
    // Of more than 20 at QoS 2, mosquitto 2.0.11 acknowledges all and passes on 20.
    options.limits.in_flight = 20;
    options
}

fn kept(mut options: ClientOptions) -> ClientOptions {
    options.connect = options.connect.with_clean_session(false);
    options
}

/// A client that goes on over lost connections.
fn going_on(address: SocketAddr, name: &'static str) -> ClientOptions {
    let mut options = kept(options(address, name));
    let mut reconnect = Reconnect::default();
    reconnect.first_wait = Duration::from_millis(1);
    reconnect.longest_wait = Duration::from_millis(10);
    reconnect.from_the_start = true;
    options.reconnect = Some(reconnect);
    options
}

async fn connect(options: ClientOptions) -> (Client, Messages) {
    in_time(Client::connect(options)).await.expect("a connection")
}

fn wanted(filter: &'static str, qos: QoS) -> SubscribeFilter {
    SubscribeFilter { filter: TopicFilter::new(filter).expect("a filter"), qos }
}

async fn subscribe(client: &Client, filter: &'static str, qos: QoS) -> Subscription {
    let mut subscription = client.subscribe(wanted(filter, qos)).await.expect("a client");
    in_time(subscription.granted()).await.expect("SUBACK");
    subscription
}

async fn next(subscription: &mut Subscription) -> Message {
    in_time(subscription.next()).await.expect("a client").expect("a message")
}

fn message(topic: &str, qos: QoS, payload: &str) -> Message {
    let topic = TopicName::new(topic.to_owned()).expect("a name");
    Message { topic, payload: Bytes::from(payload.to_owned()), qos, retain: false }
}

/// What `work` comes to, within the time that the broker may take for anything.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("in time")
}
