//! The conversations of `fixtures/`, played by a player that knows nothing of the judge: with the
//! reference broker, with brokers that are wrong, with one that we did not write, and with our own
//! client.

#[path = "support/broker.rs"]
mod broker;
#[path = "../fixtures/examples/replay/player.rs"]
mod player;
#[path = "support/tested_client.rs"]
mod tested_client;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use broker::Broker;
use mqttspec_conformance::Target;
use mqttspec_conformance::sabotage::{Proxy, Sabotage};
use mqttspec_fixtures::{Conversation, Need, Subject, conversations};
use player::server::Server;
use tested_client::TestedClient;

/// How long a broker may take for anything. Nobody waits so long but for a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same where failures are what is looked for, and silence is one of them.
const HASTE: Duration = Duration::from_secs(2);

fn for_servers() -> impl Iterator<Item = &'static Conversation> {
    conversations().filter(|it| it.subject == Subject::Server)
}

/// Those that need nothing.
fn plain() -> Vec<&'static Conversation> {
    for_servers().filter(|it| it.needs.is_empty()).collect()
}

/// Those that need WebSockets.
fn over_websocket() -> Vec<&'static Conversation> {
    for_servers().filter(|it| it.needs == [Need::WebSocket]).collect()
}

/// Those over which the Server ends, in one of these ways.
fn over_an_end(ends: &[Need]) -> Vec<&'static Conversation> {
    for_servers().filter(|it| it.needs.iter().any(|need| ends.contains(need))).collect()
}

fn nearby() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// An address that nobody listens on, for who has to be found there again after a restart.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(nearby()).expect("a free port");
    listener.local_addr().expect("an address")
}

/// The broker with its state in a folder, and a way to start it again.
fn durable_broker(folder: &tempfile::TempDir) -> Server {
    let address = free_address();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqttspec"));
    command.args(["broker", "--bind", &address.to_string(), "--data-dir"]).arg(folder.path());
    command.env_remove("MQTTSPEC_LOG").env_remove("MQTTSPEC_VOLATILE");
    command.stderr(std::process::Stdio::null());
    Server::start(command, address, PATIENCE).expect("it starts")
}

fn told(failures: &[(&Conversation, player::Failure)]) -> String {
    let line = |(it, failure): &(&Conversation, player::Failure)| format!("{} {failure}", it.id);
    failures.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_broker_does_what_every_conversation_asks() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let failures = player::play_all(&plain(), &mut Server::at(broker.address), PATIENCE);
    assert!(failures.is_empty(), "{}", told(&failures));
}

#[test]
fn the_reference_broker_does_it_over_websocket() {
    let broker = Broker::start("--listen ws://127.0.0.1:0/mqtt");
    let mut server = Server::at(broker.address);
    server.websocket = Some((broker.address, "/mqtt".to_owned()));
    let chosen = over_websocket();
    let failures = player::play_all(&chosen, &mut server, PATIENCE);
    assert!(failures.is_empty() && chosen.len() >= 20, "{}", told(&failures));
}

/// Its state is on disk before it acknowledges anything, so that it can be killed, too.
#[test]
fn the_reference_broker_does_it_over_restarts() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = durable_broker(&folder);
    let chosen = over_an_end(&[Need::Kill, Need::Stop]);
    let failures = player::play_all(&chosen, &mut server, PATIENCE);
    assert!(failures.is_empty() && chosen.len() >= 20, "{}", told(&failures));
}

/// One breach of each part of the protocol, and the file of a conversation that has to see it.
#[test]
fn a_broker_that_is_wrong_fails_some() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    for (sabotage, prefix) in SABOTAGES {
        let sabotage = Sabotage::named(sabotage).unwrap_or_else(|| panic!("no {sabotage}"));
        let target = Target::new("127.0.0.1", broker.address.port());
        let proxy = Proxy::start(nearby(), target, Some(sabotage)).expect("a free port");
        let timing = "timing".to_owned();
        let chosen: Vec<_> = plain()
            .into_iter()
            .filter(|it| it.id.starts_with(prefix) && !it.flags.contains(&timing))
            .collect();
        let failures = player::play_all(&chosen, &mut Server::at(proxy.address()), HASTE);
        assert!(!failures.is_empty(), "nobody saw {}", sabotage.name);
        assert!(failures.len() < chosen.len(), "{} breaks everything", sabotage.name);
    }
}

/// The same for what goes wrong over WebSocket alone.
#[test]
fn a_broker_that_is_wrong_over_websocket_fails_some() {
    let broker = Broker::start("--listen ws://127.0.0.1:0/mqtt");
    let chosen = over_websocket();
    for sabotage in OVER_WEBSOCKET {
        let sabotage = Sabotage::named(sabotage).unwrap_or_else(|| panic!("no {sabotage}"));
        let target: Target = broker.urls[0].parse().expect("a URL");
        let proxy = Proxy::start(nearby(), target, Some(sabotage)).expect("a free port");
        let mut server = Server::at(proxy.address());
        server.websocket = Some((proxy.address(), "/mqtt".to_owned()));
        let failures = player::play_all(&chosen, &mut server, HASTE);
        assert!(!failures.is_empty(), "nobody saw {}", sabotage.name);
    }
}

const OVER_WEBSOCKET: [&str; 10] = [
    "websocket/selects-the-first-on-offer",
    "websocket/selects-what-is-not-on-offer",
    "websocket/packets-in-text",
    "websocket/text-is-data",
    "websocket/empty-text-is-passed-over",
    "websocket/reserved-data-is-passed-over",
    "websocket/control-frames-close",
    "websocket/no-will-after-text",
    "websocket/one-packet-a-frame",
    "websocket/no-packet-in-pieces",
];

