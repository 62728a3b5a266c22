//! `mqttspec driver`: the client of this program as the judge of clients drives it, by the lines
//! that conformance/drivers/README.md describes.
//!
//! It takes the client as any program does, from `mqttspec::net`, and adds nothing to it.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use mqttspec::net::{Client, ClientOptions, ConnectionState, Messages, Reconnect};
use mqttspec::packet::{
    Binary, ClientId, Connect, Credentials, OneOrMore, QoS, SubscribeFilter, Text, Will,
};
use mqttspec::session::Message;
use mqttspec::topic::{TopicFilter, TopicName};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::exit::{self, Failed};

/// Be driven by the judge of clients: commands on standard input, events on standard output
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Arguments {
    /// Acknowledge each message by hand, when it has been told
    #[arg(long)]
    manual: bool,
}

/// Carries commands out until there are no more.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(drive(arguments.manual))?;
    Ok(ExitCode::from(exit::OK))
}

async fn drive(manual: bool) -> Result<(), anyhow::Error> {
    tell(&json!({ "event": "ready", "name": "mqttspec", "version": env!("CARGO_PKG_VERSION") }));
    let mut commands = lines();
    let mut client = None;
    while let Some(line) = commands.recv().await {
        let command: Value = serde_json::from_str(&line).context("a command that is no JSON")?;
        let id = command["id"].clone();
        if let Err(error) = carry_out(&command, &mut client, manual).await {
            tell(&json!({ "event": "error", "id": id, "message": format!("{error:#}") }));
        }
    }
    Ok(())
}

/// Standard input, line by line, read on a thread of its own.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn carry_out(
    command: &Value,
    client: &mut Option<Client>,
    manual: bool,
) -> Result<(), anyhow::Error> {
    if command["do"] == "connect" {
        let mut options = options(command)?;
        options.acknowledge_manually = manual;
        match Client::connect(options).await {
            Ok((connected, messages)) => {
                tokio::spawn(listen(messages));
                tokio::spawn(follow(connected.clone()));
                *client = Some(connected);
            }
            Err(error) => tell(&json!({ "event": "closed", "reason": error.to_string() })),
        }
        return Ok(());
    }
    let client = client.clone().context("not connected")?;
    let id = command["id"].clone();
    match command["do"].as_str() {
        Some("publish") => {
            let message = Message {
                topic: TopicName::new(text(&command["topic"])?)?,
                payload: Bytes::from(text(&command["payload"])?.to_owned()),
                qos: qos(&command["qos"])?,
                retain: command["retain"] == true,
            };
            let published = client.begin_publish(message).await?;
            answer(id, "published", published);
        }
        Some("subscribe") => {
            let filters: Vec<_> = list(&command["filters"])?
                .iter()
                .map(|asked| {
                    let filter = TopicFilter::new(text(&asked["filter"])?)?;
                    Ok(SubscribeFilter { filter, qos: qos(&asked["qos"])? })
                })
                .collect::<Result<_, anyhow::Error>>()?;
            let filters = OneOrMore::new(filters).context("no filter")?;
            tokio::spawn(async move {
                match client.subscribe_to_messages(filters).await {
                    Ok(codes) => {
                        let codes: Vec<u8> = codes.iter().map(|code| code.octet()).collect();
                        tell(&json!({ "event": "subscribed", "id": id, "codes": codes }));
                    }
                    Err(error) => failed(id, &error.to_string()),
                }
            });
        }
        Some("unsubscribe") => {
            let filters: Vec<_> = list(&command["filters"])?
                .iter()
                .map(|filter| Ok(TopicFilter::new(text(filter)?)?))
                .collect::<Result<_, anyhow::Error>>()?;
            let filters = OneOrMore::new(filters).context("no filter")?;
            answer(id, "unsubscribed", async move { client.unsubscribe(filters).await });
        }
        Some("disconnect") => client.disconnect().await?,
        // It connects again by itself.
        Some("reconnect") => {}
        Some(other) => {
            let message = format!("{other} is not to be had");
            tell(&json!({ "event": "unsupported", "id": id, "message": message }));
        }
        None => return Err(anyhow!("a command that does not say what to do")),
    }
    Ok(())
}

