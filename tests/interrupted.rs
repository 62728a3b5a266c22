//! A run of the judge that is interrupted: it reports what was judged until then, and ends at once.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Far less than a case may take, and more than a busy machine needs to write a report.
const LIMIT: Duration = Duration::from_secs(30);

fn judge(arguments: &[&str], report: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(arguments)
        .arg("--json")
        .arg(report)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Sends it a signal: its exit code, what it printed, and its report.
fn interrupted(mut child: Child, signal: Signal, report: &Path) -> (Option<i32>, String, Value) {
    let process = Pid::from_child(&child);
    kill_process(process, signal).expect("it runs");
    let begin = Instant::now();
    let mut printed = String::new();
    let stdout = child.stdout.as_mut().expect("it is piped");
    stdout.read_to_string(&mut printed).expect("text");
    let status = child.wait().expect("it ends");
    assert!(begin.elapsed() < LIMIT, "it waited for its cases");
    let report = std::fs::read_to_string(report).expect("a report");
    (status.code(), printed, serde_json::from_str(&report).expect("JSON"))
}

#[test]
fn a_run_over_a_broker_says_what_it_has_not_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    // It takes connections and never answers, so that every case waits.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = silent.local_addr().expect("an address").to_string();
    let child = judge(&["test", &place, "--filter", "ping/*"], &path);
    let connection = silent.accept().expect("a connection");

    let (code, printed, report) = interrupted(child, Signal::INT, &path);
    drop(connection);
    assert_eq!(code, Some(130), "{printed}");
    let summary = &report["summary"];
    let cases = report["cases"].as_array().expect("a list");
    assert!(cases.len() > 1, "{report}");
    assert_eq!(summary["not_reached"], cases.len(), "{summary}");
    assert_eq!(summary["pass"], 0, "{summary}");
    for case in cases {
        assert_eq!(case["verdict"], "not-judged", "{case}");
    }
    assert!(printed.contains("not reached"), "{printed}");
}

#[test]
fn the_broker_of_an_interrupted_run_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    let (program, number) = (env!("CARGO_BIN_EXE_mqttspec"), folder.path().join("number"));
    let heard = folder.path().join("heard");
    // One that tells its process and what it hears, and that a run starts anew when it is lost.
    let broker = format!(
        "sh -c 'echo $$ >> {}; exec {program} broker --volatile --bind 127.0.0.1:{{port}} --explain \
         2>> {}'",
        number.display(),
        heard.display()
    );
    let child = judge(&["test", "--spawn", &broker, "--filter", "keep-alive/*"], &path);
    let begin = Instant::now();
    let numbers = || std::fs::read_to_string(&number).unwrap_or_default();
    // The first CONNECT asks whether it is there.
    let is_judged =
        || std::fs::read_to_string(&heard).is_ok_and(|it| it.matches("CONNECT").count() > 9);
    while !is_judged() && begin.elapsed() < LIMIT {
        std::thread::yield_now();
    }
    let (code, printed, _) = interrupted(child, Signal::INT, &path);
    assert_eq!(code, Some(130), "{printed}");
    for number in numbers().lines() {
        let process = Pid::from_raw(number.parse().expect("a number")).expect("not 0");
        while rustix::process::test_kill_process(process).is_ok() && begin.elapsed() < LIMIT {
            std::thread::yield_now();
        }
        assert!(rustix::process::test_kill_process(process).is_err(), "{number} is left");
    }
}

#[test]
fn a_run_over_a_client_keeps_what_it_has_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    let told = folder.path().join("told");
    // A driver that says that it is there, and then nothing any more.
    let driver = format!("sh -c 'touch {}; exec sleep 60'", told.display());
    let child = judge(&["test-client", "--driver", &driver, "--filter", "publishing/*"], &path);
    let begin = Instant::now();
    while !told.exists() && begin.elapsed() < LIMIT {
        std::thread::yield_now();
    }
    assert!(told.exists(), "the driver was not started");

    let (code, printed, report) = interrupted(child, Signal::TERM, &path);
    assert_eq!(code, Some(143), "{printed}");
    let cases = report["cases"].as_array().expect("a list");
    assert_eq!(report["summary"]["not_reached"], cases.len(), "{report}");
}
