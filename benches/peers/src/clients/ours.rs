//! A round of our client.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, Subscription};
use mqttspec::packet::{QoS, SubscribeFilter};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};

use crate::{IN_FLIGHT, PAYLOAD};

/// How long `messages` take to be published, or to be received on another connection.
pub async fn round(address: SocketAddr, messages: u32, level: u8, receives: bool) -> Duration {
    let qos = QoS::from_number(level).expect("a level");
    let publisher = connect(address).await;
    let subscriber = connect(address).await;
    let mut subscription = None;
    if receives {
        subscription = Some(subscribe(&subscriber, qos).await);
    }
    let begin = Instant::now();
    let publishing = tokio::spawn(async move {
        let topic = TopicName::new("bench/ours").expect("a name");
        let mut last = None;
        for _ in 0..messages {
            let payload = Bytes::from_static(&PAYLOAD);
            let message = Message { topic: topic.clone(), payload, qos, retain: false };
            last = Some(publisher.begin_publish(message).await.expect("a client"));
        }
        last.expect("one").await.expect("delivered");
        publisher
    });
    if let Some(subscription) = &mut subscription {
        for _ in 0..messages {
            subscription.next().await.expect("a client").expect("a message");
        }
    }
    let publisher = publishing.await.expect("no panic");
    let time = begin.elapsed();
    publisher.disconnect().await.expect("good order");
    subscriber.disconnect().await.expect("good order");
    time
}

async fn connect(address: SocketAddr) -> Client {
    let mut options = ClientOptions::new(address.ip().to_string(), address.port());
    options.limits.in_flight = IN_FLIGHT;
    Client::connect(options).await.expect("a connection").0
}

async fn subscribe(subscriber: &Client, qos: QoS) -> Subscription {
    let filter = TopicFilter::new("bench/ours").expect("a filter");
    let wanted = SubscribeFilter { filter, qos };
    let mut subscription = subscriber.subscribe(wanted).await.expect("a client");
    subscription.granted().await.expect("SUBACK");
    subscription
}
