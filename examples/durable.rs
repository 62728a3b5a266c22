//! Publishes what must not be lost: a message that was handed over survives the end of the process,
//! and the next one brings it to its end.
//!
//! `mqttspec broker` starts a broker to try it with, and `mqttspec sub -t orders -q 2` shows what
//! arrives. Kill this whenever you like, and run it again:
//! `cargo run --example durable -- mqtt://localhost FOLDER`.

use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, Reconnect, ServerUrl};
use mqttspec::packet::{ClientId, Connect, QoS, Text};
use mqttspec::session::Message;
use mqttspec::store::{Redb, Syncing};
use mqttspec::topic::TopicName;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "mqtt://localhost".to_owned());
    let folder = arguments.next().context("which folder?")?;
    order(url.parse()?, folder.as_ref(), 1_000).await
}

pub(crate) async fn order(url: ServerUrl, folder: &Path, count: u32) -> anyhow::Result<()> {
    let mut options = ClientOptions::from(url);
    let name = Text::new("durable-example").context("not a name")?;
    options.connect = Connect::new(&ClientId::new(name)).with_clean_session(false);
    options.reconnect = Some(Reconnect::default());
    // One process at a time has the store; what the one before has left is sent first.
    let store = Redb::open_client(folder, Syncing::Always)?;
    let (client, _) = Client::connect_durable(options, store).await?;

    let topic = TopicName::new("orders")?;
    let mut on_their_way = Vec::new();
    for number in 0..count {
        let payload = Bytes::from(number.to_string());
        let message =
            Message { topic: topic.clone(), payload, qos: QoS::ExactlyOnce, retain: false };
        on_their_way.push(client.begin_publish(message).await?);
    }
    // Whatever happens to network and Server meanwhile, this ends with the last PUBCOMP.
    for publishing in on_their_way {
        publishing.await?;
    }
    client.disconnect().await?;
    Ok(())
}
