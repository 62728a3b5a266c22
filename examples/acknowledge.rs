//! Deals with messages of which none may be lost, whatever happens to this program meanwhile: each is
//! acknowledged when it has been dealt with, and not when it has arrived.
//!
//! `mqttspec broker` starts a broker to try it with, and `mqttspec pub -t orders -q 1 -l` publishes
//! the lines that you type: `cargo run --example acknowledge`. Kill it whenever you like.

use std::io::{self, Write};

use anyhow::Context as _;
use mqttspec::net::{Client, ClientOptions, Reconnect, ServerUrl};
use mqttspec::packet::{ClientId, Connect, QoS, SubscribeFilter, Text};
use mqttspec::session::Message;
use mqttspec::topic::TopicFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "mqtt://localhost".to_owned());
    work(url.parse()?, |message| {
        // Whatever makes it safe: a transaction, a file that is synced, the answer of another server.
        let payload = String::from_utf8_lossy(&message.payload);
        writeln!(io::stdout(), "{payload}")
    })
    .await
}

pub(crate) async fn work(
    url: ServerUrl,
    mut deal_with: impl FnMut(&Message) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut options = ClientOptions::from(url);
    // The Server keeps what is not acknowledged, and knows by the name whom it is for.
    let name = Text::new("acknowledge-example").context("not a name")?;
    options.connect = Connect::new(&ClientId::new(name)).with_clean_session(false);
    options.reconnect = Some(Reconnect::default());
    options.acknowledge_manually = true;
    let (client, mut messages) = Client::connect(options).await?;

    // Into `messages`, where those of the last time have come already.
    let filter = TopicFilter::new("orders")?;
    let wanted = SubscribeFilter { filter, qos: QoS::AtLeastOnce };
    let subscribing = client.clone();
    let subscribed = tokio::spawn(async move { subscribing.subscribe_to_messages(wanted).await });
    while let Some(message) = messages.next_unacknowledged().await? {
        // An error leaves here with the message unacknowledged: it comes again.
        deal_with(&message)?;
        message.acknowledge();
    }
    subscribed.await??;
    Ok(())
}
