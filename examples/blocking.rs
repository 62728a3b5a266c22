//! A script without `async`: asks a question, and waits for the answers for a while.
//!
//! `mqttspec broker` starts a broker to try it with. Run as
//! `cargo run --example blocking -- mqtt://localhost`, and answer by
//! `mqttspec pub -t answers/1 -m me`.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use mqttspec::net::{ClientOptions, ServerUrl, blocking};
use mqttspec::packet::{QoS, SubscribeFilter};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};

fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "mqtt://localhost".to_owned());
    ask(url.parse()?, Duration::from_secs(10), std::io::stdout())
}

pub(crate) fn ask(url: ServerUrl, wait: Duration, mut out: impl Write) -> anyhow::Result<()> {
    let (client, _) = blocking::Client::connect(ClientOptions::from(url))?;
    let filter = TopicFilter::new("answers/#")?;
    let mut answers = client.subscribe(SubscribeFilter { filter, qos: QoS::AtLeastOnce })?;
    // From here on no answer is missed.
    answers.granted()?;

    let (topic, payload) = (TopicName::new("questions")?, Bytes::from_static(b"who is there?"));
    client.publish(Message { topic, payload, qos: QoS::AtLeastOnce, retain: false })?;
    // A thread of its own serves the connection, however long this takes over an answer.
    while let Some(answer) = answers.next_within(wait)? {
        writeln!(out, "{} {}", answer.topic, String::from_utf8_lossy(&answer.payload))?;
    }
    client.disconnect()?;
    Ok(())
}
