//! The judge behind the saboteur: it sees nothing where nothing is broken, and what is broken it
//! sees.
//!
//! Of the whole matrix one victim of each sabotage is tried here, as a rule; `mqttspec saboteur
//! --matrix docs` tries them all, and writes what is read here.

use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mqttspec_conformance::sabotage::{self, Behind, Field, Holes, Matrix, Sabotage};
use mqttspec_conformance::{ClientSubject, Profile, RunOptions, Verdict, judge_client};

/// The profile of the reference broker, for the program that is tested.
fn reference() -> Profile {
    let mut profile = Profile::find("mqttspec").expect("it is built in");
    let start = profile.start.as_mut().expect("it says how");
    let program = format!("'{}'", env!("CARGO_BIN_EXE_mqttspec"));
    start.command = start.command.replacen("mqttspec", &program, 1);
    profile
}

fn committed() -> Matrix {
    Matrix::from_json(include_str!("../docs/kill-matrix.json")).expect("the form of a matrix")
}

fn committed_of_clients() -> Matrix {
    let matrix = include_str!("../docs/kill-matrix-clients.json");
    Matrix::from_json(matrix).expect("the form of a matrix")
}

/// The client of this project, as its driver is started.
fn client() -> ClientSubject {
    ClientSubject::driver(format!("'{}' driver", env!("CARGO_BIN_EXE_mqttspec")))
}

#[test]
fn a_proxy_without_sabotage_is_invisible() {
    let field = Field::open(&reference()).expect("it starts");
    let reports = field.judge(None, &RunOptions::default()).expect("a free port");
    let cases = reports.iter().flat_map(|report| &report.cases);
    // What the reference broker does not offer is not offered behind a proxy either.
    let is_good = |verdict| matches!(verdict, Verdict::Pass | Verdict::Unsupported);
    let not_passed = cases.filter(|case| !is_good(case.verdict));
    let not_passed: Vec<_> = not_passed.map(|case| (case.case, &case.message)).collect();
    assert!(not_passed.is_empty(), "{not_passed:#?}");
}

#[test]
fn a_proxy_without_sabotage_is_invisible_to_the_judge_of_clients() {
    let mut options = RunOptions::default();
    // As many as on the command line: each is a process, and others run beside this test.
    options.jobs = 16;
    let report = judge_client(&client().behind(None), &options, &mut ());
    let not_passed = report.cases.iter().filter(|case| case.verdict != Verdict::Pass);
    let not_passed: Vec<_> = not_passed.map(|case| (case.case, &case.message)).collect();
    assert!(not_passed.is_empty(), "{not_passed:#?}");
}

#[test]
fn the_committed_matrix_of_brokers_is_of_today_and_has_no_hole() {
    is_of_today(&committed(), "docs/kill-matrix.md");
}

#[test]
fn the_committed_matrix_of_clients_is_of_today_and_has_no_hole() {
    is_of_today(&committed_of_clients(), "docs/kill-matrix-clients.md");
}

fn is_of_today(matrix: &Matrix, page: &str) {
    let recorded: Vec<_> =
        matrix.sabotages.iter().map(|b| (b.name.clone(), b.breaks.clone())).collect();
    let present = sabotage::of(matrix.role).map(|s| (s.name.to_owned(), owned(s.breaks)));
    let present: Vec<_> = present.collect();
    let again = "run `mqttspec saboteur --matrix docs` again";
    // Only what differs: nobody reads three hundred.
    let gone: Vec<_> = recorded.iter().filter(|one| !present.contains(one)).collect();
    let new: Vec<_> = present.iter().filter(|one| !recorded.contains(one)).collect();
    assert!(gone.is_empty() && new.is_empty(), "{again}: {gone:?} gone, {new:?} new");
    assert!(recorded == present, "{again}: they stand in another order");
    // A case that has come since then has fallen to nothing there, and is idle.
    assert_eq!(matrix.holes(), Holes::default(), "{again}");
    // The page of a machine form that was merged by hand.
    if std::env::var_os("MQTTSPEC_BLESS").is_some() {
        std::fs::write(page, matrix.to_markdown()).expect("the page is written");
    }
    let page = std::fs::read_to_string(page).expect("the page is there");
    assert_eq!(matrix.to_markdown(), page, "{again}");
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

#[test]
fn no_sabotage_gets_by() {
    let field = Field::open(&reference()).expect("it starts");
    get_by(&committed(), &|behind, case, patience| fails_behind(&field, behind, case, patience));
}

#[test]
fn no_sabotage_of_clients_gets_by() {
    let client = client();
    get_by(&committed_of_clients(), &|behind, case, patience| {
        named(behind).fails(&client, case, patience)
    });
}

/// Tries victims of each sabotage: at least one has to fail.
fn get_by(matrix: &Matrix, fails: &(dyn Fn(&Behind, &str, Duration) -> bool + Sync)) {
    let next = AtomicUsize::new(0);
    let unseen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(behind) = matrix.sabotages.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    // Some fail only beside others, which the whole matrix runs at once.
                    let mut victims = victims(behind).take(MOST_TRIED);
                    if !victims.any(|victim| fails(behind, victim, HASTY)) {
                        unseen.lock().expect("no panic").push(behind);
                    }
                }
            });
        }
    });
    // On a busy machine haste may leave a case undecided: those are looked at again, one by one
    // and with time.
    let unseen = unseen.into_inner().expect("no panic").into_iter();
    let unseen =
        unseen.filter(|behind| !victims(behind).any(|victim| fails(behind, victim, PATIENT)));
    let unseen: Vec<_> = unseen.map(|behind| &behind.name).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

/// Those that fail by themselves before those that tell what was heard in others.
fn victims(behind: &Behind) -> impl Iterator<Item = &str> {
    let is_background = |victim: &&String| victim.starts_with("background/");
    let (told, failed): (Vec<_>, Vec<_>) = behind.victims.iter().partition(is_background);
    failed.into_iter().chain(told).map(String::as_str)
}

fn fails_behind(field: &Field, behind: &Behind, case: &str, patience: Duration) -> bool {
    field.fails(named(behind), case, patience).expect("the broker is there")
}

fn named(behind: &Behind) -> &'static Sabotage {
    Sabotage::named(&behind.name).expect("compared by another test")
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

#[test]
fn what_clients_can_break_is_listed_apart() {
    let listed = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
            .args(["saboteur", "--list", "--statement", "4.3.3-2"])
            .args(arguments)
            .output()
            .expect("the program starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let (of_clients, of_both) = (listed(&["--client"]), listed(&[]));
    assert!(of_clients.contains("receiving/qos-2-lost"), "{of_clients}");
    assert!(!of_clients.contains("packet-id/pubcomp-of-another"), "{of_clients}");
    assert!(of_both.contains("receiving/qos-2-lost"), "{of_both}");
    assert!(of_both.contains("packet-id/pubcomp-of-another"), "{of_both}");
}

/// Nearly all of it is waiting.
const AT_ONCE: usize = 32;

const HASTY: Duration = Duration::from_millis(1500);
const PATIENT: Duration = Duration::from_secs(5);

/// Victims of one sabotage that are tried until one fails.
const MOST_TRIED: usize = 4;
