//! A broker that asks for passwords: who comes in, as whom, and what a new file changes.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use broker::Broker;
use mqttspec::packet::{
    Binary, Connack, Connect, ConnectRefusal, Credentials, Packet, QoS, SubackCode, Text,
};
use mqttspec::passwords::{Algorithm, with_user};
use peer::{PATIENCE, Peer, clean, publish, subscribe};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A folder with `users` in it, each with `secret` as password, and with `rules`.
fn files(users: &[&str], rules: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), users, "secret");
    fs::write(folder.path().join("rules"), rules).expect("a file");
    folder
}

/// A file of `users`, all with the same password, which takes no time to check.
fn write(folder: &Path, users: &[&str], password: &str) {
    let hash = Algorithm::Pbkdf2Sha512 { rounds: 5 }.hash(password.as_bytes());
    let text = users.iter().try_fold(String::new(), |text, user| with_user(&text, user, &hash));
    fs::write(folder.join("users"), text.expect("user names")).expect("a file");
    // Else the first thing that the broker says is that all may read it.
    fs::set_permissions(folder.join("users"), PermissionsExt::from_mode(0o600)).expect("mine");
}

fn start(folder: &Path, others: &str) -> Broker {
    let folder = folder.display();
    Broker::start(&format!("--bind 127.0.0.1:0 --password-file {folder}/users {others}"))
}

fn with(connect: Connect, user_name: &str, password: Option<&str>) -> Connect {
    let password = password.map(|password| Binary::new(password.to_owned()).expect("short"));
    let user_name = Text::new(user_name.to_owned()).expect("a user name");
    connect.with_credentials(&Credentials { user_name, password })
}

fn by(user_name: &str, password: &str) -> Connect {
    with(clean(user_name), user_name, Some(password))
}

/// The CONNACK that answers `connect`; after a refusal the connection must end.
fn answer(broker: &Broker, connect: Connect) -> Connack {
    let mut peer = Peer::open(broker.address).expect("a connection");
    peer.send(connect).expect("sent");
    let Some(Packet::Connack(connack)) = peer.receive().expect("an answer") else {
        panic!("no CONNACK")
    };
    if let Connack::Refused(_) = connack {
        assert_eq!(peer.receive().expect("a close in good order"), None);
    }
    connack
}

/// Waits for what must come true.
fn until(mut it_holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !it_holds() {
        assert!(Instant::now() < deadline, "it has not come true");
    }
}

const ACCEPTED: Connack = Connack::Accepted { session_present: false };
const MALFORMED: Connack = Connack::Refused(ConnectRefusal::BadUserNameOrPassword);
const UNWANTED: Connack = Connack::Refused(ConnectRefusal::NotAuthorized);
const LATER: Connack = Connack::Refused(ConnectRefusal::ServerUnavailable);

#[test]
fn who_proves_it_comes_in_and_nobody_else() {
    // MQTT-3.2.2-5, U-3.1.4-1, U-3.2.2.3-1
    let folder = files(&["anna"], "");
    let broker = start(folder.path(), "");
    assert_eq!(answer(&broker, by("anna", "secret")), ACCEPTED);
    assert_eq!(answer(&broker, by("anna", "Secret")), UNWANTED);
    assert_eq!(answer(&broker, by("anna", "")), UNWANTED);
    assert_eq!(answer(&broker, by("Anna", "secret")), UNWANTED);
    assert_eq!(answer(&broker, clean("c")), UNWANTED);
    assert_eq!(answer(&broker, with(clean("c"), "anna", None)), MALFORMED);
    assert_eq!(answer(&broker, with(clean("c"), "", Some("secret"))), MALFORMED);
    // What comes right behind the CONNECT waits, and is there.
    let mut peer = Peer::open(broker.address).expect("a connection");
    peer.send(by("anna", "secret")).expect("sent");
    peer.send(publish("a", 1, "m")).expect("sent");
    assert_eq!(peer.receive().expect("an answer"), Some(ACCEPTED.into()));
    assert!(matches!(peer.receive().expect("an answer"), Some(Packet::Puback(_))));
}

#[test]
fn others_may_come_in_too_if_so_wished() {
    let folder = files(&["anna"], "");
    let broker = start(folder.path(), "--allow-anonymous");
    assert_eq!(answer(&broker, clean("c")), ACCEPTED);
    assert_eq!(answer(&broker, by("anna", "secret")), ACCEPTED);
    assert_eq!(answer(&broker, by("anna", "wrong")), UNWANTED);
}

