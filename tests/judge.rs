//! The judge and the reference broker, both as the programs that people run.

#[path = "support/program.rs"]
mod program;
#[path = "support/subject.rs"]
mod subject;

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use program::Ended;
use subject::closes_at_once;

fn mqttspec(arguments: &[&str]) -> Ended {
    program::mqttspec(Path::new("."), arguments)
}

/// What the reference broker does not do, and need not: the cases that would look at it.
const NOT_OFFERED: [&str; 9] = [
    // It asks nobody for a password yet.
    "credentials/wrong-ones-are-refused",
    "credentials/wrong-ones-get-a-fitting-code",
    // It refuses no Client Identifier,
    "client-id/refused-by-0x02",
    // and no wildcard.
    "subscribe/plus-is-served-or-refused",
    "subscribe/hash-is-served-or-refused",
    // It passes on nothing that clients publish on topics which begin with `$`.
    "reserved-topics/hash-hears-none-of-clients",
    "reserved-topics/plus-hears-none-of-clients",
    "reserved-topics/plus-and-hash-hear-none-of-clients",
    "reserved-topics/retained-stay-out-of-wildcards",
];

fn is_told_by_a_profile(address: &str) -> bool {
    address.starts_with("access/") || address.starts_with("restart/")
}

#[test]
fn the_reference_broker_conforms() {
    let output = mqttspec(&["test", "--json", "-", "--quiet", "--strict"]);
    let report: Value = serde_json::from_str(&output.stdout).expect("a JSON report");
    let told: Vec<String> = report["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .filter(|case| {
            let expected = match case["case"].as_str() {
                Some(address) if NOT_OFFERED.contains(&address) => "unsupported",
                // Only a profile can tell of users and of a way to restart.
                Some(address) if is_told_by_a_profile(address) => "unsupported",
                _ => "pass",
            };
            case["verdict"] != expected
        })
        .map(|case| format!("{} {}: {}", case["verdict"], case["case"], case["message"]))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(report["summary"]["pass"].as_u64() >= Some(500), "{}", report["summary"]);
    assert_eq!(output.code, Some(0));
}

#[test]
fn a_broker_that_closes_every_connection_passes_nothing() {
    let output = mqttspec(&["test", &closes_at_once(), "--json", "-", "--quiet", "--timeout", "1"]);
    let report: Value = serde_json::from_str(&output.stdout).expect("a JSON report");
    assert_eq!(report["summary"]["pass"], 0, "{}", report["summary"]);
    assert_ne!(output.code, Some(0));
}

#[test]
fn a_failure_names_its_statement_and_shows_its_packets() {
    let arguments = ["test", &closes_at_once(), "--filter", "connect/accepted", "--timeout", "1"];
    let output = mqttspec(&arguments);
    let text = output.stdout;
    assert_eq!(output.code, Some(1), "{text}");
    assert!(text.contains("MQTT-3.1.4-4"), "{text}");
    assert!(text.contains("CONNECT"), "{text}");
}

#[test]
fn nobody_there_is_exit_code_3() {
    // A port that was free a moment ago, and that nobody listens on.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let output = mqttspec(&["test", &address]);
    assert_eq!(output.code, Some(3), "{}", output.stdout);
}

#[test]
fn a_command_that_starts_no_broker_is_exit_code_3_with_its_last_words() {
    let output = mqttspec(&["test", "--spawn", "sh -c 'echo out of order; exit 7' {port}"]);
    let told = output.stderr;
    assert_eq!(output.code, Some(3), "{told}");
    assert!(told.contains("out of order") && told.contains("exit status 7"), "{told}");
}

#[test]
fn wrong_usage_is_exit_code_2_and_says_what_would_be_right() {
    for (arguments, hint) in [
        (&["test", "--statement", "3.1.2-99"][..], "near it: MQTT-3.1.2-"),
        (&["test", "--filter", "no-such-part/*"], "--list"),
        (&["test", "ftp://localhost"], "HOST:PORT"),
        (&["test", "mqtts://localhost", "--ca", "no-such-file"], "no-such-file"),
        (&["test", "--websocket", "localhost:1883"], "ws://localhost:8080/mqtt"),
        (&["test", "--timeout", "soon"], "seconds"),
        (&["test", "--spawn", "mosquitto", "localhost"], "cannot be used with"),
        (&["broker", "--bind", "nowhere"], "127.0.0.1:1883"),
        (&["brokers"], "broker"),
    ] {
        let output = mqttspec(arguments);
        let told = output.stderr;
        assert_eq!(output.code, Some(2), "{arguments:?}: {told}");
        assert!(told.contains(hint), "{arguments:?}: {told}");
    }
}

#[test]
fn cases_can_be_listed_by_statement() {
    let output = mqttspec(&["test", "--list", "--statement", "3.1.0-2"]);
    let text = output.stdout;
    assert_eq!(output.code, Some(0));
    assert!(text.contains("connect/second-connect-closes"), "{text}");
    assert!(!text.contains("ping/"), "{text}");
}

#[test]
fn reports_are_written_where_they_are_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, junit) = (folder.path().join("report.json"), folder.path().join("report.xml"));
    let output = mqttspec(&[
        "test",
        "--filter",
        "ping",
        "--json",
        json.to_str().expect("UTF-8"),
        "--junit",
        junit.to_str().expect("UTF-8"),
    ]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("passed"));
    let read = |path| {
        let mut text = String::new();
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).map(|_| text)
    };
    let report: Value = serde_json::from_str(&read(json).expect("written")).expect("JSON");
    assert_eq!(report["schema"], 1);
    assert!(read(junit).expect("written").contains("<testsuites"));
}
