//! Paho: the client in C, by its face in Rust, without persistence and without TLS.
//!
//! Its stream of messages has no bound here: a bounded one loses what finds no room.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use paho_mqtt::{
    AsyncClient, ConnectOptionsBuilder, CreateOptionsBuilder, DeliveryToken, Message,
    PersistenceType,
};
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
    let qos = i32::from(task.level());
    let publisher = connect(task, "publisher").await;
    let mut subscriber = connect(task, "subscriber").await;
    let stream = subscriber.get_stream(None);
    if task.receives() {
        subscriber.subscribe("bench/paho", qos).await.expect("SUBACK");
    }
    let (messages, begin) = (task.messages, Instant::now());
    let publishing = tokio::spawn(async move {
        let mut on_their_way: VecDeque<DeliveryToken> = VecDeque::new();
        for _ in 0..messages {
            if on_their_way.len() == usize::from(IN_FLIGHT) {
                on_their_way.pop_front().expect("one").await.expect("delivered");
            }
            on_their_way.push_back(publisher.publish(Message::new("bench/paho", PAYLOAD, qos)));
        }
        for token in on_their_way {
            token.await.expect("delivered");
        }
        publisher
    });
    if task.receives() {
        for _ in 0..messages {
            stream.recv().await.expect("a client").expect("a message");
        }
    }
    let publisher = publishing.await.expect("no panic");
    let time = begin.elapsed();
    publisher.disconnect(None).await.expect("good order");
    subscriber.disconnect(None).await.expect("good order");
    time
}

async fn idle(task: &Task) -> Outcome {
    let mut held = vec![connect(task, "first").await];
    let (before, begin) = (memory::now(), Instant::now());
    for number in 0..IDLE {
        held.push(connect(task, &number.to_string()).await);
    }
    let time = begin.elapsed();
    sleep(SETTLE).await;
    Outcome { time, kib: memory::now().saturating_sub(before) }
}

async fn connect(task: &Task, name: &str) -> AsyncClient {
    let options = CreateOptionsBuilder::new()
        .server_uri(format!("tcp://{}", task.address))
        .client_id(format!("{name}-{}", std::process::id()))
        .persistence(PersistenceType::None)
        .max_buffered_messages(i32::from(IN_FLIGHT))
        .finalize();
    let client = AsyncClient::new(options).expect("a client");
    let connect = ConnectOptionsBuilder::new()
        .max_inflight(i32::from(IN_FLIGHT))
        .clean_session(true)
        .finalize();
    client.connect(connect).await.expect("a connection");
    client
}