#[test]
fn rights_and_sessions_are_those_of_the_user() {
    // MQTT-3.8.4-5, U-3.1.4-1
    let rules = "user anna\ntopic read news\npattern readwrite home/%u/#\n";
    let folder = files(&["anna", "berta", "a/b", "+", "$SYS"], rules);
    let rules = folder.path().join("rules");
    let broker = start(folder.path(), &format!("--acl-file {}", rules.display()));
    let granted = |user: &str, filter: &'static str| {
        let mut peer = Peer::connect(broker.address, by(user, "secret")).expect("accepted");
        peer.send(subscribe(filter, QoS::AtMostOnce)).expect("sent");
        match peer.receive().expect("an answer") {
            Some(Packet::Suback(suback)) => suback.codes().all(|c| c != SubackCode::Failure),
            other => panic!("{other:?} instead of SUBACK"),
        }
    };
    for (user, filter, expected) in [
        ("anna", "news", true),
        ("berta", "news", false),
        ("anna", "home/anna/lamp", true),
        ("anna", "home/anna", true),
        ("anna", "home/berta/lamp", false),
        ("anna", "home//lamp", false),
        ("berta", "home/berta/#", true),
        ("berta", "home/anna/#", false),
        // What would say more than one level says nothing.
        ("a/b", "home/a/b", false),
        ("+", "home/anna/lamp", false),
        ("+", "home/+/#", false),
        ("$SYS", "home/$SYS/a", false),
        ("$SYS", "$SYS/#", false),
    ] {
        assert_eq!(granted(user, filter), expected, "{user} {filter}");
    }
    // The Session of one user is no other's, whatever the Client Identifier.
    let kept = |user| with(clean("tablet").with_clean_session(false), user, Some("secret"));
    assert_eq!(answer(&broker, kept("anna")), ACCEPTED);
    let anothers = Connack::Refused(ConnectRefusal::IdentifierRejected);
    assert_eq!(answer(&broker, kept("berta")), anothers);
    let goes_on = Connack::Accepted { session_present: true };
    assert_eq!(answer(&broker, kept("anna")), goes_on);
}

#[test]
fn who_guesses_is_put_off_and_so_is_all_that_comes_from_there() {
    // U-3.2.2.3-1
    let folder = files(&["anna"], "");
    let limits = "--max-wrong-passwords 3 --wrong-password-pause 3600";
    let broker = start(folder.path(), limits);
    let mut anna = Peer::connect(broker.address, by("anna", "secret")).expect("accepted");
    for user in ["anna", "berta", "anna"] {
        assert_eq!(answer(&broker, by(user, "guess")), UNWANTED);
    }
    assert_eq!(answer(&broker, by("anna", "guess")), LATER);
    assert_eq!(answer(&broker, by("anna", "secret")), LATER);
    // Who is in stays in.
    anna.subscribe("a", QoS::AtMostOnce).expect("an answer");
}

#[test]
fn a_new_file_holds_from_sighup_on_and_a_wrong_one_never() {
    let folder = files(&["anna", "berta"], "");
    let rules = folder.path().join("rules");
    let others = format!("--max-wrong-passwords 0 --acl-file {}", rules.display());
    let mut broker = start(folder.path(), &others);
    let hang_up = |broker: &Broker| {
        kill_process(Pid::from_child(&broker.process), Signal::HUP).expect("it is there");
    };
    // The rules are read after the passwords: whoever meets the new ones has seen those tried.
    fs::write(folder.path().join("users"), "anna:hunter2\n").expect("a file");
    fs::write(folder.path().join("rules"), "user anna\ntopic read a\n").expect("a file");
    let mut witness = Peer::connect(broker.address, by("anna", "secret")).expect("accepted");
    hang_up(&broker);
    until(|| {
        witness.send(subscribe("a", QoS::AtMostOnce)).expect("sent");
        let answer = witness.receive().expect("an answer");
        matches!(answer, Some(Packet::Suback(s)) if s.codes().all(|c| c != SubackCode::Failure))
    });
    assert_eq!(answer(&broker, by("berta", "secret")), ACCEPTED);
    let mut anna = Peer::connect(broker.address, by("anna", "secret")).expect("accepted");
    // Anna has another password, berta has gone, and carla has come.
    write(folder.path(), &["anna", "carla"], "new");
    hang_up(&broker);
    until(|| answer(&broker, by("carla", "new")) == ACCEPTED);
    assert_eq!(anna.receive().expect("a close in good order"), None);
    assert_eq!(answer(&broker, by("anna", "secret")), UNWANTED);
    assert_eq!(answer(&broker, by("anna", "new")), ACCEPTED);
    assert_eq!(answer(&broker, by("berta", "secret")), UNWANTED);
    kill_process(Pid::from_child(&broker.process), Signal::TERM).expect("it is there");
    let (code, told) = broker.wait(PATIENCE).expect("it ends");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("the passwords stay as they were"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn no_address_has_more_connections_than_it_may() {
    let folder = files(&["anna"], "");
    let broker = start(folder.path(), "--max-connections-per-address 2");
    let first = Peer::connect(broker.address, by("anna", "secret")).expect("accepted");
    // Whoever says nothing counts as well.
    let silent = Peer::open(broker.address).expect("a connection");
    let mut third = Peer::open(broker.address).expect("a connection");
    // It may be cut off before or after it has said anything.
    let refused = third.send(by("anna", "secret")).and_then(|()| third.receive());
    assert!(!matches!(refused, Ok(Some(_))), "{refused:?}");
    drop((first, silent));
    until(|| Peer::connect(broker.address, by("anna", "secret")).is_ok());
}
