//! rumqttc.

use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::task::{Outcome, Task};
use crate::{IDLE, IN_FLIGHT, PAYLOAD, SETTLE, memory};

pub(crate) fn run(runtime: &Runtime, task: &Task) -> Outcome {
    if task.is_idle() {
        return runtime.block_on(idle(task));
    }
    let time = runtime.block_on(messages(task));
    Outcome { time, kib: memory::peak() }
}

async fn messages(task: &Task) -> Duration {
    let qos = rumqttc::qos(task.level()).expect("a level");
    let (publisher, mut publishing) = connect(task, "publisher").await;
    let (subscriber, mut subscribed) = connect(task, "subscriber").await;
    if task.receives() {
        subscriber.subscribe("bench/theirs", qos).await.expect("queued");
        let is_granted = |event: &Event| matches!(event, Event::Incoming(Packet::SubAck(_)));
        until(&mut subscribed, 1, is_granted).await;
    }
    let (messages, begin) = (task.messages, Instant::now());
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
    if task.receives() {
        let is_message = |event: &Event| matches!(event, Event::Incoming(Packet::Publish(_)));
        until(&mut subscribed, messages, is_message).await;
    }
    let ends = (delivered.await.expect("no panic"), commands.await.expect("no panic"));
    let time = begin.elapsed();
    drop(ends);
    time
}

/// Each connection is driven by a task, as every program has to.
async fn idle(task: &Task) -> Outcome {
    let drive = |(client, mut events): (AsyncClient, EventLoop)| {
        tokio::spawn(async move { while events.poll().await.is_ok() {} });
        client
    };
    let mut held = vec![drive(connect(task, "first").await)];
    let (before, begin) = (memory::now(), Instant::now());
    for number in 0..IDLE {
        held.push(drive(connect(task, &number.to_string()).await));
    }
    let time = begin.elapsed();
    sleep(SETTLE).await;
    Outcome { time, kib: memory::now().saturating_sub(before) }
}

async fn connect(task: &Task, name: &str) -> (AsyncClient, EventLoop) {
    let name = format!("{name}-{}", std::process::id());
    let mut options = MqttOptions::new(name, task.address.ip().to_string(), task.address.port());
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
