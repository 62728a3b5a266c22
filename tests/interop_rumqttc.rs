//! The broker as rumqttc sees it: a client that we did not write, with a codec of its own.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/proxy.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod proxy;

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use broker::Broker;
use proxy::Proxy;
use rumqttc::{
    AsyncClient, ConnAck, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, Publish, QoS,
    SubscribeFilter,
};

/// How many messages are sent where one would not show much.
const MESSAGES: usize = 100;

#[tokio::test]
async fn messages_of_each_qos_arrive_in_order_and_are_acknowledged() {
    // With so few on their way at once all arrive only if the acknowledgements do.
    let broker = Broker::start("--bind 127.0.0.1:0 --max-in-flight 10");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut subscriber = Speaker::connect(options(&broker, "subscriber")).await;
        subscriber.subscribe("t", qos).await;
        let mut publisher = Speaker::connect(options(&broker, "publisher")).await;
        let publish = async {
            for number in 0..MESSAGES {
                let payload = number.to_string();
                publisher.client.publish("t", qos, false, payload).await.expect("queued");
            }
            for _ in 0..MESSAGES {
                publisher.sent(qos).await;
            }
        };
        let receive = async {
            for number in 0..MESSAGES {
                let message = subscriber.message().await;
                assert_eq!(message.payload, number.to_string(), "{qos:?}");
                assert_eq!((message.qos, message.dup, message.retain), (qos, false, false));
            }
        };
        tokio::join!(publish, receive);
    }
}

#[tokio::test]
async fn a_retained_message_waits_for_subscribers_until_it_is_taken_away() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut publisher = Speaker::connect(options(&broker, "publisher")).await;
    publisher.publish("t/kept", QoS::AtLeastOnce, true, "kept").await;
    let mut first = Speaker::connect(options(&broker, "first")).await;
    first.subscribe("t/+", QoS::AtLeastOnce).await;
    let message = first.message().await;
    assert_eq!((&message.payload[..], message.retain), (&b"kept"[..], true));

    publisher.publish("t/kept", QoS::AtLeastOnce, true, "").await;
    let message = first.message().await;
    assert_eq!((message.payload.len(), message.retain), (0, false));
    let mut second = Speaker::connect(options(&broker, "second")).await;
    second.subscribe("t/+", QoS::AtLeastOnce).await;
    publisher.publish("t/next", QoS::AtLeastOnce, false, "next").await;
    assert_eq!(second.message().await.topic, "t/next");
}

#[tokio::test]
async fn a_will_is_published_when_its_client_vanishes_and_not_when_it_says_so() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Speaker::connect(options(&broker, "watcher")).await;
    watcher.subscribe("will/#", QoS::ExactlyOnce).await;
    let mut connect = Vec::new();
    for name in ["polite", "abrupt"] {
        let mut options = options(&broker, name);
        let topic = format!("will/{name}");
        options.set_last_will(LastWill::new(topic, "gone", QoS::ExactlyOnce, false));
        connect.push(Speaker::connect(options).await);
    }
    let abrupt = connect.pop().expect("two");
    let mut polite = connect.pop().expect("two");
    polite.client.disconnect().await.expect("queued");
    polite.until(|event| (*event == Event::Outgoing(Outgoing::Disconnect)).then_some(())).await;
    polite.closed().await;
    drop(abrupt);
    let message = watcher.message().await;
    assert_eq!((&message.topic[..], &message.payload[..]), ("will/abrupt", &b"gone"[..]));
}

#[tokio::test]
async fn a_session_keeps_what_comes_while_its_client_is_away() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let kept = |manual_acks| {
        let mut options = options(&broker, "kept");
        options.set_clean_session(false).set_manual_acks(manual_acks);
        options
    };
    let (mut client, connack) = Speaker::open(kept(true)).await;
    assert!(!connack.session_present);
    client.subscribe("t", QoS::ExactlyOnce).await;
    let mut publisher = Speaker::connect(options(&broker, "publisher")).await;
    publisher.publish("t", QoS::AtLeastOnce, false, "not acknowledged").await;
    assert_eq!(client.message().await.payload, "not acknowledged");
    drop(client);

    for number in 0..MESSAGES {
        let qos = if number % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        publisher.publish("t", qos, false, &number.to_string()).await;
    }
    let (mut client, connack) = Speaker::open(kept(false)).await;
    assert!(connack.session_present);
    let again = client.message().await;
    assert_eq!((&again.payload[..], again.dup), (&b"not acknowledged"[..], true));
    for number in 0..MESSAGES {
        assert_eq!(client.message().await.payload, number.to_string());
    }
    drop(client);

    // Clean Session puts an end to it.
    let (_, connack) = Speaker::open(options(&broker, "kept")).await;
    assert!(!connack.session_present);
    let (_, connack) = Speaker::open(kept(false)).await;
    assert!(!connack.session_present);
}

#[tokio::test]
async fn a_client_that_loses_its_connection_in_mid_flow_goes_on() {
    // MQTT-4.4.0-1, MQTT-4.3.2-2
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut subscriber = Speaker::connect(options(&broker, "subscriber")).await;
    subscriber.subscribe("t", QoS::AtLeastOnce).await;
    let proxy = Proxy::start(broker.address, 7, 2_000).await;
    let (host, port) = (proxy.address().ip().to_string(), proxy.address().port());
    let mut options = MqttOptions::new("publisher", host, port);
    options.set_clean_session(false).set_inflight(20);
    let (publisher, mut events) = AsyncClient::new(options, 2 * MESSAGES);
    for number in 0..MESSAGES {
        let payload = number.to_string();
        publisher.publish("t", QoS::AtLeastOnce, false, payload).await.expect("queued");
    }
    // An error is a connection that was lost; the next call opens another.
    let publish =
        async { while !matches!(events.poll().await, Ok(Event::Incoming(Packet::Disconnect))) {} };
    let receive = async {
        let mut left: BTreeSet<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
        while !left.is_empty() {
            let message = subscriber.message().await;
            left.remove(&String::from_utf8_lossy(&message.payload).into_owned());
        }
    };
    tokio::select! {
        () = publish => panic!("no server sends DISCONNECT"),
        () = receive => {}
    }
    assert!(proxy.cuts() > 0);
}

