//! Drives rumqttc, a client for Rust: `cargo build --example driver-rumqttc`.
//!
//! Commands on standard input, events on standard output; README.md has both. rumqttc numbers its
//! packets when they leave, so what a number belongs to is known by the order of the commands.

#![expect(clippy::print_stdout, reason = "events go to standard output")]

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use rumqttc::{
    AsyncClient, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS, SubscribeFilter,
    SubscribeReasonCode,
};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

/// A client, and what its event loop waits for where the connection is gone.
struct Driven {
    client: AsyncClient,
    again: Arc<Notify>,
    tickets: Tickets,
}

/// Which command a packet belongs to.
#[derive(Clone, Default)]
struct Tickets(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    /// Told, and not sent yet: the commands, in their order.
    publishes: VecDeque<Value>,
    subscribes: VecDeque<Value>,
    unsubscribes: VecDeque<Value>,
    /// Sent, by their Packet Identifiers.
    sent: HashMap<u16, Value>,
    /// How many UNSUBSCRIBEs of a command are not answered: each has one filter.
    unanswered: HashMap<u64, usize>,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> anyhow::Result<()> {
    let lacks = ["websocket"];
    tell(&json!({ "event": "ready", "name": "rumqttc", "version": "0.25", "lacks": lacks }));
    let (sender, mut commands) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let mut driven = None;
    while let Some(line) = commands.recv().await {
        let command: Value = serde_json::from_str(&line)?;
        if let Err(error) = carry_out(&command, &mut driven) {
            let (id, message) = (&command["id"], format!("{error:#}"));
            tell(&json!({ "event": "error", "id": id, "message": message }));
        }
    }
    Ok(())
}

fn carry_out(command: &Value, driven: &mut Option<Driven>) -> anyhow::Result<()> {
    if command["do"] == "connect" {
        // What it will not do it says by a panic.
        let options = catch_unwind(AssertUnwindSafe(|| options(command)))
            .map_err(|_| anyhow!("rumqttc panics at these options"))??;
        let (client, events) = AsyncClient::new(options, ROOM);
        let (again, tickets) = (Arc::new(Notify::new()), Tickets::default());
        tokio::spawn(listen(events, Arc::clone(&again), tickets.clone()));
        *driven = Some(Driven { client, again, tickets });
        return Ok(());
    }
    let Driven { client, again, tickets } = driven.as_ref().context("not connected")?;
    let (mut waiting, id) = (tickets.lock(), command["id"].clone());
    match text(&command["do"])? {
        "publish" => {
            let (topic, payload) = (text(&command["topic"])?, text(&command["payload"])?);
            let retain = command["retain"] == true;
            client.try_publish(topic, qos(&command["qos"])?, retain, payload)?;
            waiting.publishes.push_back(id);
        }
        "subscribe" => {
            let filters = command["filters"].as_array().context("filters")?.iter();
            let filters: Vec<_> = filters
                .map(|asked| {
                    let filter = text(&asked["filter"])?.to_owned();
                    Ok(SubscribeFilter::new(filter, qos(&asked["qos"])?))
                })
                .collect::<anyhow::Result<_>>()?;
            client.try_subscribe_many(filters)?;
            waiting.subscribes.push_back(id);
        }
        "unsubscribe" => {
            let filters = command["filters"].as_array().context("filters")?;
            for filter in filters {
                client.try_unsubscribe(text(filter)?)?;
                waiting.unsubscribes.push_back(id.clone());
            }
            waiting.unanswered.insert(id.as_u64().context("id")?, filters.len());
        }
        "disconnect" => client.try_disconnect()?,
        "reconnect" => again.notify_one(),
        other => {
            let message = format!("{other} is not to be had");
            tell(&json!({ "event": "unsupported", "id": id, "message": message }));
        }
    }
    Ok(())
}

/// Polls the event loop as its users do, and after an error when the judge says so.
async fn listen(mut events: EventLoop, again: Arc<Notify>, tickets: Tickets) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(packet)) => tickets.lock().take_in(packet),
            Ok(Event::Outgoing(packet)) => tickets.lock().note(packet),
            Err(error) => {
                tell(&json!({ "event": "closed", "reason": error.to_string() }));
                again.notified().await;
            }
        }
    }
}

