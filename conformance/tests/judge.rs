//! Whole runs against brokers that are none.

mod toy;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use mqttspec_conformance::{Glob, Launch, Report, RunOptions, Subject, Target, Verdict, judge};
use toy::met::MET_BY_AGREEING;
use toy::{Manner, Toy};

/// Waits that suit a subject in the same process.
fn hasty() -> RunOptions {
    let mut options = RunOptions::default();
    options.patience = Duration::from_millis(100);
    options.close_wait = Duration::from_millis(100);
    options.keep_alive_tolerance = Duration::from_millis(100);
    options.lateness = Duration::from_millis(100);
    options
}

fn passed(report: &Report) -> Vec<&'static str> {
    let passed = report.cases.iter().filter(|case| case.verdict == Verdict::Pass);
    passed.map(|case| case.case).collect()
}

#[test]
fn who_closes_every_connection_passes_nothing() {
    let toy = Toy::new(Manner::Closes);
    let report = judge(&toy.subject, &hasty(), &mut ());
    assert_eq!(passed(&report), [""; 0]);
}

#[test]
fn who_says_nothing_passes_nothing() {
    let toy = Toy::new(Manner::Silent);
    let report = judge(&toy.subject, &hasty(), &mut ());
    assert_eq!(passed(&report), [""; 0]);
    assert!(report.summary.fail > 0);
}

