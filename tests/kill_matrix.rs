//! The judge behind the saboteur: it sees nothing where nothing is broken, and what is broken it
//! sees.
//!
//! Of the whole matrix one victim of each sabotage is tried here, as a rule; `mqttspec saboteur --matrix
//! docs` tries them all, and writes what is read here.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mqttspec_conformance::sabotage::{self, Matrix, Proxy, Sabotage};
use mqttspec_conformance::{Glob, RunOptions, Subject, Target, Verdict, judge};

/// The command line that starts the reference broker.
fn broker() -> String {
    format!("'{}' broker --volatile --bind 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_mqttspec"))
}

fn committed() -> Matrix {
    Matrix::from_json(include_str!("../docs/kill-matrix.json")).expect("the form of a matrix")
}

#[test]
fn a_proxy_without_sabotage_is_invisible() {
    let broker = Subject::spawn(broker().as_str()).expect("it starts");
    let nearby = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let proxy = Proxy::start(nearby, broker.target().clone(), None).expect("a free port");
    let proxied = Subject::at(Target::new("127.0.0.1", proxy.address().port()));
    let verdicts = |subject| {
        let report = judge(subject, &RunOptions::default(), &mut ());
        report.cases.iter().map(|case| (case.case, case.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&proxied), verdicts(&broker));
}

#[test]
fn the_committed_matrix_is_of_these_sabotages_and_has_no_false_alarm() {
    let matrix = committed();
    let recorded: Vec<_> = matrix.sabotages.iter().map(|b| (&*b.name, &b.breaks)).collect();
    let present: Vec<_> = sabotage::all().collect();
    assert_eq!(recorded.len(), present.len(), "run `mqttspec saboteur --matrix docs` again");
    for ((name, breaks), sabotage) in recorded.into_iter().zip(present) {
        assert_eq!((name, breaks.as_slice()), (sabotage.name, owned(sabotage.breaks).as_slice()));
    }
    let holes = matrix.holes();
    assert_eq!(holes.false_alarms, [""; 0]);
    assert_eq!(holes.survivors, [""; 0]);
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

#[test]
fn no_sabotage_gets_by() {
    let matrix = committed();
    let next = AtomicUsize::new(0);
    let unseen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(behind) = matrix.sabotages.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let sabotage = Sabotage::named(&behind.name).expect("compared above");
                    // Some fail only beside others, which the whole matrix runs at once.
                    let mut victims = behind.victims.iter().take(MOST_TRIED);
                    if !victims.any(|victim| fails_behind(sabotage, victim, HASTY)) {
                        unseen.lock().expect("no panic").push(sabotage.name);
                    }
                }
            });
        }
    });
    // On a busy machine haste may leave a case undecided: those are looked at again, one by one
    // and with time.
    let mut unseen = unseen.into_inner().expect("no panic");
    unseen.retain(|name| {
        let sabotage = Sabotage::named(name).expect("compared above");
        let behind = matrix.sabotages.iter().find(|behind| behind.name == *name);
        let mut victims = behind.iter().flat_map(|behind| &behind.victims);
        !victims.any(|victim| fails_behind(sabotage, victim, PATIENT))
    });
    assert_eq!(unseen, [""; 0]);
}

fn fails_behind(sabotage: &Sabotage, case: &str, patience: Duration) -> bool {
    let mut options = RunOptions::default();
    options.filter = Some(Glob::new(case));
    options.patience = patience;
    options.close_wait = Duration::from_secs(1);
    options.keep_alive_tolerance = Duration::from_secs(1);
    options.second_look = false;
    let report = sabotage.judge(&broker(), &options).expect("the broker starts");
    report.cases.iter().any(|case| matches!(case.verdict, Verdict::Fail | Verdict::Warn))
}

#[test]
fn what_can_be_broken_is_listed_by_statement() {
    let output = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["saboteur", "--list", "--statement", "3.3.1-9"])
        .output()
        .expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success());
    assert!(text.contains("retain/flag-always-set"), "{text}");
    assert!(!text.contains("will/qos-3"), "{text}");
}

/// Nearly all of it is waiting.
const AT_ONCE: usize = 12;

const HASTY: Duration = Duration::from_millis(1500);
const PATIENT: Duration = Duration::from_secs(5);

/// Victims of one sabotage that are tried until one fails.
const MOST_TRIED: usize = 4;
