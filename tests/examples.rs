//! The examples, run with a broker: what a page shows does what the page says.

#[path = "../examples/acknowledge.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod acknowledge;
#[path = "support/authority.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod authority;
#[path = "../examples/blocking.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod blocking;
#[path = "support/broker.rs"]
#[expect(dead_code, reason = "others need more of it")]
mod broker;
#[path = "../examples/durable.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod durable;
#[path = "../examples/embedded_broker.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod embedded_broker;
#[path = "../examples/kept_session.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod kept_session;
#[path = "../examples/publish.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod publish;
#[path = "../examples/subscribe.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod subscribe;
#[path = "../examples/tls.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod tls;
#[path = "../examples/will.rs"]
#[expect(dead_code, reason = "main is not called here")]
mod will;

use std::future::Future;
use std::io;
use std::time::Duration;

use authority::{Authority, Validity};
use broker::Broker;
use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, ServerUrl, Subscription};
use mqttspec::packet::{QoS, SubscribeFilter};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};
use tokio::sync::{mpsc, oneshot};

#[tokio::test]
async fn publish_publishes() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Watcher::start(&broker, "sensors/#").await;
    in_time(publish::publish(url(&broker))).await.expect("success");
    for payload in ["21.5", "21.6", "21.4", "done"] {
        assert_eq!(watcher.next().await.payload, payload);
    }
}

#[tokio::test]
async fn subscribe_prints_each_stream() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let watcher = Watcher::start(&broker, "#").await;
    let (out, mut lines) = lines();
    let running = tokio::spawn(subscribe::subscribe(url(&broker), out));
    for (topic, line) in [
        ("sensors/1/celsius", "reading sensors/1/celsius x"),
        ("alarms/fire", "alarm alarms/fire x"),
    ] {
        // Retained, so that it comes whenever the example has subscribed.
        watcher.say(topic, "x").await;
        assert_eq!(in_time(lines.recv()).await.expect("a line"), line);
    }
    running.abort();
}

#[tokio::test]
async fn will_says_that_it_comes_and_goes() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Watcher::start(&broker, "status/#").await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(will::be_there(url(&broker), async { drop(stopped.await) }));
    assert_eq!(watcher.next().await.payload, "online");
    drop(stop);
    assert_eq!(watcher.next().await.payload, "offline");
    in_time(running).await.expect("no panic").expect("success");
}

#[tokio::test]
async fn kept_session_gets_what_came_while_it_was_away() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let watcher = Watcher::start(&broker, "#").await;
    let (out, mut first) = lines();
    let running = tokio::spawn(kept_session::listen(url(&broker), out));
    watcher.say("sensors/1", "before").await;
    assert_eq!(in_time(first.recv()).await.expect("a line"), "sensors/1 before");
    running.abort();
    watcher.say("sensors/1", "meanwhile").await;
    let (out, mut second) = lines();
    let running = tokio::spawn(kept_session::listen(url(&broker), out));
    // What was not acknowledged by then comes once more.
    while in_time(second.recv()).await.expect("a line") != "sensors/1 meanwhile" {}
    running.abort();
}

#[tokio::test]
async fn acknowledge_meets_again_what_it_failed_at() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let watcher = Watcher::start(&broker, "#").await;
    // With a Session, and nothing in it yet.
    let (dealt_with, mut orders) = mpsc::unbounded_channel();
    let first = tokio::spawn(acknowledge::work(url(&broker), move |message| {
        let payload = String::from_utf8_lossy(&message.payload).into_owned();
        let is_poison = payload == "2";
        let _ = dealt_with.send(payload);
        if is_poison { Err(io::Error::other("a defect")) } else { Ok(()) }
    }));
    // Retained, so that it comes whenever the example has subscribed.
    watcher.say("orders", "1").await;
    assert_eq!(in_time(orders.recv()).await.as_deref(), Some("1"));
    for payload in ["2", "3"] {
        watcher.say("orders", payload).await;
    }
    assert_eq!(in_time(orders.recv()).await.as_deref(), Some("2"));
    in_time(first).await.expect("no panic").expect_err("it failed at one");

    let (dealt_with, mut orders) = mpsc::unbounded_channel();
    let second = tokio::spawn(acknowledge::work(url(&broker), move |message| {
        let _ = dealt_with.send(String::from_utf8_lossy(&message.payload).into_owned());
        Ok(())
    }));
    assert_eq!(in_time(orders.recv()).await.as_deref(), Some("2"), "once more");
    assert_eq!(in_time(orders.recv()).await.as_deref(), Some("3"));
    second.abort();
}

