//! What a case found, without the case: transcripts had again, shrunk, and said by a shell.
//!
//! The broken subject is the reference broker behind a sabotage.

#[path = "support/transcripts.rs"]
mod transcripts;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use mqttspec_conformance::sabotage::{Proxy, Sabotage};
use mqttspec_conformance::transcript::Expectation;
use mqttspec_conformance::{
    NoShrink, ShrinkOptions, Subject, Target, Transcript, judge, replay, shrink,
};
use transcripts::{judging, replaying};

/// A broken subject, and the broker behind it that keeps the rules.
struct Broken {
    subject: Subject,
    broker: Subject,
    proxy: Proxy,
}

impl Broken {
    fn by(sabotage: &str) -> Self {
        let command = format!(
            "'{}' broker --volatile --bind 127.0.0.1:{{port}}",
            env!("CARGO_BIN_EXE_mqttspec")
        );
        let broker = Subject::spawn(command.as_str()).expect("it starts");
        let nearby = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sabotage = Sabotage::named(sabotage).expect(sabotage);
        let proxy = Proxy::start(nearby, broker.target().clone(), Some(sabotage));
        let proxy = proxy.expect("a free port");
        let subject = Subject::at(Target::new("127.0.0.1", proxy.address().port()));
        Self { subject, broker, proxy }
    }

    /// The transcript that a case leaves which fails, as a file would give it back.
    fn transcript(&self, case: &str) -> Transcript {
        transcripts::transcript(&judge(&self.subject, &judging(case), &mut ()))
    }
}

/// A sabotage and a case that sees it at once: a packet that comes, and not one that does not.
const SEEN_AT_ONCE: (&str, &str) = ("header/flags-of-its-own", "header/flags-as-in-the-table");

fn goes_wrong_again(sabotage: &str, case: &str, is_kind: fn(&Expectation) -> bool) {
    let broken = Broken::by(sabotage);
    let transcript = broken.transcript(case);
    assert!(is_kind(&transcript.deviation.expected), "{:?}", transcript.deviation);
    let again = replay(&transcript, &broken.subject, &replaying()).expect("it answers");
    assert!(again.again, "{case}: {} {:?}", again.saw, again.differences);
    let right = replay(&transcript, &broken.broker, &replaying()).expect("it answers");
    assert!(!right.again, "{case}: {}", right.saw);
}

#[test]
fn a_connection_that_stays_open_is_seen_again() {
    goes_wrong_again("header/wrong-flags", "header/flags-of-pingreq-close", |expected| {
        matches!(expected, Expectation::Close { .. })
    });
}

#[test]
fn a_packet_that_does_not_come_is_seen_again() {
    goes_wrong_again("redelivery/no-publish", "redelivery/after-takeover", |expected| {
        matches!(expected, Expectation::Packet { .. })
    });
}

#[test]
fn a_packet_that_should_not_come_is_seen_again() {
    goes_wrong_again("retain/never-cleared", "retain/empty-payload-clears-at-qos-1", |expected| {
        matches!(expected, Expectation::Nothing)
    });
}

#[test]
fn a_broken_rule_is_seen_again() {
    goes_wrong_again("header/flags-of-its-own", "header/flags-as-in-the-table", |expected| {
        matches!(expected, Expectation::Rule { .. })
    });
}

#[test]
fn what_only_words_tell_is_seen_again() {
    let case = "packet-id/kept-when-sent-again";
    goes_wrong_again("packet-id/another-when-sent-again", case, |expected| {
        matches!(expected, Expectation::Words)
    });
}

#[test]
fn the_shortest_conversation_has_nothing_but_the_offence() {
    let broken = Broken::by("header/wrong-flags");
    let transcript = broken.transcript("header/flags-of-puback-close");
    let mut options = ShrinkOptions::default();
    // Each try that goes wrong takes all of it, and a broker that closes does so at once.
    options.patience = Duration::from_millis(700);
    options.limit = Duration::from_secs(60);
    let shrunk = shrink(&transcript, &broken.subject, &broken.broker, &options, &mut ());
    let shrunk = shrunk.expect("it goes wrong");
    assert!(shrunk.finished);
    assert_eq!((shrunk.before.sends, shrunk.after.sends), (4, 2));
    assert!(shrunk.after.octets < shrunk.before.octets);
    let again = replay(&shrunk.transcript, &broken.subject, &replaying());
    assert!(again.expect("it answers").again);
}

