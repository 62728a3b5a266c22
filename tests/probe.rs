//! Probing, sets of cases and famous bugs, as the program that people run does them.

use std::process::{Command, Output};

use serde_json::Value;

fn mqttspec(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(arguments)
        .env_remove("MQTTSPEC_PASSWORD")
        .output()
        .expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn report(arguments: &[&str]) -> Value {
    let output = mqttspec(&[&["test", "--json", "-", "-q"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_str(&stdout(&output)).expect("a JSON report")
}

#[test]
fn what_a_probe_writes_is_a_profile_to_judge_by() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("found.toml");
    let path = path.to_str().expect("UTF-8");
    let spawn =
        format!("'{}' broker --volatile --bind 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_mqttspec"));
    let output = mqttspec(&["probe", "--spawn", &spawn, "--write", path, "--name", "Ours"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for expected in ["✓ retained-messages", "greatest-qos-granted", "empty-client-id"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let report = report(&["--profile", path, "--filter", "ping"]);
    assert_eq!(report["subject"]["profile"], "Ours");
    assert_eq!(report["subject"]["claimed_in_vain"], Value::Array(Vec::new()));
    assert_eq!(report["summary"]["fail"], 0);
}

#[test]
fn nobody_to_probe_is_exit_code_3() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    assert_eq!(mqttspec(&["probe", &address]).status.code(), Some(3));
}

#[test]
fn a_requirement_set_leaves_out_what_is_not_in_it_and_the_report_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.txt");
    std::fs::write(&path, "# mine\nconnect/accepted\nping/answered\n").expect("a file");
    let badge = folder.path().join("badge.json");
    let report = report(&[
        "--requirements",
        path.to_str().expect("UTF-8"),
        "--badge",
        badge.to_str().expect("UTF-8"),
    ]);
    assert_eq!(report["requirements"], "mine");
    assert_eq!(report["cases"].as_array().map(Vec::len), Some(2));
    let badge = std::fs::read_to_string(badge).expect("a badge");
    assert!(badge.contains("MQTT 3.1.1, set mine") && badge.contains("brightgreen"), "{badge}");

    let output = mqttspec(&["test", "--requirements", "2026.1", "--list", "--addresses"]);
    assert!(stdout(&output).lines().count() > 500);
    let output = mqttspec(&["test", "--requirements", "1999.1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("2026.1"), "{output:?}");
}

#[test]
fn famous_bugs_are_told_one_by_one() {
    let report = report(&["--corpus=nats-*"]);
    let bugs = report["bugs"].as_array().expect("bugs");
    assert_eq!(bugs.len(), 2, "{report}");
    for bug in bugs {
        assert_eq!(bug["present"], false, "{bug}");
        assert!(bug["link"].as_str().is_some_and(|link| link.starts_with("https://")));
    }
    let output = mqttspec(&["test", "--corpus", "--list"]);
    assert!(stdout(&output).contains("mosquitto-730"), "{output:?}");
    assert_eq!(mqttspec(&["test", "--corpus=nobody-*"]).status.code(), Some(2));
}