#[tokio::test]
async fn durable_brings_all_to_its_end() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Watcher::start(&broker, "orders").await;
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        in_time(durable::order(url(&broker), folder.path(), 10)).await.expect("success");
        for number in 0..10 {
            assert_eq!(watcher.next().await.payload, number.to_string());
        }
    }
}

#[tokio::test]
async fn tls_shows_and_wants_certificates() {
    let authority = Authority::new();
    authority.sign("server", &["localhost"], Validity::Holds);
    let identity = authority.sign("client", &["client"], Validity::Holds);
    let arguments = format!(
        "--bind 127.0.0.1:0 --listen mqtts://127.0.0.1:0 {} --tls-ca {}",
        authority.flags("server"),
        authority.path("ca.pem").display()
    );
    let broker = Broker::start(&arguments);
    let mut watcher = Watcher::start(&broker, "greetings").await;
    let address = broker.urls[1].rsplit_once(':').expect("a port").1;
    let url: ServerUrl = format!("mqtts://localhost:{address}").parse().expect("a URL");
    let ca = authority.certificate();
    in_time(tls::greet(url.clone(), ca.clone(), Some(identity))).await.expect("success");
    assert_eq!(watcher.next().await.payload, "in private");
    assert!(in_time(tls::greet(url, ca, None)).await.is_err());
}

#[tokio::test]
async fn blocking_asks_and_is_answered() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Watcher::start(&broker, "questions").await;
    let (out, mut answers) = lines();
    let url = url(&broker);
    let wait = Duration::from_millis(200);
    let asking = tokio::task::spawn_blocking(move || blocking::ask(url, wait, out));
    assert_eq!(watcher.next().await.payload, "who is there?");
    watcher.say("answers/1", "me").await;
    assert_eq!(in_time(answers.recv()).await.expect("a line"), "answers/1 me");
    in_time(asking).await.expect("no panic").expect("success");
}

#[tokio::test]
async fn embedded_broker_begins_and_ends() {
    let (out, mut lines) = lines();
    in_time(embedded_broker::serve(3, Duration::ZERO, out)).await.expect("success");
    assert!(lines.recv().await.expect("a line").starts_with("listening on mqtt://127.0.0.1:"));
    assert!(lines.recv().await.expect("a line").starts_with("listening on ws://127.0.0.1:"));
    assert_eq!(lines.recv().await.expect("a line"), "stopped with 0 connections open");
}

/// Another client of the broker.
struct Watcher {
    client: Client,
    messages: Subscription,
}

impl Watcher {
    async fn start(broker: &Broker, filter: &'static str) -> Self {
        let (client, _) = Client::connect(ClientOptions::from(url(broker))).await.expect("CONNACK");
        let filter = TopicFilter::new(filter).expect("a filter");
        let wanted = SubscribeFilter { filter, qos: QoS::ExactlyOnce };
        let mut messages = client.subscribe(wanted).await.expect("a client");
        in_time(messages.granted()).await.expect("SUBACK");
        Self { client, messages }
    }

    async fn next(&mut self) -> Message {
        in_time(self.messages.next()).await.expect("a client").expect("a message")
    }

    /// Publishes a retained message.
    async fn say(&self, topic: &'static str, payload: &'static str) {
        let topic = TopicName::new(topic).expect("a name");
        let payload = Bytes::from_static(payload.as_bytes());
        let message = Message { topic, payload, qos: QoS::AtLeastOnce, retain: true };
        in_time(self.client.publish(message)).await.expect("PUBACK");
    }
}

fn url(broker: &Broker) -> ServerUrl {
    broker.urls[0].parse().expect("a URL")
}

/// A place to write lines to, and where they arrive.
fn lines() -> (Lines, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Lines { unfinished: Vec::new(), sender }, receiver)
}

struct Lines {
    unfinished: Vec<u8>,
    sender: mpsc::UnboundedSender<String>,
}

impl io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.unfinished.extend_from_slice(octets);
        while let Some(end) = self.unfinished.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]).into_owned();
            self.sender.send(line).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `work` comes to, within the time that anything may take.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("in time")
}
