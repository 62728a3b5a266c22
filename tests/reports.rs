//! Reports as files: what `mqttspec test` writes, and what `mqttspec compare` makes of it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn mqttspec(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("MQTTSPEC_PASSWORD")
        .output()
        .expect("the program starts")
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("UTF-8")
}

/// A subject that takes connections and closes each one.
fn closes_at_once() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(drop));
    address
}

#[test]
fn every_kind_of_report_is_written_where_it_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["--html", "a.html", "--markdown", "a.md", "--badge", "a.svg", "--json", "a.json"];
    let output = mqttspec(
        folder.path(),
        &[&["test", "--quiet", "--filter", "ping/answered"], flags.as_slice()].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let begins = [("a.html", "<!DOCTYPE html>"), ("a.md", "### ✓ MQTT 3.1.1"), ("a.svg", "<svg ")];
    for (name, expected) in begins {
        let written = fs::read_to_string(folder.path().join(name)).expect(name);
        assert!(written.starts_with(expected), "{name}: {written:.80}");
    }
}

#[test]
fn a_badge_whose_file_ends_in_json_is_for_shields() {
    let folder = tempfile::tempdir().expect("a folder");
    mqttspec(folder.path(), &["test", "--quiet", "--filter", "ping/answered", "--badge", "a.json"]);
    let badge = fs::read_to_string(folder.path().join("a.json")).expect("a badge");
    let badge: serde_json::Value = serde_json::from_str(&badge).expect("JSON");
    assert_eq!(badge["schemaVersion"], 1);
    assert_eq!(badge["label"], "MQTT 3.1.1");
}

#[test]
fn a_regression_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let ping = ["--quiet", "--filter", "ping/answered", "--timeout", "1", "--json"];
    mqttspec(folder.path(), &[&["test"], ping.as_slice(), &["good.json"]].concat());
    let bad = closes_at_once();
    mqttspec(folder.path(), &[&["test", &bad], ping.as_slice(), &["bad.json"]].concat());

    let compare = |reports: &[&str]| {
        let output = mqttspec(folder.path(), &[&["compare"], reports].concat());
        (output.status.code(), text(&output.stdout).to_owned())
    };
    let (code, told) = compare(&["good.json", "bad.json"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Broken\n") && told.contains("ping/answered  pass → "), "{told}");
    assert_eq!(compare(&["bad.json", "good.json"]).0, Some(0));
    assert_eq!(compare(&["good.json", "good.json"]).0, Some(0));
    assert_eq!(compare(&["good.json", "bad.json", "bad.json"]).0, Some(0));
    assert_eq!(compare(&["good.json"]).0, Some(2));
}

#[test]
fn what_is_no_report_is_named_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("broken.json"), "{\n  \"schema\": 7, \"tool\": {}}\n")
        .expect("a file");
    let output = mqttspec(folder.path(), &["compare", "broken.json", "broken.json"]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("broken.json: no report of mqttspec: schema 7 "), "{told}");
    assert!(told.contains(" at line 2 column "), "{told}");
}
