//! Connects over TLS, to a Server whose certificate an authority of your own has signed, and shows
//! a certificate of its own if there is one.
//!
//! Run as `cargo run --example tls -- mqtts://localhost ca.pem [client.pem client.key]`. With
//! `wss://HOST/PATH` it is WebSocket above the same.

use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, Pem, ServerUrl, TlsIdentity};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use mqttspec::topic::TopicName;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "mqtts://localhost".to_owned());
    let ca = arguments.next().context("which authority?")?;
    let identity = match (arguments.next(), arguments.next()) {
        (Some(certificate), Some(key)) => Some(TlsIdentity {
            certificate: PathBuf::from(certificate).into(),
            key: PathBuf::from(key).into(),
        }),
        _ => None,
    };
    greet(url.parse()?, PathBuf::from(ca).into(), identity).await
}

pub(crate) async fn greet(
    url: ServerUrl,
    ca: Pem,
    identity: Option<TlsIdentity>,
) -> anyhow::Result<()> {
    let mut options = ClientOptions::from(url);
    // Without it the authorities count that the system trusts.
    options.tls.ca = Some(ca);
    options.tls.identity = identity;
    let (client, _) = Client::connect(options).await?;

    let (topic, payload) = (TopicName::new("greetings")?, Bytes::from_static(b"in private"));
    client.publish(Message { topic, payload, qos: QoS::AtLeastOnce, retain: true }).await?;
    client.disconnect().await?;
    Ok(())
}
