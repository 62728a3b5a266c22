//! A round of rumqttc.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS};

use crate::{IN_FLIGHT, PAYLOAD};

/// How long `messages` take to be published, or to be received on another connection.
pub async fn round(address: SocketAddr, messages: u32, level: u8, receives: bool) -> Duration {
    let qos = rumqttc::qos(level).expect("a level");
    let (publisher, mut publishing) = connect(address, "publisher").await;
    let (subscriber, mut subscribed) = connect(address, "subscriber").await;
    if receives {
        subscriber.subscribe("bench/theirs", qos).await.expect("queued");
        let is_granted = |event: &Event| matches!(event, Event::Incoming(Packet::SubAck(_)));
        until(&mut subscribed, 1, is_granted).await;
    }
    let begin = Instant::now();
    let commands = tokio::spawn(async move {
        for _ in 0..messages {
            let payload = bytes::Bytes::from_static(&PAYLOAD);
            publisher.publish_bytes("bench/theirs", qos, false, payload).await.expect("queued");
        }
        publisher
    });
    let delivered = tokio::spawn(async move {
        until(&mut publishing, messages, |event| match qos {
            QoS::AtMostOnce => matches!(event, Event::Outgoing(Outgoing::Publish(_))),
            QoS::AtLeastOnce => matches!(event, Event::Incoming(Packet::PubAck(_))),
            QoS::ExactlyOnce => matches!(event, Event::Incoming(Packet::PubComp(_))),
        })
        .await;
        publishing
    });
    if receives {
        let is_message = |event: &Event| matches!(event, Event::Incoming(Packet::Publish(_)));
        until(&mut subscribed, messages, is_message).await;
    }
    let ends = (delivered.await.expect("no panic"), commands.await.expect("no panic"));
    let time = begin.elapsed();
    drop(ends);
    time
}

async fn connect(address: SocketAddr, name: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(name, address.ip().to_string(), address.port());
    options.set_inflight(IN_FLIGHT);
    let (client, mut events) = AsyncClient::new(options, usize::from(IN_FLIGHT));
    until(&mut events, 1, |event| matches!(event, Event::Incoming(Packet::ConnAck(_)))).await;
    (client, events)
}

/// Drives the connection until so many events were as wanted.
async fn until(events: &mut EventLoop, count: u32, wanted: impl Fn(&Event) -> bool) {
    let mut left = count;
    while left > 0 {
        let event = events.poll().await.expect("the connection stands");
        left -= u32::from(wanted(&event));
    }
}
