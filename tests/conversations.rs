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
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use broker::Broker;
use mqttspec_conformance::sabotage::{Proxy, Sabotage};
use mqttspec_conformance::{Subject as Spawned, Target};
use mqttspec_fixtures::{Conversation, Subject, conversations};
use tested_client::TestedClient;

/// How long a broker may take for anything. Nobody waits so long but for a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same where failures are what is looked for, and silence is one of them.
const HASTE: Duration = Duration::from_secs(2);

fn for_servers() -> Vec<&'static Conversation> {
    conversations().filter(|it| it.subject == Subject::Server).collect()
}

fn told(failures: &[(&Conversation, player::Failure)]) -> String {
    let line = |(it, failure): &(&Conversation, player::Failure)| format!("{} {failure}", it.id);
    failures.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_broker_does_what_every_conversation_asks() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let failures = player::play_all(&for_servers(), broker.address, PATIENCE);
    assert!(failures.is_empty(), "{}", told(&failures));
}

/// One breach of each part of the protocol, and the file of a conversation that has to see it.
#[test]
fn a_broker_that_is_wrong_fails_some() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    for (sabotage, prefix) in SABOTAGES {
        let sabotage = Sabotage::named(sabotage).unwrap_or_else(|| panic!("no {sabotage}"));
        let nearby = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let target = Target::new("127.0.0.1", broker.address.port());
        let proxy = Proxy::start(nearby, target, Some(sabotage)).expect("a free port");
        let timing = "timing".to_owned();
        let chosen: Vec<_> = for_servers()
            .into_iter()
            .filter(|it| it.id.starts_with(prefix) && !it.flags.contains(&timing))
            .collect();
        let failures = player::play_all(&chosen, proxy.address(), HASTE);
        assert!(!failures.is_empty(), "nobody saw {}", sabotage.name);
        assert!(failures.len() < chosen.len(), "{} breaks everything", sabotage.name);
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
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let found = path.split(':').map(|folder| format!("{folder}/mosquitto"));
    let Some(program) = found.into_iter().find(|path| std::path::Path::new(path).exists()) else {
        eprintln!("skipped: no mosquitto here");
        return;
    };
    let subject = Spawned::spawn(format!("'{program}' -p {{port}}").as_str()).expect("it starts");
    let (_, port) = subject.target().network().expect("it listens on TCP");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failures = player::play_all(&for_servers(), address, Duration::from_secs(6));
    let deviating: BTreeSet<_> = failures.iter().map(|(it, _)| it.id.as_str()).collect();
    let known: BTreeSet<_> = MOSQUITTO.into_iter().collect();
    let news: Vec<_> = deviating.difference(&known).collect();
    assert!(news.is_empty(), "{news:?}\n{}", told(&failures));
}

/// What mosquitto 2.0.11 does otherwise, each seen in the octets.
const MOSQUITTO: [&str; 14] = [
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
