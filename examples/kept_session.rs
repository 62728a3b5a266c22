//! Gets what came while it was away: a Session with a name outlives the connection.
//!
//! `mqttspec broker` starts a broker to try it with. Run this, end it by Ctrl-C, publish by
//! `mqttspec pub -t sensors/1 -m 21.5 -q 1`, and run it again:
//! `cargo run --example kept_session -- mqtt://localhost`.

use std::io::Write;

use anyhow::Context as _;
use mqttspec::net::{Client, ClientOptions, ServerUrl};
use mqttspec::packet::{ClientId, Connect, QoS, SubackCode, SubscribeFilter, Text};
use mqttspec::topic::TopicFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "mqtt://localhost".to_owned());
    tokio::select! {
        ended = listen(url.parse()?, std::io::stdout()) => ended,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

pub(crate) async fn listen(url: ServerUrl, mut out: impl Write) -> anyhow::Result<()> {
    let mut options = ClientOptions::from(url);
    let name = Text::new("kept-session-example").context("not a name")?;
    options.connect = Connect::new(&ClientId::new(name)).with_clean_session(false);
    // Nothing is acknowledged before it is asked for, so that Ctrl-C loses nothing.
    options.messages = 0;
    // What the Session has kept comes at once, before anybody could subscribe: into the stream of
    // messages that no subscription of this program has asked for.
    let (client, mut messages) = Client::connect(options).await?;

    let subscribing = async {
        if !client.session_present() {
            let filter = TopicFilter::new("sensors/#")?;
            let wanted = SubscribeFilter { filter, qos: QoS::ExactlyOnce };
            if client.subscribe_to_messages(wanted).await?.contains(&SubackCode::Failure) {
                anyhow::bail!("the Server refused the subscription");
            }
        }
        Ok(())
    };
    let printing = async {
        while let Some(message) = messages.next().await? {
            let payload = String::from_utf8_lossy(&message.payload);
            writeln!(out, "{} {payload}", message.topic)?;
        }
        anyhow::Ok(())
    };
    // At the same time: messages may come before the answer to the subscription.
    tokio::try_join!(subscribing, printing)?;
    Ok(())
}
