//! Our client, with and without a store.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, Messages, Subscription};
use mqttspec::packet::{ClientId, Connect, QoS, SubscribeFilter, Text};
use mqttspec::session::Message;
use mqttspec::store::{Redb, Syncing};
use mqttspec::topic::{TopicFilter, TopicName};
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::task::{Outcome, Task};
use crate::{IDLE, IN_FLIGHT, PAYLOAD, SETTLE, memory};

pub(crate) fn run(runtime: &Runtime, task: &Task) -> Outcome {
    if task.is_idle() { runtime.block_on(idle(task)) } else { round(runtime, task, None) }
}

pub(crate) fn run_stored(runtime: &Runtime, task: &Task) -> Outcome {
    round(runtime, task, Some(Syncing::Always))
}

pub(crate) fn run_unsynced(runtime: &Runtime, task: &Task) -> Outcome {
    round(runtime, task, Some(Syncing::Never))
}

fn round(runtime: &Runtime, task: &Task, kept: Option<Syncing>) -> Outcome {
    let time = runtime.block_on(messages(task, kept));
    Outcome { time, kib: memory::peak() }
}

async fn messages(task: &Task, kept: Option<Syncing>) -> Duration {
    let qos = QoS::from_number(task.level()).expect("a level");
    let folder = kept.map(|syncing| (Folder::new(), syncing));
    let (publishes, receives) =
        if task.receives() { (None, folder.as_ref()) } else { (folder.as_ref(), None) };
    let (publisher, _unasked) = connect(task.address, "publisher", publishes).await;
    let (subscriber, _rest) = connect(task.address, "subscriber", receives).await;
    let mut subscription = None;
    if task.receives() {
        subscription = Some(subscribe(&subscriber, qos).await);
    }
    let (messages, begin) = (task.messages, Instant::now());
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

async fn idle(task: &Task) -> Outcome {
    let mut held = vec![connect(task.address, "first", None).await];
    let (before, begin) = (memory::now(), Instant::now());
    for number in 0..IDLE {
        held.push(connect(task.address, &number.to_string(), None).await);
    }
    let time = begin.elapsed();
    sleep(SETTLE).await;
    Outcome { time, kib: memory::now().saturating_sub(before) }
}

async fn connect(
    address: SocketAddr,
    name: &str,
    store: Option<&(Folder, Syncing)>,
) -> (Client, Messages) {
    let mut options = ClientOptions::new(address.ip().to_string(), address.port());
    options.limits.in_flight = IN_FLIGHT;
    let Some((folder, syncing)) = store else {
        return Client::connect(options).await.expect("a connection");
    };
    let client_id = Text::new(format!("{name}-{}", process::id())).expect("text");
    options.connect = Connect::new(&ClientId::new(client_id)).with_clean_session(false);
    let store = Redb::open_client(&folder.0, *syncing).expect("a store");
    Client::connect_durable(options, store).await.expect("a connection")
}

async fn subscribe(subscriber: &Client, qos: QoS) -> Subscription {
    let filter = TopicFilter::new("bench/ours").expect("a filter");
    let wanted = SubscribeFilter { filter, qos };
    let mut subscription = subscriber.subscribe(wanted).await.expect("a client");
    subscription.granted().await.expect("SUBACK");
    subscription
}

/// A folder for a store, which goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(env::temp_dir().join(format!("mqttspec-clients-{}", process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder too many is no reason to lose what was measured.
        let _ = fs::remove_dir_all(&self.0);
    }
}
