//! `mqttspec explain`, as somebody types it.

use std::path::Path;
use std::process::{Command, Output};

/// What the program answers in a folder of this repository, or outside of it.
fn explain(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mqttspec"));
    program.arg("explain").args(arguments).current_dir(folder);
    program.output().expect("the program starts")
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("it is UTF-8")
}

#[test]
fn within_a_checkout_it_shows_the_lines() {
    let text = stdout(&explain(&here().join("src"), &["3.1.0-2"]));
    assert!(text.starts_with("MQTT-3.1.0-2  MUST, binds: server\n3.1 CONNECT\n"), "{text}");
    assert!(text.contains("src/broker/connection.rs:"), "{text}");
    assert!(text.contains("connect/second-connect-closes"), "{text}");
}

#[test]
fn outside_a_checkout_it_shows_the_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = stdout(&explain(folder.path(), &["3.1.0-2"]));
    assert!(text.contains("src/broker/connection.rs\n"), "{text}");
}

#[test]
fn several_answers_stand_apart() {
    let text = stdout(&explain(here(), &["3.12", "MQTT-3.1.0-2", "ping/*"]));
    let starts = ["3.12.2 ", "\n\nMQTT-3.1.0-2  ", "\n\nping/"];
    assert!(starts.iter().all(|start| format!("\n\n{text}").contains(start)), "{text}");
}

#[test]
fn json_is_json_and_holds_everything() {
    let text = stdout(&explain(here(), &["--json"]));
    let answer: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(answer["statements"].as_array().expect("a list").len(), 141 + 101);
}

#[test]
fn what_does_not_exist_is_exit_code_2_with_what_is_near() {
    let output = explain(here(), &["3.1.0-2", "3.1.2-99"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("3.1.2-99") && told.contains("near it: MQTT-3.1.2-9"), "{told}");
    assert!(output.stdout.is_empty());
}