#[test]
fn who_agrees_to_everything_delivers_nothing() {
    let toy = Toy::new(Manner::Yes);
    let report = judge(&toy.subject, &hasty(), &mut ());
    let verdict = |address| report.cases.iter().find(|c| c.case == address).unwrap().verdict;
    // What only observes cannot fail either.
    let judging = report.cases.iter().filter(|case| case.level != "observe");
    let met: BTreeSet<_> =
        judging.filter(|case| case.verdict == Verdict::Pass).map(|case| case.case).collect();
    let explained = MET_BY_AGREEING.iter().flat_map(|(_, cases)| *cases).copied().collect();
    // On a busy machine a hasty judge may give up on an answer that was coming.
    let unexplained: Vec<_> = met.difference(&explained).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    assert_eq!(verdict("retain/kept-for-later-subscribers"), Verdict::Fail);
    assert_eq!(verdict("connect/second-connect-closes"), Verdict::Fail);
    // Nothing comes, but neither does the sentinel behind which it was not to come.
    assert_eq!(verdict("disconnect/discards-the-will"), Verdict::Inconclusive);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn reports_have_the_form_of_their_schema() {
    let schema = include_str!("../schema/report.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let toy = Toy::new(Manner::Yes);
    let mut options = hasty();
    options.filter = Some(Glob::new("p*/*"));
    for subject in [&toy.subject, &nobody()] {
        let report = judge(subject, &options, &mut ());
        let json = serde_json::from_str(&report.to_json()).unwrap();
        let errors: Vec<_> =
            schema.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn a_subject_that_is_not_there_is_told_from_one_that_fails() {
    let report = judge(&nobody(), &hasty(), &mut ());
    assert_eq!(report.exit_code(), 3);
    assert!(report.cases.is_empty());
    assert!(report.subject.lost.is_some_and(|reason| reason.contains("takes no connection")));
}

#[test]
fn a_subject_that_dies_ends_the_run() {
    let toy = Toy::living_for(Manner::Yes, 30);
    let mut options = hasty();
    options.jobs = 4;
    let report = judge(&toy.subject, &options, &mut ());
    assert_eq!(report.exit_code(), 3);
    let lost = report.subject.lost.unwrap();
    assert!(lost.contains("takes no connection") && lost.contains(", during "), "{lost}");
    let not_run = |message: &String| message == "not run: the subject is gone";
    assert!(report.cases.iter().any(|case| case.message.as_ref().is_some_and(not_run)));
}

#[test]
fn a_subject_that_answers_nobody_any_more_ends_the_run() {
    let toy = Toy::hanging_after(30);
    let mut options = hasty();
    options.jobs = 4;
    let report = judge(&toy.subject, &options, &mut ());
    assert_eq!(report.exit_code(), 3);
    let lost = report.subject.lost.unwrap();
    assert!(lost.contains("answers no CONNECT any more"), "{lost}");
    // Its silence is the reason, and no breach of whatever the cases were about.
    let silence = |message: &String| message.starts_with("the subject was lost; before that: ");
    assert!(report.cases.iter().any(|case| case.message.as_ref().is_some_and(silence)));
}

#[test]
fn to_die_of_a_breach_is_no_answer_to_it() {
    let toy = Toy::new(Manner::Brittle);
    let mut options = hasty();
    options.filter = Some(Glob::new("header/flags-of-connect-close"));
    let report = judge(&toy.subject, &options, &mut ());
    assert_eq!(report.exit_code(), 3);
    let lost = report.subject.lost.as_deref().unwrap_or_default();
    assert!(lost.ends_with(", during header/flags-of-connect-close"), "{lost}");
    assert_eq!(passed(&report), [""; 0]);
}

#[test]
fn who_dies_and_can_be_started_anew_fails_by_what_it_dies_of_and_nothing_else() {
    let subject = in_a_process(TOY_BRITTLE);
    let mut options = hasty();
    options.filter = Some(Glob::new("header/flags-of-*"));
    let report = judge(&subject, &options, &mut ());
    assert_eq!(report.subject.lost, None);
    assert!(!report.subject.losses.is_empty());
    assert!(report.cases.iter().all(|case| case.verdict != Verdict::Error), "{report:?}");
    for address in ["header/flags-of-connect-close", "header/flags-of-pingreq-close"] {
        let case = report.cases.iter().find(|case| case.case == address).unwrap();
        assert_eq!(case.verdict, Verdict::Fail, "{address}: {:?}", case.message);
        let message = case.message.as_deref().unwrap();
        assert!(message.contains("still there afterwards, saw it "), "{message}");
    }
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn who_tires_of_hundreds_is_looked_at_afresh() {
    let subject = in_a_process(TOY_TIRING);
    let mut options = hasty();
    options.filter = Some(Glob::new("publish/qos-1-gets-a-puback"));
    let report = judge(&subject, &options, &mut ());
    let [case] = report.cases.as_slice() else { panic!("one was asked for: {report:?}") };
    assert_eq!(case.verdict, Verdict::Pass, "{:?}", case.message);
    let message = case.message.as_deref().unwrap();
    assert!(message.starts_with("passed when the broker was started anew; before: "), "{message}");
    assert_eq!(report.subject.losses.len(), 1, "{:?}", report.subject.losses);
    // That it tires is no merit.
    assert_eq!(report.exit_code(), 1);
}

/// A toy that can be started anew.
fn in_a_process(which: &str) -> Subject {
    let program = std::env::current_exe().expect("a test has a program");
    let mut launch =
        Launch::new(format!("{} --exact a_toy_in_a_process_of_its_own", program.display()));
    launch.environment.insert(which.to_owned(), "{port}".to_owned());
    Subject::spawn(launch).expect("it starts")
}

/// No test by itself: the broker of another, which has to be a process to be started anew.
#[test]
fn a_toy_in_a_process_of_its_own() {
    let port = |which| Some(std::env::var(which).ok()?.parse().unwrap());
    if let Some(port) = port(TOY_BRITTLE) {
        Toy::serve_at(port, |_| Manner::Brittle);
    } else if let Some(port) = port(TOY_TIRING) {
        // Fewer than the probe has.
        Toy::serve_at(port, |count| if count < 6 { Manner::Yes } else { Manner::Tired });
    }
}

/// The variables that tell such a process what to be, and where to listen.
const TOY_BRITTLE: &str = "MQTTSPEC_TOY_BRITTLE_AT";
const TOY_TIRING: &str = "MQTTSPEC_TOY_TIRING_AT";

#[test]
fn who_floods_garbles_or_stops_midway_is_judged_in_time() {
    for manner in [Manner::Floods, Manner::Garbles, Manner::Stops] {
        let toy = Toy::new(manner);
        let mut options = hasty();
        options.filter = Some(Glob::new("qos1/*"));
        // The other tests of this file want some of the processor as well.
        options.jobs = 2;
        let begin = Instant::now();
        let report = judge(&toy.subject, &options, &mut ());
        assert!(begin.elapsed() < Duration::from_secs(60), "{manner:?}: {:?}", begin.elapsed());
        // A flood hides no answer, as far as anybody can be reached in it.
        if !matches!(manner, Manner::Floods) {
            assert_eq!(passed(&report), [""; 0], "{manner:?}");
        }
    }
}

#[test]
fn octets_that_are_no_packets_are_told_by_the_oracle() {
    let toy = Toy::new(Manner::Garbles);
    let mut options = hasty();
    options.filter = Some(Glob::new("ping/answered"));
    let report = judge(&toy.subject, &options, &mut ());
    let told: Vec<_> = report.cases.iter().map(|case| (case.case, case.verdict)).collect();
    // It was not asked for, and is told because it found something.
    let expected = [
        ("ping/answered", Verdict::Inconclusive),
        ("background/only-what-servers-send", Verdict::Fail),
    ];
    assert_eq!(told, expected);
}

/// A port on which nobody listens.
fn nobody() -> Subject {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    Subject::at(Target::new("127.0.0.1", address.port()))
}