#[tokio::test]
async fn wildcards_select_topics() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut subscriber = Speaker::connect(options(&broker, "subscriber")).await;
    let filters = ["sport/+/score", "news/#", "end"];
    let filters = filters.map(|filter| SubscribeFilter::new(filter.to_owned(), QoS::AtLeastOnce));
    subscriber.client.subscribe_many(filters).await.expect("queued");
    subscriber
        .answered(|packet| matches!(packet, Packet::SubAck(ack) if ack.return_codes.len() == 3))
        .await;
    let mut publisher = Speaker::connect(options(&broker, "publisher")).await;
    for topic in
        ["sport/tennis/score", "sport/score", "news", "news/a/b", "sport/tennis/score/x", "end"]
    {
        publisher.publish(topic, QoS::AtLeastOnce, false, "").await;
    }
    for topic in ["sport/tennis/score", "news", "news/a/b", "end"] {
        assert_eq!(subscriber.message().await.topic, topic);
    }
    subscriber.client.unsubscribe("news/#").await.expect("queued");
    subscriber.answered(|packet| matches!(packet, Packet::UnsubAck(_))).await;
    for topic in ["news", "end"] {
        publisher.publish(topic, QoS::AtLeastOnce, false, "").await;
    }
    assert_eq!(subscriber.message().await.topic, "end");
}

#[tokio::test]
async fn a_large_message_arrives_whole() {
    const LENGTH: usize = 1024 * 1024;
    let broker = Broker::start("--bind 127.0.0.1:0");
    let payload: String = ('a'..='w').cycle().take(LENGTH).collect();
    let mut subscriber = Speaker::connect(options(&broker, "subscriber")).await;
    subscriber.subscribe("t", QoS::ExactlyOnce).await;
    let mut publisher = Speaker::connect(options(&broker, "publisher")).await;
    let publish = publisher.publish("t", QoS::ExactlyOnce, false, &payload);
    let (message, ()) = tokio::join!(subscriber.message(), publish);
    assert!(message.payload == payload, "{} octets", message.payload.len());
}

#[tokio::test]
async fn the_newer_of_two_clients_with_one_name_stays() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut older = Speaker::connect(options(&broker, "name")).await;
    let mut newer = Speaker::connect(options(&broker, "name")).await;
    older.closed().await;
    newer.subscribe("t", QoS::AtLeastOnce).await;
}

/// A client and its event loop, driven by who waits for something.
struct Speaker {
    client: AsyncClient,
    events: EventLoop,
}

impl Speaker {
    /// Connects, and gives the answer beside the client.
    async fn open(options: MqttOptions) -> (Self, ConnAck) {
        let (client, events) = AsyncClient::new(options, 2 * MESSAGES);
        let mut speaker = Self { client, events };
        let connack = speaker
            .until(|event| match event {
                Event::Incoming(Packet::ConnAck(connack)) => Some(connack.clone()),
                _ => None,
            })
            .await;
        (speaker, connack)
    }

    async fn connect(options: MqttOptions) -> Self {
        Self::open(options).await.0
    }

    async fn subscribe(&mut self, filter: &str, qos: QoS) {
        self.client.subscribe(filter, qos).await.expect("queued");
        self.answered(|packet| matches!(packet, Packet::SubAck(_))).await;
    }

    /// Publishes, and waits until the broker has taken it over as the QoS has it.
    async fn publish(&mut self, topic: &str, qos: QoS, retain: bool, payload: &str) {
        self.client.publish(topic, qos, retain, payload).await.expect("queued");
        self.sent(qos).await;
    }

    /// The end of one delivery to the broker.
    async fn sent(&mut self, qos: QoS) {
        self.until(|event| {
            let is_end = match qos {
                QoS::AtMostOnce => matches!(event, Event::Outgoing(Outgoing::Publish(_))),
                QoS::AtLeastOnce => matches!(event, Event::Incoming(Packet::PubAck(_))),
                QoS::ExactlyOnce => matches!(event, Event::Incoming(Packet::PubComp(_))),
            };
            is_end.then_some(())
        })
        .await;
    }

    /// The next message.
    async fn message(&mut self) -> Publish {
        self.until(|event| match event {
            Event::Incoming(Packet::Publish(publish)) => Some(publish.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a packet that `is_answer`.
    async fn answered(&mut self, is_answer: impl Fn(&Packet) -> bool) {
        self.until(|event| match event {
            Event::Incoming(packet) if is_answer(packet) => Some(()),
            _ => None,
        })
        .await;
    }

    /// The first event that `wanted` finds what it wants in.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        in_time(async {
            loop {
                let event = self.events.poll().await.expect("the connection stands");
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        })
        .await
    }

    /// Waits for the broker to close the connection.
    async fn closed(&mut self) {
        in_time(async { while self.events.poll().await.is_ok() {} }).await;
    }
}

/// A client with Clean Session, and room for large packets.
fn options(broker: &Broker, name: &str) -> MqttOptions {
    let mut options =
        MqttOptions::new(name, broker.address.ip().to_string(), broker.address.port());
    options.set_max_packet_size(2 * 1024 * 1024, 2 * 1024 * 1024);
    options
}

/// What `work` comes to, within the time that the broker may take for anything.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), work).await.expect("in time")
}
