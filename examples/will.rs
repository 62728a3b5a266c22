//! Says whether it is there, so that others may know: a retained `online` while it is, a retained
//! `offline` when it goes, and by the Will the same from the Server when it goes without a word.
//!
//! `mqttspec broker` starts a broker to try it with, and `mqttspec sub -t 'status/#' -v` shows what
//! it says: end it by Ctrl-C, and by `kill -9`. Run as `cargo run --example will -- mqtt://localhost`.

use std::future::Future;

use anyhow::Context as _;
use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, ServerUrl};
use mqttspec::packet::{Binary, ClientId, Connect, QoS, Text, Will};
use mqttspec::session::Message;
use mqttspec::topic::TopicName;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "mqtt://localhost".to_owned());
    be_there(url.parse()?, async { drop(tokio::signal::ctrl_c().await) }).await
}

pub(crate) async fn be_there(url: ServerUrl, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let topic = TopicName::new("status/sensor-7")?;
    let status = |payload| Message {
        topic: topic.clone(),
        payload: Bytes::from_static(payload),
        qos: QoS::AtLeastOnce,
        retain: true,
    };
    let will = Will {
        topic: topic.clone(),
        message: Binary::new("offline")?,
        qos: QoS::AtLeastOnce,
        retain: true,
    };

    let mut options = ClientOptions::from(url);
    let client_id = ClientId::new(Text::new("sensor-7").context("not a name")?);
    // The Server publishes the Will when it has heard nothing for one and a half times as long.
    options.connect = Connect::new(&client_id).with_keep_alive_seconds(10).with_will(&will);
    let (client, _) = Client::connect(options).await?;

    client.publish(status(b"online")).await?;
    stop.await;
    // DISCONNECT discards the Will, so that the last word is ours.
    client.publish(status(b"offline")).await?;
    client.disconnect().await?;
    Ok(())
}