/// And for what is lost when the Server ends: one that keeps nothing has nothing.
#[test]
fn a_broker_that_keeps_nothing_fails_over_restarts() {
    let address = free_address();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqttspec"));
    command.args(["broker", "--volatile", "--bind", &address.to_string()]);
    command.stderr(std::process::Stdio::null());
    let mut server = Server::start(command, address, PATIENCE).expect("it starts");
    let chosen = over_an_end(&[Need::Stop]);
    let failed: Vec<_> = player::play_all(&chosen, &mut server, HASTE);
    let failed: BTreeSet<_> = failed.iter().map(|(it, _)| it.id.as_str()).collect();
    for it in chosen {
        let promised = it.needs.iter().any(|need| *need != Need::Stop);
        // What was cleared, and what was acknowledged, is gone here as it has to be.
        let is_gone = it.comment.starts_with("A retained message that was cleared");
        assert_eq!(failed.contains(it.id.as_str()), promised && !is_gone, "{}", it.id);
    }
}

const SABOTAGES: [(&str, &str); 12] = [
    ("connect/second-one", "OPEN"),
    ("session/forgotten", "SESSION"),
    ("redelivery/no-pubrel", "SESSION"),
    ("will/not-after-a-breach", "WILL"),
    ("ping/every-second-one", "ALIVE"),
    ("publish/dup-passed-on", "QOS"),
    ("qos2/every-publish-counts", "QOS"),
    ("retain/never-cleared", "RETAIN"),
    ("overlap/least-qos", "SUBSCRIBE"),
    ("order/pairs-exchanged-when-sent-again", "ORDER"),
    ("topics/plus-is-hash", "TOPIC"),
    ("header/wrong-flags", "REFUSE"),
];

/// Mosquitto, where it is installed: its deviations are known, and true.
#[test]
fn mosquitto_deviates_where_it_is_known_to() {
    let Some(program) = installed("mosquitto") else {
        eprintln!("skipped: no mosquitto here");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = mosquitto(&program, &folder);
    // It is not killed: it writes its state when it is stopped, and every half an hour.
    let chosen: Vec<_> = for_servers().filter(|it| !it.needs.contains(&Need::Kill)).collect();
    let failures = player::play_all(&chosen, &mut server, Duration::from_secs(6));
    let deviating: BTreeSet<_> = failures.iter().map(|(it, _)| it.id.as_str()).collect();
    let known: BTreeSet<_> = MOSQUITTO.into_iter().collect();
    let news: Vec<_> = deviating.difference(&known).collect();
    assert!(news.is_empty(), "{news:?}\n{}", told(&failures));
}

/// Where a program is, if it is anywhere.
fn installed(name: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let mut found = path.split(':').map(|folder| format!("{folder}/{name}"));
    found.find(|path| std::path::Path::new(path).exists())
}

/// Mosquitto on TCP and WebSocket, with its state in a folder. Who is started by root gives up its
/// right to that folder, unless it is told to stay root.
fn mosquitto(program: &str, folder: &tempfile::TempDir) -> Server {
    let (tcp, websocket) = (free_address(), free_address());
    let configuration = format!(
        "listener {} 127.0.0.1\nlistener {} 127.0.0.1\nprotocol websockets\n\
         allow_anonymous true\nuser root\n\
         persistence true\npersistence_location {}/\nlog_dest none\n",
        tcp.port(),
        websocket.port(),
        folder.path().display(),
    );
    let file = folder.path().join("mosquitto.conf");
    std::fs::write(&file, configuration).expect("a file");
    let mut command = Command::new(program);
    command.arg("-c").arg(file).stderr(std::process::Stdio::null());
    let mut server = Server::start(command, tcp, PATIENCE).expect("it starts");
    server.websocket = Some((websocket, "/mqtt".to_owned()));
    server
}

/// What mosquitto 2.0.11 does otherwise, each seen in the octets.
const MOSQUITTO: [&str; 20] = [
    // It does not look at the flags of PINGREQ, PUBACK, PUBREC and PUBCOMP [MQTT-2.2.2-2].
    "REFUSE-003",
    "REFUSE-005",
    "REFUSE-006",
    "REFUSE-007",
    // Nor at octets behind the last field, except those of DISCONNECT [U-3.12.2-1] [U-3.4.1-1].
    "REFUSE-012",
    "REFUSE-014",
    "REFUSE-016",
    // It overlooks packets that only a Server sends [U-7.1.2-1].
    "REFUSE-042",
    "REFUSE-043",
    "REFUSE-044",
    // It takes DUP at QoS 0 [MQTT-3.3.1-2].
    "REFUSE-062",
    // Of overlapping subscriptions one decides, not the greatest QoS [MQTT-3.3.5-1].
    "SUBSCRIBE-022",
    "SUBSCRIBE-024",
    // It reads text frames like binary ones [MQTT-6.0.0-1].
    "WEBSOCKET-061",
    "WEBSOCKET-062",
    "WEBSOCKET-063",
    "WEBSOCKET-064",
    "WEBSOCKET-065",
    "WEBSOCKET-081",
    // A second CONNECT makes it forget the Will [U-3.1.2.5-3].
    "WILL-004",
];

#[test]
fn our_client_does_what_every_conversation_asks() {
    let mut played = 0;
    for it in conversations().filter(|it| it.subject == Subject::Client) {
        let outcome = player::play(it, &mut TestedClient::new(), PATIENCE);
        outcome.unwrap_or_else(|failure| panic!("{} {}\n{failure}", it.id, it.comment));
        played += 1;
    }
    assert!(played >= 40, "{played}");
}
