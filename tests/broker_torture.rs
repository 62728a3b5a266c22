//! Torture, of the reference broker and of one that loses and repeats.

use std::process::Command;
use std::time::Duration;

use mqttspec_conformance::sabotage::{Event, Fate, Proxy, Sabotage};
use mqttspec_conformance::wire::{Octets as _, Packet};
use mqttspec_conformance::{Subject, Target, TortureOptions, Tortured, torture};
use serde_json::Value;

/// The reference broker behind a proxy that breaks something, tortured for a moment.
fn behind(sabotage: &Sabotage) -> Tortured {
    let program = env!("CARGO_BIN_EXE_mqttspec");
    let command = format!("'{program}' broker --volatile --bind 127.0.0.1:{{port}}");
    let broker = Subject::spawn(command.as_str()).expect("the broker starts");
    let (host, port) = broker.target().network().expect("it is on TCP");
    let listen = "127.0.0.1:0".parse().expect("an address");
    let proxy = Proxy::start(listen, Target::new(host, port), Some(sabotage)).expect("a port");
    let subject = Subject::at(Target::new("127.0.0.1", proxy.address().port()));
    let mut options = TortureOptions::default();
    options.duration = Duration::from_secs(2);
    options.patience = Duration::from_secs(4);
    options.lateness = Duration::ZERO;
    torture(&subject, &options, &mut |_| {}).expect("it is on TCP")
}

#[test]
fn the_reference_broker_keeps_its_promises_though_it_is_killed() {
    let output = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["torture", "--seconds", "3", "--restarts", "2", "--json", "-", "-q"])
        .output()
        .expect("the program starts");
    let report = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report} {output:?}");
    let report: Value = serde_json::from_str(&report).expect("a JSON report");
    let counts = &report["counts"];
    assert_eq!(counts["ends"], 2, "{counts}");
    // Where nothing is sent and nothing cut, nothing is lost either.
    for (count, least) in [("acknowledged", 50), ("received", 100), ("cuts", 3)] {
        assert!(counts[count].as_u64().is_some_and(|found| found >= least), "{count}: {counts}");
    }
}

#[test]
fn a_planted_loss_is_found_and_told_as_a_story() {
    let tortured = behind(Sabotage::named("redelivery/no-publish").expect("it is one"));
    let lost = tortured.violations.iter().find(|violation| violation.kind == "lost");
    let lost = lost.unwrap_or_else(|| panic!("{}", tortured.to_text()));
    let story = lost.story.join("\n");
    for part in ["sends", "is told that", "loses its connection", "session present 1"] {
        assert!(story.contains(part), "{part}: {story}");
    }
    let text = tortured.to_text();
    assert!(text.contains("✗ lost: ") && text.contains(&lost.text), "{text}");
}

#[test]
fn a_planted_copy_is_found() {
    let twice = Sabotage {
        name: "test/qos-0-twice",
        breaks: &["MQTT-4.3.1-1"],
        title: "Messages of QoS 0 are sent twice.",
        breach: || {
            Box::new(|_, event| match event {
                Event::FromServer(packet @ Packet::Publish(publish)) if publish.qos == 0 => {
                    Fate::Instead([packet.octets(), packet.octets()].concat())
                }
                _ => Fate::Pass,
            })
        },
    };
    let tortured = behind(&twice);
    let repeated = tortured.violations.iter().filter(|violation| violation.kind == "repeated");
    assert!(repeated.count() > 0, "{}", tortured.to_text());
    let others = tortured.violations.iter().filter(|violation| violation.kind != "repeated");
    assert_eq!(others.count(), 0, "{}", tortured.to_text());
}

#[test]
fn a_broker_that_runs_elsewhere_is_not_ended() {
    let output = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["torture", "127.0.0.1:1", "--kill"])
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
