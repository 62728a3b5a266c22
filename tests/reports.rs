//! Reports as files: what `mqttspec test` writes, and what `mqttspec compare` makes of it.

#[path = "support/program.rs"]
mod program;
#[path = "support/subject.rs"]
mod subject;

use std::fs;

use program::mqttspec;
use subject::closes_at_once;

#[test]
fn every_kind_of_report_is_written_where_it_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["--html", "a.html", "--markdown", "a.md", "--badge", "a.svg", "--json", "a.json"];
    let output = mqttspec(
        folder.path(),
        &[&["test", "--quiet", "--filter", "ping/answered"], flags.as_slice()].concat(),
    );
    assert_eq!(output.code, Some(0), "{}", output.stderr);
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
        (output.code, output.stdout)
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
    assert_eq!(output.code, Some(2));
    let told = output.stderr;
    assert!(
        told.contains(
            "broken.json: no report of mqttspec, as `mqttspec test --json` writes it: schema 7 "
        ),
        "{told}"
    );
    assert!(told.contains(" at line 2 column "), "{told}");
}
