//! What the broker counts, in the text format of OpenMetrics, which Prometheus reads.
//!
//! Everything is summed up when it is asked for; nothing is counted twice for it. Clients are no
//! labels: there may be a million of them.

use std::fmt;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::{Shared, aside};
use crate::net::server::{Figures, SessionSums};

const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn metrics(shared: State<Shared>) -> Result<impl IntoResponse, Response> {
    let (figures, sums) =
        aside(move || (shared.control().figures(), shared.session_sums().0)).await?;
    Ok(([(header::CONTENT_TYPE, FORMAT)], text(figures, sums)))
}

fn text(figures: Figures, sums: SessionSums) -> String {
    let mut registry = Registry::with_prefix("mqttspec");
    registry.register_collector(Box::new(Now { figures, sums }));
    let mut text = String::new();
    encode(&mut text, &registry).expect("a text takes all that is written to it");
    text
}

/// What was counted so far.
#[derive(Debug)]
struct Now {
    figures: Figures,
    sums: SessionSums,
}

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self { figures, sums } = self;
        let moved = &figures.moved;
        let count = |count: usize| count as u64;
        for (name, help, value) in [
            ("uptime_seconds", "How long the broker has served", figures.uptime.as_secs()),
            ("state_kept", "1 while state can be kept, else 0", figures.can_keep.into()),
            ("connections", "Network Connections that are open", count(figures.connections)),
            ("clients", "Clients that are connected", count(figures.clients)),
            ("clients_maximum", "The most Clients at once", count(figures.most_clients)),
            ("sessions", "Sessions, of Clients connected and absent", count(figures.sessions)),
            ("subscriptions", "Subscriptions of all Sessions", count(figures.subscriptions)),
            ("retained_messages", "Retained messages", count(figures.retained_messages)),
            ("retained_bytes", "Their topics and payloads", count(figures.retained_octets)),
            ("queued_messages", "Messages that wait for Clients", sums.queued_messages),
            ("queued_bytes", "Their topics and payloads", sums.queued_octets),
            ("in_flight_messages", "Messages of QoS 1 and 2 without an answer", sums.in_flight),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(metric)?;
        }
        for (name, help, value) in [
            ("connections_opened", "Connections that reached MQTT", figures.connections_opened),
            ("handshakes_failed", "Connections that did not reach MQTT", figures.not_greeted),
            ("connects_accepted", "CONNECT Packets accepted", figures.connects_accepted),
            ("packets_received", "Control Packets from Clients", moved.packets_received),
            ("packets_sent", "Control Packets to Clients", moved.packets_sent),
            ("publishes_received", "PUBLISH Packets from Clients", moved.messages_received),
            ("publishes_sent", "PUBLISH Packets to Clients", moved.messages_sent),
            ("received_bytes", "Octets of MQTT from Clients", moved.octets_received),
            ("sent_bytes", "Octets of MQTT to Clients", moved.octets_sent),
            ("payload_received_bytes", "Octets of payload from Clients", moved.payload_received),
            ("payload_sent_bytes", "Octets of payload to Clients", moved.payload_sent),
            (
                "sessions_expired",
                "Sessions without their Client for long",
                figures.sessions_expired,
            ),
            ("messages_dropped", "Messages without room in a queue", figures.messages_dropped),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(metric)?;
        }
        let closed = figures.closed.iter().map(|(&reason, &times)| (reason, times));
        counters(&mut encoder, "connections_closed", "Connections ended", "reason", closed)?;
        let violations = figures.violations.iter().map(|(&id, &times)| (id, times));
        let help = "Times that Clients broke a statement of the standard";
        counters(&mut encoder, "violations", help, "statement", violations)?;
        let reached = figures.bounds.iter().map(|bound| (bound.name, bound.reached));
        counters(&mut encoder, "limit_reached", "Times a limit was reached", "limit", reached)?;
        let help = "What each limit allows, as configured; 0 for no bound";
        let mut metric = encoder.encode_descriptor("limit", help, None, MetricType::Gauge)?;
        for bound in &figures.bounds {
            metric.encode_family(&[("limit", bound.name)])?.encode_gauge(&bound.limit)?;
        }
        let help = "What runs here";
        let mut metric = encoder.encode_descriptor("build", help, None, MetricType::Info)?;
        metric.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }
}

/// A counter for each value of a label.
fn counters<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    values: impl Iterator<Item = (&'a str, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, times) in values {
        let labels = [(label, value)];
        metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&times, None)?;
    }
    Ok(())
}
