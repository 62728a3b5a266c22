//! A broker within a program, on TCP and WebSocket, and a client of it.
//!
//! Run as `cargo run --example embedded_broker`, and listen by the URL that it prints.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, Server, ServerOptions};
use mqttspec::packet::QoS;
use mqttspec::session::Message;
use mqttspec::topic::TopicName;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    serve(60, Duration::from_secs(1), std::io::stdout()).await
}

pub(crate) async fn serve(ticks: u32, pause: Duration, mut out: impl Write) -> anyhow::Result<()> {
    let mut options = ServerOptions::default();
    // The system chooses the ports.
    options.listen = vec!["mqtt://127.0.0.1:0".parse()?, "ws://127.0.0.1:0/mqtt".parse()?];
    let server = Server::bind(options).await?;
    for listen in server.listening() {
        writeln!(out, "listening on {listen}")?;
    }
    let address = server.addresses()[0];
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async { drop(stopped.await) }));

    let options = ClientOptions::new(address.ip().to_string(), address.port());
    let (client, _) = Client::connect(options).await?;
    let topic = TopicName::new("ticks")?;
    for tick in 0..ticks {
        let payload = Bytes::from(tick.to_string());
        let message =
            Message { topic: topic.clone(), payload, qos: QoS::AtLeastOnce, retain: true };
        client.publish(message).await?;
        tokio::time::sleep(pause).await;
    }
    client.disconnect().await?;

    // In good order: the Wills of those who are still there are published first.
    drop(stop);
    let stopped = serving.await?;
    writeln!(out, "stopped with {} connections open", stopped.connections)?;
    Ok(())
}
