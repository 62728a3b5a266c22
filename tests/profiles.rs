//! Profiles of brokers, as the program that people run reads them.

#[path = "support/program.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use program::Ended;

fn mqttspec(arguments: &[&str]) -> Ended {
    program::mqttspec(Path::new("."), arguments)
}

/// A profile in a folder of its own, which starts the reference broker and goes on with `rest`.
fn profile(rest: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("mine.toml");
    let program = env!("CARGO_BIN_EXE_mqttspec");
    let text = format!(
        "name = \"Mine\"\n[start]\ncommand = \"'{program}' broker --volatile --bind 127.0.0.1:{{port}}\"\n{rest}"
    );
    std::fs::write(&path, text).expect("a file");
    (folder, path.to_str().expect("UTF-8").to_owned())
}

/// Runs the cases of `filter` by a profile: the exit code, and the report.
fn judged(rest: &str, filter: &str, more: &[&str]) -> (Option<i32>, Value) {
    let (_folder, path) = profile(rest);
    let mut arguments = vec!["test", "--profile", &path, "--filter", filter, "--json", "-", "-q"];
    arguments.extend(more);
    let output = mqttspec(&arguments);
    let report = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.code, report)
}

/// A few quick cases.
const PING: &str = "ping/*";

#[test]
fn a_profile_starts_the_broker_and_names_it() {
    let (code, report) = judged("", PING, &[]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["subject"]["profile"], "Mine");
    assert!(report["summary"]["pass"].as_u64() > Some(0));
}

#[test]
fn what_is_known_to_fail_and_passes_fails_the_run() {
    let known = "[known]\n'ping/*' = 'it has no PINGRESP'";
    let (code, report) = judged(known, PING, &[]);
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(report["mended"][0]["known"], "ping/*");

    // Not when it comes and goes, nor when only a part of it was asked for, nor when nobody asks.
    let flaky = "[known]\n'ping/*' = { reason = 'now and then', flaky = true }";
    assert_eq!(judged(flaky, PING, &[]).0, Some(0));
    let one = report["cases"][0]["case"].as_str().expect("an address").to_owned();
    assert_eq!(judged(known, &one, &[]).0, Some(0));
    assert_eq!(judged(known, PING, &["--no-known"]).0, Some(0));
}

#[test]
fn what_a_profile_denies_is_not_looked_at() {
    let (code, report) = judged("[offers]\nwildcards = false", "matching/*", &[]);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(report["subject"]["capabilities"]["wildcards"], false);
    assert!(report["summary"]["unsupported"].as_u64() > Some(0));
}

#[test]
fn a_broker_is_restarted_on_its_port_and_what_it_does_not_keep_is_seen() {
    let promise = "[restart]\nkeeps = ['sessions']";
    let (code, report) = judged(promise, "restart/*", &[]);
    assert_eq!(code, Some(1), "{report}");
    let verdict = |address: &str| {
        let cases = report["cases"].as_array().expect("cases");
        let case = cases.iter().find(|case| case["case"] == address).expect(address);
        case["verdict"].as_str().expect("a verdict").to_owned()
    };
    // It keeps everything in memory, and says so.
    assert_eq!(verdict("restart/sessions-are-kept"), "fail");
    assert_eq!(verdict("restart/session-present-tells-the-truth"), "pass");
    assert_eq!(verdict("restart/retained-are-kept"), "unsupported");
    let observed = report["observed"].as_array().expect("observations");
    let sessions = observed.iter().find(|o| o["what"] == "sessions-after-a-restart");
    assert_eq!(sessions.expect("it was looked at")["behaviour"], "lost");

    // A failure that is known fails nobody.
    let known = format!("{promise}\n[known]\n'restart/sessions-are-kept' = 'all in memory'");
    let (code, report) = judged(&known, "restart/*", &[]);
    assert_eq!((code, &report["summary"]["known"]), (Some(0), &Value::from(1)), "{report}");
    assert_eq!(judged(&known, "restart/*", &["--no-known"]).0, Some(1));
}

#[test]
fn the_reference_broker_keeps_all_that_its_profile_says_of_users_and_rights() {
    // MQTT-3.3.5-2, MQTT-3.8.4-5, U-3.1.4-1, U-3.2.2.3-1
    let program = Path::new(env!("CARGO_BIN_EXE_mqttspec")).parent().expect("a folder");
    let before = std::env::var_os("PATH").unwrap_or_default();
    let path = [program.to_owned()].into_iter().chain(std::env::split_paths(&before));
    let path = std::env::join_paths(path).expect("a path");
    for (filter, least) in [("access/*", 15), ("credentials/*", 5)] {
        let output = Command::new("mqttspec")
            .args(["test", "--profile", "mqttspec-users", "--json", "-", "-q", "--filter", filter])
            .env("PATH", &path)
            .output()
            .expect("the program starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let summary = &report["summary"];
        assert!(summary["pass"].as_u64() >= Some(least), "{summary}");
        for other in ["fail", "warn", "inconclusive", "unsupported"] {
            assert_eq!(summary[other].as_u64().unwrap_or(0), 0, "{other}: {summary}");
        }
    }
}

#[test]
fn a_profile_that_is_wrong_is_wrong_usage_with_its_line() {
    let (_folder, path) = profile("\n[offers]\nwildcard = true");
    let output = mqttspec(&["test", "--profile", &path]);
    let told = output.stderr;
    assert_eq!(output.code, Some(2), "{told}");
    assert!(told.contains("line 6") && told.contains("did you mean wildcards?"), "{told}");

    let output = mqttspec(&["test", "--profile", "mosquito"]);
    let told = output.stderr;
    assert_eq!(output.code, Some(2), "{told}");
    assert!(told.contains("did you mean mosquitto?"), "{told}");
}

#[test]
fn a_profile_that_says_neither_how_nor_where_needs_a_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "name = 'Mine'").expect("a file");
    let output = mqttspec(&["test", "--profile", path.to_str().expect("UTF-8")]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("add [start] or [at]"), "{}", output.stderr);
}
