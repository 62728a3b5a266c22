//! Subscribes and prints what comes until Ctrl-C, over lost connections: each subscription has a
//! stream of its own.
//!
//! `mqttspec broker` starts a broker to try it with, and `cargo run --example publish` gives it
//! something to say. Run as `cargo run --example subscribe -- mqtt://localhost`.

use std::io::Write;

use mqttspec::net::{Client, ClientOptions, Reconnect, ServerUrl};
use mqttspec::packet::{QoS, SubscribeFilter};
use mqttspec::topic::TopicFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "mqtt://localhost".to_owned());
    tokio::select! {
        ended = subscribe(url.parse()?, std::io::stdout()) => ended,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

pub(crate) async fn subscribe(url: ServerUrl, mut out: impl Write) -> anyhow::Result<()> {
    let mut options = ClientOptions::from(url);
    // When the connection is lost it is opened again, and the Server asked for both once more.
    options.reconnect = Some(Reconnect::default());
    let (client, _) = Client::connect(options).await?;

    let wanted = |filter| {
        Ok::<_, anyhow::Error>(SubscribeFilter {
            filter: TopicFilter::new(filter)?,
            qos: QoS::AtLeastOnce,
        })
    };
    let mut readings = client.subscribe(wanted("sensors/+/celsius")?).await?;
    let mut alarms = client.subscribe(wanted("alarms/#")?).await?;
    // The Server may refuse, and this is where it shows.
    readings.granted().await?;
    alarms.granted().await?;

    loop {
        let (what, message) = tokio::select! {
            reading = readings.next() => ("reading", reading?),
            alarm = alarms.next() => ("alarm", alarm?),
        };
        // None comes after a disconnect, by whatever handle.
        let Some(message) = message else { return Ok(()) };
        let payload = String::from_utf8_lossy(&message.payload);
        writeln!(out, "{what} {} {payload}", message.topic)?;
    }
}