impl Tickets {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take_in(&mut self, packet: Packet) {
        match packet {
            Packet::ConnAck(connack) => {
                if !connack.session_present {
                    // It forgets what it was told before, and so do we.
                    *self = Self::default();
                }
                let session_present = connack.session_present;
                tell(&json!({ "event": "connected", "session_present": session_present }));
            }
            Packet::Publish(publish) => tell(&json!({
                "event": "message",
                "topic": publish.topic,
                "payload": String::from_utf8_lossy(&publish.payload),
                "qos": publish.qos as u8,
                "retain": publish.retain,
            })),
            Packet::PubAck(puback) => self.answered(puback.pkid, "published"),
            Packet::PubComp(pubcomp) => self.answered(pubcomp.pkid, "published"),
            Packet::SubAck(suback) => {
                let codes: Vec<_> = suback.return_codes.iter().map(octet).collect();
                if let Some(id) = self.sent.remove(&suback.pkid) {
                    tell(&json!({ "event": "subscribed", "id": id, "codes": codes }));
                }
            }
            Packet::UnsubAck(unsuback) => {
                let Some(id) = self.sent.get(&unsuback.pkid).and_then(Value::as_u64) else {
                    return;
                };
                let left = self.unanswered.entry(id).or_insert(1);
                *left -= 1;
                if *left == 0 {
                    self.answered(unsuback.pkid, "unsubscribed");
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, packet: Outgoing) {
        match packet {
            Outgoing::Publish(0) => {
                if let Some(id) = self.publishes.pop_front() {
                    tell(&json!({ "event": "published", "id": id }));
                }
            }
            // One that is sent again has its number already.
            Outgoing::Publish(number) if self.sent.contains_key(&number) => {}
            Outgoing::Publish(number) => {
                self.sent.extend(self.publishes.pop_front().map(|id| (number, id)));
            }
            Outgoing::Subscribe(number) => {
                self.sent.extend(self.subscribes.pop_front().map(|id| (number, id)));
            }
            Outgoing::Unsubscribe(number) => {
                self.sent.extend(self.unsubscribes.pop_front().map(|id| (number, id)));
            }
            _ => {}
        }
    }

    fn answered(&mut self, number: u16, event: &str) {
        if let Some(id) = self.sent.remove(&number) {
            tell(&json!({ "event": event, "id": id }));
        }
    }
}

fn options(command: &Value) -> anyhow::Result<MqttOptions> {
    let port = u16::try_from(command["port"].as_u64().context("port")?)?;
    let mut options = MqttOptions::new(text(&command["client_id"])?, text(&command["host"])?, port);
    options.set_clean_session(command["clean_session"] == true);
    let keep_alive = command["keep_alive"].as_u64().context("keep_alive")?;
    options.set_keep_alive(Duration::from_secs(keep_alive));
    // Its default is 10 KiB, which its users may choose.
    options.set_max_packet_size(LARGEST, LARGEST);
    if let Some(username) = command["username"].as_str() {
        options.set_credentials(username, command["password"].as_str().unwrap_or_default());
    }
    if let Some(will) = command.get("will") {
        let (topic, payload) = (text(&will["topic"])?, text(&will["payload"])?);
        let retain = will["retain"] == true;
        options.set_last_will(LastWill::new(topic, payload, qos(&will["qos"])?, retain));
    }
    Ok(options)
}

fn text(value: &Value) -> anyhow::Result<&str> {
    value.as_str().context("no text where one belongs")
}

fn qos(value: &Value) -> anyhow::Result<QoS> {
    match value.as_u64() {
        Some(0) => Ok(QoS::AtMostOnce),
        Some(1) => Ok(QoS::AtLeastOnce),
        Some(2) => Ok(QoS::ExactlyOnce),
        _ => Err(anyhow!("no QoS")),
    }
}

const fn octet(code: &SubscribeReasonCode) -> u8 {
    match code {
        SubscribeReasonCode::Success(qos) => *qos as u8,
        SubscribeReasonCode::Failure => 0x80,
    }
}

fn tell(event: &Value) {
    println!("{event}");
}

/// Requests that wait for the event loop.
const ROOM: usize = 1_000;

/// The largest packet of MQTT.
const LARGEST: usize = 268_435_460;
