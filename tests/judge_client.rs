//! The judge of clients and the client of this project, both as the programs that people run.

#[path = "support/program.rs"]
mod program;

use std::path::Path;

use serde_json::Value;

use program::Ended;

fn mqttspec(arguments: &[&str]) -> Ended {
    program::mqttspec(Path::new("."), arguments)
}

#[test]
fn the_client_of_this_project_conforms() {
    let output = mqttspec(&["test-client", "--json", "-", "--quiet", "--strict"]);
    let report: Value = serde_json::from_str(&output.stdout).expect("a JSON report");
    assert_eq!(report["subject"]["role"], "client");
    let told: Vec<_> = report["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .filter(|case| case["verdict"] != "pass" && !is_lacking(&report, case))
        .map(|case| format!("{} {}: {}", case["verdict"], case["case"], case["message"]))
        .collect();
    assert_eq!(told, [""; 0]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

/// The same client, as a program has it that acknowledges each message when it is done with it.
#[test]
fn a_program_that_acknowledges_by_hand_conforms() {
    let driver = format!("'{}' driver --manual", env!("CARGO_BIN_EXE_mqttspec"));
    let output = mqttspec(&["test-client", "--driver", &driver, "--quiet", "--strict"]);
    assert_eq!(output.code, Some(0), "{}", output.stdout);
}

/// What the driver says that there is no way to ask for.
fn is_lacking(report: &Value, case: &Value) -> bool {
    case["verdict"] == "unsupported"
        && ["sessions", "websocket"].iter().any(|ability| {
            report["subject"]["capabilities"][ability] == false
                && case["message"] == format!("the driver has no {ability}")
        })
}

#[test]
fn what_cannot_be_driven_is_told_and_is_no_verdict() {
    let output = mqttspec(&["test-client", "--driver", "/nonexistent/driver"]);
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    assert!(output.stdout.contains("cannot start /nonexistent/driver"), "{}", output.stdout);
}

#[test]
fn a_command_line_without_a_port_is_wrong_usage() {
    let output = mqttspec(&["test-client", "--publish", "mosquitto_pub -t {topic}"]);
    assert_eq!(output.code, Some(2), "{}", output.stdout);
    assert!(output.stderr.contains("{port}"), "{}", output.stderr);
}

#[test]
fn cases_for_clients_are_listed() {
    let output = mqttspec(&["test-client", "--list", "--statement", "3.1.2-23"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("keeping-alive/pings-in-time"), "{}", output.stdout);
}
