//! Whole runs over clients that are none: what a judge of clients must not be taken in by.
//!
//! The toys are in this very file, as tests that are not to be run by hand: the judge starts this
//! program anew for each of its cases and has it run the one that is meant.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Read as _, Write as _, stdin, stdout};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use mqttspec_conformance::wire::{Connect, Octets as _};
use mqttspec_conformance::{ClientSubject, Glob, Report, RunOptions, Verdict, judge_client};
use serde_json::{Value, json};

/// What the judge makes of each toy: all at once, since nearly all of it is waiting.
static REPORTS: LazyLock<BTreeMap<&str, Report>> = LazyLock::new(|| {
    thread::scope(|scope| {
        let runs = TOYS.map(|toy| (toy, scope.spawn(move || judged(toy))));
        runs.into_iter().map(|(toy, run)| (toy, run.join().expect("no panic"))).collect()
    })
});

const TOYS: [&str; 5] = ["never_connects", "agrees", "closes", "says_nothing", "claims"];

fn judged(toy: &str) -> Report {
    judged_by(toy, "*")
}

fn judged_by(toy: &str, cases: &str) -> Report {
    let program = std::env::current_exe().expect("this program");
    let program = program.to_str().expect("a path in UTF-8");
    let command = format!("'{program}' --exact {toy} --ignored --nocapture");
    let mut options = RunOptions::default();
    options.jobs = 64;
    options.patience = Duration::from_millis(200);
    options.close_wait = Duration::from_millis(200);
    options.give_up_wait = Duration::from_millis(200);
    options.second_look = false;
    options.filter = Some(Glob::new(cases));
    judge_client(&ClientSubject::driver(command), &options, &mut ())
}

fn passed(toy: &str) -> Vec<&'static str> {
    let report = &REPORTS[toy];
    assert!(report.subject.lost.is_none(), "{:?}", report.subject.lost);
    assert!(report.cases.len() > 150, "{}", report.cases.len());
    let passed = report.cases.iter().filter(|case| case.verdict == Verdict::Pass);
    passed.map(|case| case.case).collect()
}

#[test]
fn who_never_connects_passes_nothing() {
    assert_eq!(passed("never_connects"), [""; 0]);
}

#[test]
fn who_agrees_to_everything_and_never_connects_passes_nothing() {
    assert_eq!(passed("agrees"), [""; 0]);
}

#[test]
fn who_closes_every_connection_passes_nothing() {
    assert_eq!(passed("closes"), [""; 0]);
}

#[test]
fn who_connects_and_says_nothing_passes_nothing() {
    assert_eq!(passed("says_nothing"), [""; 0]);
}

/// Whoever introduces himself well has passed what is asked of that, and no more.
#[test]
fn who_says_connect_and_then_only_claims_passes_introductions() {
    let passed = passed("claims");
    assert!(!passed.is_empty());
    for case in passed {
        assert!(case.starts_with("introduction/"), "{case}");
    }
}

/// It asks for 60 seconds whatever it is told, as one may that cannot turn Keep Alive off.
#[test]
fn who_does_not_turn_keep_alive_off_breaks_nothing() {
    let report = judged_by("claims", "keeping-alive/zero-is-said");
    let verdicts: Vec<_> = report.cases.iter().map(|case| case.verdict).collect();
    assert_eq!(verdicts, [Verdict::Unsupported]);
}

#[test]
fn a_driver_that_cannot_be_started_is_no_verdict() {
    let subject = ClientSubject::driver("/nonexistent/driver");
    let report = judge_client(&subject, &RunOptions::default(), &mut ());
    assert_eq!(report.exit_code(), 3);
    assert!(report.cases.is_empty());
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn never_connects() {
    drive(|_| {});
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn agrees() {
    drive(|command| {
        tell(&json!({ "event": "connected", "session_present": true }));
        say_yes(&command["id"]);
        tell(&json!({ "event": "closed" }));
    });
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn closes() {
    drive(|command| {
        if let Some(stream) = dialled(command) {
            drop(stream);
            tell(&json!({ "event": "closed" }));
        }
    });
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn says_nothing() {
    let mut streams = Vec::new();
    drive(move |command| streams.extend(dialled(command)));
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn claims() {
    let mut streams = Vec::new();
    drive(move |command| {
        if let Some(mut stream) = dialled(command) {
            let id = command["client_id"].as_str().unwrap_or_default();
            let mut connect = Connect::clean(id);
            connect.clean_session = command["clean_session"] == true;
            stream.write_all(&connect.octets()).expect("the judge is there");
            let mut connack = [0; 4];
            if stream.read_exact(&mut connack).is_ok() {
                tell(&json!({ "event": "connected", "session_present": false }));
            }
            streams.push(stream);
        }
        say_yes(&command["id"]);
    });
}

/// Tells that all has come about that a command can be meant for.
fn say_yes(id: &Value) {
    for event in ["published", "unsubscribed"] {
        tell(&json!({ "event": event, "id": id }));
    }
    tell(&json!({ "event": "subscribed", "id": id, "codes": [0] }));
    tell(&json!({ "event": "message", "topic": "t", "payload": "the last" }));
}

/// A connection to the judge, where the command is to connect.
fn dialled(command: &Value) -> Option<TcpStream> {
    let port = command["port"].as_u64().and_then(|port| u16::try_from(port).ok())?;
    TcpStream::connect(("127.0.0.1", port)).ok()
}

fn drive(mut carry_out: impl FnMut(&Value)) {
    tell(&json!({ "event": "ready", "name": "a toy" }));
    for line in stdin().lock().lines() {
        let line = line.expect("lines of text");
        carry_out(&serde_json::from_str(&line).expect("a command"));
    }
}

/// On a line of its own, whatever the harness has written before.
fn tell(event: &Value) {
    // A judge that is gone has heard enough.
    let _ = writeln!(stdout(), "\n{event}");
}
