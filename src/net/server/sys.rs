//! What the server says of itself as messages: `$SYS/broker/…`, by the names that mosquitto gave.
//!
//! They are retained, end with the server, and no Client can write them. Only what has changed is
//! published.
//!
//! Clauses: [MQTT-4.7.2-1] keeps them from those who subscribe to `#`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};

use super::Common;
use super::figures::Figures;
use crate::packet::QoS;
use crate::session::Message;
use crate::topic::TopicName;

/// Says what the server is, and every so often what it counts, for ever.
pub(super) async fn publish_figures(common: &Common, every: Duration) {
    let mut ticks = interval(every);
    // After a pause of the whole machine one report is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = BTreeMap::new();
    let mut loads = Loads::new(Instant::now());
    loop {
        ticks.tick().await;
        let figures = common.figures();
        loads.update(Instant::now(), figures.flows());
        let values = figures.values().into_iter().chain(loads.values());
        for (name, value) in values {
            if told.get(&name) != Some(&value) {
                common.broker.publish(message(&name, value.clone()));
                told.insert(name, value);
            }
        }
    }
}

/// The message by which brokers say what they are.
pub(super) fn version() -> Message {
    message("version", concat!("mqttspec ", env!("CARGO_PKG_VERSION")).to_owned())
}

fn message(name: &str, value: String) -> Message {
    let topic = TopicName::new(format!("$SYS/broker/{name}")).expect("it is a Topic Name");
    Message { topic, payload: Bytes::from(value), qos: QoS::AtMostOnce, retain: true }
}

impl Figures {
    /// What the topics below `$SYS/broker/` say, but for the loads.
    fn values(&self) -> Vec<(String, String)> {
        let moved = &self.moved;
        let disconnected = self.sessions.saturating_sub(self.clients);
        [
            ("uptime", format!("{} seconds", self.uptime.as_secs())),
            ("clients/connected", self.clients.to_string()),
            ("clients/disconnected", disconnected.to_string()),
            ("clients/total", (self.clients + disconnected).to_string()),
            ("clients/expired", self.sessions_expired.to_string()),
            ("clients/maximum", self.most_clients.to_string()),
            ("messages/received", moved.packets_received.to_string()),
            ("messages/sent", moved.packets_sent.to_string()),
            ("publish/messages/received", moved.messages_received.to_string()),
            ("publish/messages/sent", moved.messages_sent.to_string()),
            ("publish/messages/dropped", self.messages_dropped.to_string()),
            ("publish/bytes/received", moved.payload_received.to_string()),
            ("publish/bytes/sent", moved.payload_sent.to_string()),
            ("bytes/received", moved.octets_received.to_string()),
            ("bytes/sent", moved.octets_sent.to_string()),
            ("subscriptions/count", self.subscriptions.to_string()),
            ("retained messages/count", self.retained_messages.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// What the averages under `load/` are of.
    fn flows(&self) -> [u64; FLOWS.len()] {
        let moved = &self.moved;
        [
            moved.packets_received,
            moved.packets_sent,
            moved.octets_received,
            moved.octets_sent,
            moved.messages_received,
            moved.messages_sent,
            self.messages_dropped,
            self.connects_accepted,
            self.connections_opened,
        ]
    }
}

/// The names under `load/`, in the order of [`Figures::flows`].
const FLOWS: [&str; 9] = [
    "messages/received",
    "messages/sent",
    "bytes/received",
    "bytes/sent",
    "publish/received",
    "publish/sent",
    "publish/dropped",
    "connections",
    "sockets",
];

/// Over how many minutes the averages are, and what they are called.
const SPANS: [(f64, &str); 3] = [(1.0, "1min"), (5.0, "5min"), (15.0, "15min")];

/// Moving averages of what comes a minute, older minutes counting for less and less.
#[derive(Debug)]
struct Loads {
    at: Instant,
    before: [u64; FLOWS.len()],
    averages: [[f64; SPANS.len()]; FLOWS.len()],
}

impl Loads {
    const fn new(at: Instant) -> Self {
        Self { at, before: [0; FLOWS.len()], averages: [[0.0; SPANS.len()]; FLOWS.len()] }
    }

    fn update(&mut self, now: Instant, flows: [u64; FLOWS.len()]) {
        let minutes = (now - self.at).as_secs_f64() / 60.0;
        if minutes <= 0.0 {
            return;
        }
        self.at = now;
        for (flow, averages) in self.averages.iter_mut().enumerate() {
            let came = flows[flow].saturating_sub(self.before[flow]);
            let rate = came as f64 / minutes;
            for ((span, _), average) in SPANS.iter().zip(averages) {
                *average = rate + (-minutes / span).exp() * (*average - rate);
            }
        }
        self.before = flows;
    }

    fn values(&self) -> Vec<(String, String)> {
        let flows = FLOWS.iter().zip(&self.averages);
        let values = flows.flat_map(|(flow, averages)| {
            SPANS.iter().zip(averages).map(move |((_, span), average)| {
                (format!("load/{flow}/{span}"), format!("{average:.2}"))
            })
        });
        values.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_approach_the_rate_the_faster_the_shorter_they_are() {
        let start = Instant::now();
        let mut loads = Loads::new(start);
        let minute = Duration::from_secs(60);
        for minutes in 1..=5 {
            loads.update(start + minutes * minute, [u64::from(minutes) * 100; FLOWS.len()]);
        }
        let values: BTreeMap<_, _> = loads.values().into_iter().collect();
        // 100 a minute, less what e to the power of -5, -1 and -1/3 leaves of nothing.
        assert_eq!(values["load/messages/received/1min"], "99.33");
        assert_eq!(values["load/messages/received/5min"], "63.21");
        assert_eq!(values["load/sockets/15min"], "28.35");
        assert_eq!(values.len(), FLOWS.len() * SPANS.len());
    }
}
