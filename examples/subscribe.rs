//! Subscribes and prints what comes, until Ctrl-C or until the Server goes away.
//!
//! `mqttspec broker` starts a broker to try it with, and `cargo run --example publish` gives it
//! something to say. Run as `cargo run --example subscribe -- localhost 1883`.

use std::io::Write as _;

use anyhow::Context as _;
use mqttspec::net::{Client, ClientOptions};
use mqttspec::packet::{ClientId, Connect, QoS, SubackCode, SubscribeFilter, Text};
use mqttspec::topic::TopicFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let host = arguments.next().unwrap_or_else(|| "localhost".to_owned());
    let port = arguments.next().map_or(Ok(1883), |port| port.parse()).context("not a port")?;

    // A Session with a name outlives the connection: the next run gets what came in between.
    let mut options = ClientOptions::new(host, port);
    let name = Text::new("subscribe-example").context("not a name")?;
    options.connect = Connect::new(&ClientId::new(name)).with_clean_session(false);
    // Nothing is acknowledged before it is asked for, so that Ctrl-C loses nothing.
    options.messages = 0;
    let (client, mut messages) = Client::connect(options).await?;

    // Printing goes on meanwhile: a kept Session may have messages before any answer comes.
    let subscribing = {
        let client = client.clone();
        let filter = TopicFilter::new("sensors/#")?;
        let wanted = SubscribeFilter { filter, qos: QoS::ExactlyOnce };
        tokio::spawn(async move { client.subscribe_to_messages(wanted).await })
    };
    let printing = async {
        let mut out = std::io::stdout();
        while let Some(message) = messages.next().await? {
            let payload = String::from_utf8_lossy(&message.payload);
            writeln!(out, "{} {payload}", message.topic)?;
        }
        anyhow::Ok(())
    };
    let granting = async {
        if subscribing.await??.contains(&SubackCode::Failure) {
            anyhow::bail!("the Server refused the subscription");
        }
        tokio::signal::ctrl_c().await?;
        client.disconnect().await?;
        anyhow::Ok(())
    };
    tokio::try_join!(printing, granting)?;
    Ok(())
}