/// Tells of each message.
async fn listen(mut messages: Messages) {
    while let Ok(Some(message)) = messages.next_unacknowledged().await {
        tell(&json!({
            "event": "message",
            "topic": message.topic.as_str(),
            "payload": String::from_utf8_lossy(&message.payload),
            "qos": message.qos.number(),
            "retain": message.retain,
        }));
        message.acknowledge();
    }
}

/// Tells of each connection, and of its end.
async fn follow(mut client: Client) {
    let mut state = client.state();
    loop {
        match state {
            ConnectionState::Connected { session_present } => {
                tell(&json!({ "event": "connected", "session_present": session_present }));
            }
            ConnectionState::Lost { error, .. } => {
                tell(&json!({ "event": "closed", "reason": error.to_string() }));
            }
            ConnectionState::Ended(error) => {
                tell(&json!({ "event": "closed", "reason": error.to_string() }));
                return;
            }
            _ => {}
        }
        state = client.state_changed().await;
    }
}

/// Tells by `event` that what `done` stands for has come to a good end, or of an error.
fn answer(
    id: Value,
    event: &'static str,
    done: impl Future<Output = Result<(), mqttspec::net::ClientError>> + Send + 'static,
) {
    tokio::spawn(async move {
        match done.await {
            Ok(()) => tell(&json!({ "event": event, "id": id })),
            Err(error) => failed(id, &error.to_string()),
        }
    });
}

fn failed(id: Value, message: &str) {
    tell(&json!({ "event": "error", "id": id, "message": message }));
}

fn tell(event: &Value) {
    // A judge that is gone has heard enough.
    let _ = writeln!(io::stdout().lock(), "{event}");
}

fn options(command: &Value) -> Result<ClientOptions, anyhow::Error> {
    let port = u16::try_from(command["port"].as_u64().context("no port")?)?;
    let mut options = match command["websocket"].as_str() {
        None => ClientOptions::new(text(&command["host"])?, port),
        Some(path) => {
            let host = text(&command["host"])?;
            ClientOptions::from(
                format!("ws://{host}:{port}{path}").parse::<mqttspec::net::Endpoint>()?,
            )
        }
    };
    let client_id = ClientId::new(field(&command["client_id"])?);
    let keep_alive = u16::try_from(command["keep_alive"].as_u64().unwrap_or(60))?;
    let mut connect = Connect::new(&client_id)
        .with_keep_alive_seconds(keep_alive)
        .with_clean_session(command["clean_session"] != false);
    if let Some(username) = command["username"].as_str() {
        let user_name = Text::new(username).context("a user name that is no text of MQTT")?;
        let password = command["password"].as_str().map(data).transpose()?;
        connect = connect.with_credentials(&Credentials { user_name, password });
    }
    if let Some(will) = command.get("will") {
        connect = connect.with_will(&Will {
            topic: TopicName::new(text(&will["topic"])?)?,
            message: data(text(&will["payload"])?)?,
            qos: qos(&will["qos"])?,
            retain: will["retain"] == true,
        });
    }
    options.connect = connect;
    // How long to wait for a Server that says nothing is up to the program, and this one is judged.
    options.limits.answer_wait = Duration::from_secs(3);
    let mut reconnect = Reconnect::default();
    reconnect.first_wait = SHORT;
    reconnect.longest_wait = SHORT;
    options.reconnect = Some(reconnect);
    Ok(options)
}

fn text(value: &Value) -> Result<&str, anyhow::Error> {
    value.as_str().context("no text where one belongs")
}

fn field(value: &Value) -> Result<Text, anyhow::Error> {
    Text::new(text(value)?).context("no text of MQTT")
}

fn data(text: &str) -> Result<Binary, anyhow::Error> {
    Ok(Binary::new(text.to_owned())?)
}

fn list(value: &Value) -> Result<&Vec<Value>, anyhow::Error> {
    value.as_array().context("no list where one belongs")
}

fn qos(value: &Value) -> Result<QoS, anyhow::Error> {
    let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
    number.and_then(QoS::from_number).context("no QoS")
}

/// The judge has no need to be spared, but has to see that the connection was lost.
const SHORT: Duration = Duration::from_millis(50);
