//! Drives paho-mqtt, the client in C with a face for Rust: tests/paho builds it.
//!
//! Commands on standard input, events on standard output; README.md has both.

use std::io::stdin;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use paho_mqtt::{
    AsyncClient, ConnectOptions, ConnectOptionsBuilder, ConnectToken, CreateOptionsBuilder,
    Message, MqttVersion, PersistenceType, Result,
};
use serde_json::{Value, json};

pub(crate) fn main() {
    tell(&json!({ "event": "ready", "name": "paho-mqtt (Rust)", "version": "0.14" }));
    let mut client = None;
    for line in stdin().lines().map_while(std::result::Result::ok) {
        let command: Value = serde_json::from_str(&line).expect("the judge speaks JSON");
        // Text that C cannot have makes it panic.
        let done = catch_unwind(AssertUnwindSafe(|| carry_out(&command, &mut client)));
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failed(&command["id"], &error.to_string()),
            Err(_) => failed(&command["id"], "paho-mqtt panics"),
        }
    }
}

fn carry_out(command: &Value, client: &mut Option<AsyncClient>) -> Result<()> {
    if command["do"] == "connect" {
        *client = Some(connect(command)?);
        return Ok(());
    }
    match client {
        Some(client) => act(command, client),
        None => failed(&command["id"], "not connected"),
    }
    Ok(())
}

fn connect(command: &Value) -> Result<AsyncClient> {
    let (host, port) = (text(&command["host"]), &command["port"]);
    let url = match command["websocket"].as_str() {
        Some(path) => format!("ws://{host}:{port}{path}"),
        None => format!("tcp://{host}:{port}"),
    };
    let options = CreateOptionsBuilder::new()
        .server_uri(url)
        .client_id(text(&command["client_id"]))
        .mqtt_version(MqttVersion::V3_1_1)
        // In memory, and not in files where the judge was started.
        .persistence(PersistenceType::None)
        .finalize();
    let client = AsyncClient::new(options)?;
    client.set_connection_lost_callback(|_| tell(&json!({ "event": "closed" })));
    client.set_message_callback(|_, message| {
        if let Some(message) = message {
            tell(&json!({
                "event": "message",
                "topic": message.topic(),
                "payload": message.payload_str(),
                "qos": message.qos() as u8,
                "retain": message.retained(),
            }));
        }
    });
    greet(client.connect(connect_options(command)));
    Ok(client)
}

fn connect_options(command: &Value) -> ConnectOptions {
    let mut options = ConnectOptionsBuilder::with_mqtt_version(MqttVersion::V3_1_1);
    let keep_alive = command["keep_alive"].as_u64().unwrap_or_default();
    options.keep_alive_interval(Duration::from_secs(keep_alive));
    options.clean_session(command["clean_session"] == true);
    if let Some(username) = command["username"].as_str() {
        options.user_name(username);
    }
    if let Some(password) = command["password"].as_str() {
        options.password(password);
    }
    if let Some(will) = command.get("will") {
        options.will_message(message(will));
    }
    options.finalize()
}

/// Tells what comes of an attempt to connect.
fn greet(connecting: ConnectToken) {
    thread::spawn(move || match connecting.wait() {
        Ok(answer) => {
            let present = answer.connect_response().map(|connack| connack.session_present);
            tell(&json!({ "event": "connected", "session_present": present }));
        }
        Err(error) => tell(&json!({ "event": "closed", "reason": error.to_string() })),
    });
}

fn act(command: &Value, client: &AsyncClient) {
    let id = command["id"].clone();
    let filters = command["filters"].as_array().into_iter().flatten();
    match text(&command["do"]) {
        "publish" => {
            let publishing = client.publish(message(command));
            answer(id, "published", move || publishing.wait());
        }
        "subscribe" => {
            let (filters, levels): (Vec<_>, Vec<_>) = filters
                .map(|asked| (text(&asked["filter"]).to_owned(), number(&asked["qos"])))
                .unzip();
            let subscribing = client.subscribe_many(&filters, &levels);
            thread::spawn(move || match subscribing.wait() {
                Ok(answer) => tell(
                    &json!({ "event": "subscribed", "id": id, "codes": answer.subscribe_many_response() }),
                ),
                Err(error) => failed(&id, &error.to_string()),
            });
        }
        "unsubscribe" => {
            let filters: Vec<_> = filters.map(|filter| text(filter).to_owned()).collect();
            let unsubscribing = client.unsubscribe_many(&filters);
            answer(id, "unsubscribed", move || unsubscribing.wait().map(drop));
        }
        "disconnect" => {
            let leaving = client.disconnect(None);
            thread::spawn(move || {
                let reason = leaving.wait().err().map(|error| error.to_string());
                tell(&json!({ "event": "closed", "reason": reason }));
            });
        }
        "reconnect" => greet(client.reconnect()),
        other => {
            let message = format!("{other} is not to be had");
            tell(&json!({ "event": "unsupported", "id": id, "message": message }));
        }
    }
}

/// Tells by `event` that `done` has come to a good end, or of an error.
fn answer(id: Value, event: &'static str, done: impl FnOnce() -> Result<()> + Send + 'static) {
    thread::spawn(move || match done() {
        Ok(()) => tell(&json!({ "event": event, "id": id })),
        Err(error) => failed(&id, &error.to_string()),
    });
}

fn message(fields: &Value) -> Message {
    let (topic, payload) = (text(&fields["topic"]), text(&fields["payload"]));
    let qos = number(&fields["qos"]);
    if fields["retain"] == true {
        Message::new_retained(topic, payload, qos)
    } else {
        Message::new(topic, payload, qos)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> i32 {
    value.as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
}

fn failed(id: &Value, message: &str) {
    tell(&json!({ "event": "error", "id": id, "message": message }));
}

fn tell(event: &Value) {
    println!("{event}");
}
