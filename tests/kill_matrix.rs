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
use mqttspec_conformance::{Profile, RunOptions, Verdict};

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
fn the_committed_matrix_is_of_these_sabotages_and_cases_and_has_no_hole() {
    let matrix = committed();
    let recorded: Vec<_> =
        matrix.sabotages.iter().map(|b| (b.name.clone(), b.breaks.clone())).collect();
    let present: Vec<_> = sabotage::all().map(|s| (s.name.to_owned(), owned(s.breaks))).collect();
    let again = "run `mqttspec saboteur --matrix docs` again";
    // Only what differs: nobody reads three hundred.
    let gone: Vec<_> = recorded.iter().filter(|one| !present.contains(one)).collect();
    let new: Vec<_> = present.iter().filter(|one| !recorded.contains(one)).collect();
    assert!(gone.is_empty() && new.is_empty(), "{again}: {gone:?} gone, {new:?} new");
    assert!(recorded == present, "{again}: they stand in another order");
    // A case that has come since then has fallen to nothing there, and is idle.
    assert_eq!(matrix.holes(), Holes::default(), "{again}");
    assert_eq!(matrix.to_markdown(), include_str!("../docs/kill-matrix.md"), "{again}");
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

#[test]
fn no_sabotage_gets_by() {
    let matrix = committed();
    let field = Field::open(&reference()).expect("it starts");
    let next = AtomicUsize::new(0);
    let unseen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(behind) = matrix.sabotages.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    // Some fail only beside others, which the whole matrix runs at once.
                    let mut victims = victims(behind).take(MOST_TRIED);
                    if !victims.any(|victim| fails_behind(&field, behind, victim, HASTY)) {
                        unseen.lock().expect("no panic").push(behind);
                    }
                }
            });
        }
    });
    // On a busy machine haste may leave a case undecided: those are looked at again, one by one
    // and with time.
    let unseen = unseen.into_inner().expect("no panic").into_iter().filter(|behind| {
        !victims(behind).any(|victim| fails_behind(&field, behind, victim, PATIENT))
    });
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
    let sabotage = Sabotage::named(&behind.name).expect("compared by another test");
    field.fails(sabotage, case, patience).expect("the broker is there")
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
const AT_ONCE: usize = 32;

const HASTY: Duration = Duration::from_millis(1500);
const PATIENT: Duration = Duration::from_secs(5);

/// Victims of one sabotage that are tried until one fails.
const MOST_TRIED: usize = 4;