#[test]
fn nothing_is_shrunk_where_nobody_tells_right_from_wrong() {
    let (sabotage, case) = SEEN_AT_ONCE;
    let broken = Broken::by(sabotage);
    let transcript = broken.transcript(case);
    let mut options = ShrinkOptions::default();
    options.patience = replaying().patience;
    let same = shrink(&transcript, &broken.subject, &broken.subject, &options, &mut ());
    assert!(matches!(same, Err(NoShrink::ControlToo(_))), "{same:?}");
    let right = shrink(&transcript, &broken.broker, &broken.broker, &options, &mut ());
    assert!(matches!(right, Err(NoShrink::NotSeen(_))), "{right:?}");
}

#[test]
fn a_line_of_shell_shows_it() {
    let broken = Broken::by("header/wrong-flags");
    let transcript = broken.transcript("header/flags-of-pingreq-close");
    let address = broken.proxy.address();
    let line = transcript.to_shell("127.0.0.1", address.port()).expect("one connection");
    let answered = said_by_a_shell(&line, address);
    // The CONNACK, and an answer to a PINGREQ that should have ended the connection.
    assert_eq!(answered, [0x20, 2, 0, 0, 0xd0, 0], "{line}");
}

/// What comes back when the octets of all `printf` of a line are sent, without the pauses.
fn said_by_a_shell(line: &str, address: SocketAddr) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    for said in line.split("printf '").skip(1) {
        let said = said.split_once('\'').expect("an end").0;
        stream.write_all(&unescaped(said)).expect("it reads");
    }
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
    let (mut answer, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(5));
    while answer.len() < 6 && Instant::now() < deadline {
        let mut octets = [0; 64];
        // A timeout is a look at the clock.
        if let Ok(length) = stream.read(&mut octets) {
            answer.extend_from_slice(&octets[..length]);
        }
    }
    answer
}

/// What `printf` of a shell makes of a format with three octal digits behind each backslash.
fn unescaped(format: &str) -> Vec<u8> {
    let (mut octets, mut rest) = (Vec::new(), format.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'\\' {
            let digits = std::str::from_utf8(&rest[..3]).expect("digits");
            octets.push(u8::from_str_radix(digits, 8).expect("octal"));
            rest = &rest[3..];
        } else {
            octets.push(first);
        }
    }
    octets
}

fn mqttspec(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqttspec"));
    command.args(arguments).output().expect("the program starts")
}

#[test]
fn the_exit_code_says_whether_it_is_still_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (sabotage, case) = SEEN_AT_ONCE;
    let broken = Broken::by(sabotage);
    let address = broken.proxy.address().to_string();
    let judged = mqttspec(&[
        "test",
        &address,
        "--filter",
        case,
        "--quiet",
        "--json",
        &path("report.json"),
        "--transcripts",
        &path("failures"),
        "--pcapng",
        &path("failures"),
    ]);
    assert_eq!(judged.status.code(), Some(1));
    let file = path("failures/header_flags-as-in-the-table.json");
    let captured = std::fs::read(path("failures/header_flags-as-in-the-table.pcapng"));
    assert!(captured.expect("a capture").starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));

    let told = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let still = mqttspec(&["replay", &file, &address, "--pcapng", &path("again.pcapng")]);
    assert_eq!(still.status.code(), Some(1), "{}", told(&still));
    assert!(told(&still).contains("the same deviation again"), "{}", told(&still));
    assert!(std::fs::exists(path("again.pcapng")).expect("a folder"));
    let gone = mqttspec(&["replay", &path("report.json"), "--case", case]);
    assert_eq!(gone.status.code(), Some(0), "{}", told(&gone));
    assert!(told(&gone).contains("not seen"), "{}", told(&gone));
    assert_eq!(mqttspec(&["replay", &path("none.json")]).status.code(), Some(2));
    assert_eq!(mqttspec(&["replay", &file, "127.0.0.1:1"]).status.code(), Some(3));

    let shrunk = mqttspec(&["shrink", &file, &address, "--quiet"]);
    assert_eq!(shrunk.status.code(), Some(0), "{}", String::from_utf8_lossy(&shrunk.stderr));
    let short = path("failures/header_flags-as-in-the-table.min.json");
    assert_eq!(mqttspec(&["replay", &short, &address]).status.code(), Some(1));
}
