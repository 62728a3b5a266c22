//! Publishes a few readings at QoS 1, all on their way at once, and waits for every PUBACK.
//!
//! `mqttspec broker` starts a broker to try it with, and `mqttspec sub -t 'sensors/#' -v` shows
//! what arrives. Run as `cargo run --example publish -- mqtt://localhost`.

use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, ServerUrl};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use mqttspec::topic::TopicName;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "mqtt://localhost".to_owned());
    publish(url.parse()?).await
}

pub(crate) async fn publish(url: ServerUrl) -> anyhow::Result<()> {
    // Nothing is received here, so the stream of messages is dropped at once.
    let (client, _) = Client::connect(ClientOptions::from(url)).await?;

    // A name is checked where it is made, and nowhere after.
    let topic = TopicName::new("sensors/1/celsius")?;
    let mut on_their_way = Vec::new();
    for reading in ["21.5", "21.6", "21.4"] {
        let payload = Bytes::from_static(reading.as_bytes());
        let message =
            Message { topic: topic.clone(), payload, qos: QoS::AtLeastOnce, retain: false };
        // Waits for a place, not for the answer; the order of the calls is that on the network.
        on_their_way.push(client.begin_publish(message).await?);
    }
    for publishing in on_their_way {
        publishing.await?;
    }

    // One message at a time is shorter: this returns with the PUBCOMP of QoS 2.
    let payload = Bytes::from_static(b"done");
    client.publish(Message { topic, payload, qos: QoS::ExactlyOnce, retain: true }).await?;

    client.disconnect().await?;
    Ok(())
}
