//! Access rules of a broker that runs: who gets what, and what a new file changes.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use broker::Broker;
use mqttspec::packet::{Packet, Puback, QoS, SubackCode};
use peer::{PATIENCE, Peer, clean, packet_id, publish, subscribe};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A folder with a file of these rules in it.
fn rules(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acl");
    fs::write(&path, text).expect("a file");
    (folder, path)
}

fn start(path: &Path, others: &str) -> Broker {
    Broker::start(&format!("--bind 127.0.0.1:0 --acl-file {} {others}", path.display()))
}

fn subscribe_to(peer: &mut Peer, filter: &'static str) -> SubackCode {
    peer.send(subscribe(filter, QoS::AtMostOnce)).expect("sent");
    match peer.receive().expect("an answer") {
        Some(Packet::Suback(suback)) => suback.codes().next().expect("one filter"),
        other => panic!("{other:?} instead of SUBACK"),
    }
}

/// Publishes at QoS 1, and waits for PUBACK.
fn publish_to(peer: &mut Peer, topic: &'static str, payload: &'static str) {
    peer.send(publish(topic, 7, payload)).expect("sent");
    let puback = Puback { packet_id: packet_id(7) };
    assert_eq!(peer.receive().expect("an answer"), Some(puback.into()));
}

const GRANTED: SubackCode = SubackCode::Granted(QoS::AtMostOnce);

#[test]
fn rules_hold_for_what_goes_in_and_what_comes_out() {
    // MQTT-3.3.5-2, MQTT-3.8.4-5
    let (_folder, path) = rules("topic read open/#\npattern write open/%c\nclient boss\ntopic #\n");
    let broker = start(&path, "");
    let mut boss = Peer::connect(broker.address, clean("boss")).expect("accepted");
    let mut reader = Peer::connect(broker.address, clean("reader")).expect("accepted");
    assert_eq!(subscribe_to(&mut reader, "closed/#"), SubackCode::Failure);
    assert_eq!(subscribe_to(&mut reader, "$SYS/#"), SubackCode::Failure);
    reader.subscribe("#", QoS::AtMostOnce).expect("granted");
    publish_to(&mut boss, "closed/a", "secret");
    let mut other = Peer::connect(broker.address, clean("other")).expect("accepted");
    publish_to(&mut other, "open/reader", "forged");
    publish_to(&mut other, "open/other", "fair");
    match reader.receive().expect("a message") {
        Some(Packet::Publish(message)) => assert_eq!(message.payload, "fair"),
        other => panic!("{other:?} instead of the one message"),
    }
}

#[test]
fn a_message_without_rights_ends_the_connection_if_so_wished() {
    // MQTT-3.3.5-2
    let (_folder, path) = rules("topic write a\n");
    let broker = start(&path, "--unauthorized-publish close");
    let mut peer = Peer::connect(broker.address, clean("c")).expect("accepted");
    publish_to(&mut peer, "a", "m");
    peer.send(publish("b", 8, "m")).expect("sent");
    assert_eq!(peer.receive().expect("a close in good order"), None);
}

#[test]
fn a_new_file_holds_from_sighup_on() {
    let (_folder, path) = rules("topic read a\n");
    let broker = start(&path, "");
    let mut peer = Peer::connect(broker.address, clean("c")).expect("accepted");
    assert_eq!(subscribe_to(&mut peer, "b"), SubackCode::Failure);
    fs::write(&path, "topic read a\ntopic read b\n").expect("a file");
    kill_process(Pid::from_child(&broker.process), Signal::HUP).expect("it is there");
    let deadline = Instant::now() + PATIENCE;
    while subscribe_to(&mut peer, "b") != GRANTED {
        assert!(Instant::now() < deadline, "the new rules do not hold");
    }
}

#[test]
fn a_wrong_file_is_shown_where_it_is_wrong() {
    let (folder, _) = rules("topic read a\ntopic reed b\n");
    let config = folder.path().join("broker.toml");
    fs::write(&config, "acl_file = \"acl\"\nbind = [\"127.0.0.1:0\"]\n").expect("a file");
    let ended = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["broker", "--config", "broker.toml", "--check-config"])
        .current_dir(folder.path())
        .output()
        .expect("the program starts");
    assert_eq!(ended.status.code(), Some(2));
    let told = String::from_utf8(ended.stderr).expect("text");
    let expected =
        "acl:2:7: unknown right reed\n  |\n2 | topic reed b\n  |       ^^^^ read, write,";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn no_name_opens_more_than_one_level() {
    // Names with wildcards, levels and `$` in them, and none at all, in the place of %c.
    let (_folder, path) = rules("pattern readwrite devices/%c/#\npattern readwrite %c/own\n");
    let broker = start(&path, "");
    let mut victim = Peer::connect(broker.address, clean("victim")).expect("accepted");
    assert_eq!(subscribe_to(&mut victim, "devices/victim/#"), GRANTED);
    let mut rogues = Vec::new();
    for (name, is_a_level) in [
        ("+", false),
        ("#", false),
        ("$SYS", false),
        ("", false),
        ("/", false),
        ("a/b", false),
        ("victim/#", false),
        ("+/+", false),
        ("..", true),
        ("%c", true),
        ("victim ", true),
    ] {
        let mut rogue = Peer::connect(broker.address, clean(name)).expect("accepted");
        // Where the name is a level, some of these may bring what is its own.
        for filter in ["devices/+/#", "devices/#", "+/own", "#"] {
            let code = subscribe_to(&mut rogue, filter);
            assert!(
                is_a_level || code == SubackCode::Failure,
                "{name:?} may subscribe to {filter}"
            );
        }
        for filter in
            ["devices/victim/#", "devices/victim/door", "devices//#", "$SYS/#", "$SYS/own"]
        {
            assert_eq!(subscribe_to(&mut rogue, filter), SubackCode::Failure, "{name:?} {filter}");
        }
        for topic in ["devices/victim/door", "devices//door", "$SYS/own", "/own"] {
            publish_to(&mut rogue, topic, "forged");
        }
        rogues.push((name, rogue));
    }
    publish_to(&mut victim, "devices/victim/end", "its own");
    match victim.receive().expect("a message") {
        Some(Packet::Publish(publish)) => assert_eq!(publish.payload, "its own"),
        other => panic!("{other:?} came through"),
    }
    for (name, mut rogue) in rogues {
        rogue.send(mqttspec::packet::Pingreq).expect("sent");
        let next = rogue.receive().expect("an answer");
        assert!(matches!(next, Some(Packet::Pingresp(_))), "{name:?} got {next:?}");
    }
}
