//! Real disks that are full or cannot be written to, and a broker on them as a process of its own.
//!
//! A small disk takes a mount, and that a namespace of its own: the tests run themselves in one by
//! `unshare`, and say so where the system does not allow it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use mqttspec::packet::{Connack, ConnectRefusal, Packet, Pingreq, Puback, QoS};

use crate::peer::{PATIENCE, Peer, clean, packet_id, publish};
use crate::start;
use crate::usable::refused;

/// Runs the test `name`, which is ignored otherwise, where it may mount what it wants.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so, and what it came to")]
fn with_mounts(name: &str) {
    let program = std::env::current_exe().expect("this one");
    let mut outside = Command::new("unshare");
    outside.args(["--mount", "--map-root-user"]);
    let may = outside.arg("true").output().is_ok_and(|output| output.status.success());
    if !may {
        println!("skipped: this system allows no mounts (unshare --mount --map-root-user)");
        return;
    }
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user"])
        .arg(program)
        .args(["--ignored", "--exact", name, "--nocapture"])
        .output()
        .expect("it ran just now");
    let told = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{why}");
    println!("{told}");
}

/// Puts a disk of so many MiB on `folder`.
fn mount(folder: &Path, mebibytes: usize) {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "none"]).arg(folder);
    assert!(mount.status().expect("mount is there").success(), "no mount");
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    with_mounts("disks::on_a_disk_of_8_mebibytes");
}

#[test]
fn a_disk_that_is_read_only_is_said_to_be() {
    with_mounts("disks::on_a_disk_that_is_read_only");
}

#[test]
#[ignore = "it mounts: `a_full_disk_loses_nothing_that_was_acknowledged` runs it"]
fn on_a_disk_of_8_mebibytes() {
    let folder = tempfile::tempdir().expect("a folder");
    mount(folder.path(), 8);
    let ballast = folder.path().join("ballast");
    fs::write(&ballast, vec![7; 1024 * 1024]).expect("there is room");
    let state = folder.path().join("state");
    let broker = start(&state);
    let kept = |name: &str| clean(name).with_clean_session(false);
    let mut reader = Peer::connect(broker.address, kept("reader")).expect("accepted");
    reader.subscribe("t", QoS::AtLeastOnce).expect("granted");
    drop(reader);
    let mut quiet = Peer::connect(broker.address, clean("quiet")).expect("accepted");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    let text = |number: u16| format!("{number} {}", "x".repeat(16 * 1024));
    let mut acknowledged = 0;
    let last = loop {
        let number = acknowledged + 1;
        publisher.send(publish("t", number, text(number))).expect("sent");
        match publisher.receive() {
            Ok(Some(packet)) => assert_eq!(packet, Puback { packet_id: packet_id(number) }.into()),
            // Not acknowledged: it may come, or not.
            ended => break ended.map(|_| number),
        }
        acknowledged = number;
    };
    assert!(last.is_ok(), "closed in good order: {last:?}");
    assert!(acknowledged > 50, "{acknowledged}");
    // Nobody else who wants something kept is let in; those who do not go on.
    let mut another = Peer::open(broker.address).expect("a connection");
    another.send(kept("another")).expect("sent");
    let refusal = Connack::Refused(ConnectRefusal::ServerUnavailable);
    assert_eq!(another.receive().expect("an answer"), Some(refusal.into()));
    quiet.send(Pingreq).expect("sent");
    assert!(matches!(quiet.receive(), Ok(Some(Packet::Pingresp(_)))));
    // It dies of something else, too.
    drop(broker);
    fs::remove_file(&ballast).expect("it was there");

    let broker = start(&state);
    let mut reader = Peer::connect(broker.address, kept("reader")).expect("accepted");
    let mut number = 0;
    while number < acknowledged {
        let Ok(Some(Packet::Publish(publish))) = reader.receive() else {
            panic!("{number} of {acknowledged} acknowledged messages came");
        };
        number += 1;
        assert_eq!(publish.payload, text(number));
        let packet_id = publish.delivery.packet_id().expect("QoS 1");
        reader.send(Puback { packet_id }).expect("sent");
    }
    println!("{acknowledged} messages of 16 KiB were acknowledged before the disk was full");
}

#[test]
#[ignore = "it mounts: `a_disk_that_is_read_only_is_said_to_be` runs it"]
fn on_a_disk_that_is_read_only() {
    let folder = tempfile::tempdir().expect("a folder");
    mount(folder.path(), 8);
    let (state, empty) = (folder.path().join("state"), folder.path().join("empty"));
    drop(start(&state));
    fs::create_dir(&empty).expect("a folder");
    let before = fs::read(state.join("state.redb")).expect("a store");
    let begin = Instant::now();
    let mut remount = Command::new("mount");
    remount.args(["-o", "remount,ro"]).arg(folder.path());
    assert!(remount.status().expect("mount is there").success(), "not read-only");
    for folder in [&state, &empty] {
        let told = refused(folder);
        println!("{told}");
        assert!(told.contains("Read-only file system"), "{told}");
        assert!(told.contains("--data-dir"), "{told}");
    }
    assert!(fs::read(state.join("state.redb")).expect("a store") == before);
    assert!(begin.elapsed() < PATIENCE);
}
