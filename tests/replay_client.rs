//! What a case found in a client, without the case: transcripts had again, with a driver.
//!
//! The broken client is the one of this project, seen through a sabotage.

use std::path::Path;

use mqttspec_conformance::sabotage::Sabotage;
use mqttspec_conformance::transcript::Expectation;
use mqttspec_conformance::{
    ClientSubject, NoReplay, Subject, Target, Transcript, judge_client, replay, replay_client,
};

use program::Ended;
use transcripts::{judging, replaying};

#[path = "support/program.rs"]
mod program;
#[path = "support/transcripts.rs"]
mod transcripts;

fn mqttspec(arguments: &[&str]) -> Ended {
    program::mqttspec(Path::new("."), arguments)
}

fn client() -> ClientSubject {
    ClientSubject::driver(format!("'{}' driver", env!("CARGO_BIN_EXE_mqttspec")))
}

fn broken(sabotage: &str) -> ClientSubject {
    client().behind(Some(Sabotage::named(sabotage).expect(sabotage)))
}

/// The transcript that a case leaves which fails.
fn transcript(client: &ClientSubject, case: &str) -> Transcript {
    transcripts::transcript(&judge_client(client, &judging(case), &mut ()))
}

fn goes_wrong_again(sabotage: &str, case: &str, is_kind: fn(&Expectation) -> bool) {
    let broken = broken(sabotage);
    let transcript = transcript(&broken, case);
    assert!(is_kind(&transcript.deviation.expected), "{:?}", transcript.deviation);
    let again = replay_client(&transcript, &broken, &replaying()).expect("it can be driven");
    assert!(again.again, "{case}: {} {:?}", again.saw, again.differences);
    let right = replay_client(&transcript, &client(), &replaying()).expect("it can be driven");
    assert!(!right.again, "{case}: {}", right.saw);
}

#[test]
fn a_connection_that_stays_open_is_seen_again() {
    goes_wrong_again(
        "broken-packets/of-clients-overlooked",
        "broken-packets/pingreq",
        |expected| matches!(expected, Expectation::Close { .. }),
    );
}

#[test]
fn an_acknowledgement_that_does_not_come_is_seen_again() {
    goes_wrong_again("acknowledging/no-puback", "acknowledging/qos-1-gets-a-puback", |expected| {
        matches!(expected, Expectation::Packet { .. })
    });
}

#[test]
fn what_is_sent_and_should_not_be_is_seen_again() {
    let case = "acknowledging/qos-0-is-not-answered";
    goes_wrong_again("acknowledging/qos-0-as-well", case, |expected| {
        matches!(expected, Expectation::Words)
    });
}

#[test]
fn a_broken_rule_is_seen_again() {
    let case = "introduction/connect-is-the-first-packet";
    goes_wrong_again("introduction/another-level", case, |expected| {
        matches!(expected, Expectation::Rule { .. })
    });
}

#[test]
fn a_message_that_is_passed_on_twice_is_seen_again() {
    let case = "receiving/qos-2-again-is-passed-on-once";
    goes_wrong_again("receiving/qos-2-again-is-passed-on-again", case, |expected| {
        matches!(expected, Expectation::Words)
    });
}

#[test]
fn a_message_that_is_not_passed_on_is_seen_again() {
    goes_wrong_again("receiving/qos-1-lost", "receiving/each-qos-is-passed-on", |expected| {
        matches!(expected, Expectation::Words)
    });
}

#[test]
fn another_order_is_seen_again() {
    goes_wrong_again("ordering/pubacks-overtake", "ordering/pubacks", |expected| {
        matches!(expected, Expectation::Words)
    });
}

#[test]
fn what_a_client_forgets_between_connections_is_seen_again() {
    goes_wrong_again("resuming/without-dup", "resuming/qos-1-is-sent-again", |expected| {
        matches!(expected, Expectation::Packet { .. })
    });
}

#[test]
fn what_a_client_does_too_early_is_seen_again() {
    let case = "publishing/qos-1-ends-with-its-puback";
    goes_wrong_again("publishing/done-before-its-puback", case, |expected| {
        matches!(expected, Expectation::Words)
    });
}

#[test]
fn a_conversation_with_a_client_is_none_with_a_broker() {
    let transcript = transcript(
        &broken("introduction/another-level"),
        "introduction/connect-is-the-first-packet",
    );
    let broker = Subject::at(Target::new("127.0.0.1", 1));
    let refused = replay(&transcript, &broker, &replaying());
    assert!(matches!(refused, Err(NoReplay::OtherRole(_))), "{refused:?}");
}

#[test]
fn the_exit_code_says_whether_it_is_still_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let case = "leaving/disconnect-has-its-form";
    let behind = ["--behind", "leaving/disconnect-with-a-rest"];
    let failures = path("failures");
    let judged = ["test-client", "--filter", case, "--quiet", "--transcripts", &failures];
    let judged = mqttspec(&[&judged[..], &["--pcapng", &failures], &behind].concat());
    assert_eq!(judged.code, Some(1), "{}", judged.stderr);
    let file = path("failures/leaving_disconnect-has-its-form.json");
    let captured = std::fs::read(path("failures/leaving_disconnect-has-its-form.pcapng"));
    assert!(captured.expect("a capture").starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));

    let still = mqttspec(&[&["replay", &file][..], &behind].concat());
    assert_eq!(still.code, Some(1), "{} {}", still.stdout, still.stderr);
    assert!(still.stdout.contains("the same deviation again"), "{}", still.stdout);
    let gone = mqttspec(&["replay", &file]);
    assert_eq!(gone.code, Some(0), "{} {}", gone.stdout, gone.stderr);
    assert_eq!(mqttspec(&["replay", &file, "127.0.0.1:1"]).code, Some(2));
    assert_eq!(mqttspec(&["replay", &file, "--driver", "/nonexistent/driver"]).code, Some(3));
    let shrunk = mqttspec(&["shrink", &file]);
    assert_eq!(shrunk.code, Some(2), "{}", shrunk.stderr);
}
