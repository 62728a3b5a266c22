//! `mqttspec bench`, run as a user runs it.

use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn every_kind_of_load_is_carried() {
    let arguments = "--rounds 1 --seconds 1 --messages 200 --connections 20 --publishers 3 \
                     --subscribers 3 --qos 1 --json - \
                     --keep-sessions --scenario fan-in,wildcards,connect,idle,retained,offline";
    let Output { status, stdout, stderr } = bench(arguments);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    let report: Value = serde_json::from_slice(&stdout).expect("JSON");
    let cells = report["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 6);
    for cell in cells {
        let count = cell["brokers"][0]["rounds"][0]["count"].as_u64();
        let expected = match cell["scenario"].as_str() {
            Some("idle") => 20..=20,
            Some("retained" | "offline") => 200..=200,
            _ => 1..=u64::MAX,
        };
        assert!(count.is_some_and(|count| expected.contains(&count)), "{cell:#}");
    }
}

#[test]
fn a_rate_gives_latencies() {
    let arguments = "--rounds 1 --seconds 1 --rate 500 --qos 0 --scenario pairs --json -";
    let report: Value = serde_json::from_slice(&bench(arguments).stdout).expect("JSON");
    let round = &report["cells"][0]["brokers"][0]["rounds"][0];
    let [median, most] = ["p50", "max"].map(|name| round["latency_ns"][name].as_u64());
    assert!(median > Some(0) && median <= most, "{round:#}");
    // More than asked for would be another rate; fewer come where the machine is busy.
    assert!(round["count"].as_u64().is_some_and(|count| count <= 600), "{round:#}");
}

#[test]
fn a_broker_that_cannot_be_had_is_an_error_that_says_so() {
    let Output { status, stderr, .. } = bench("--compare /nonexistent/broker-{port}");
    assert_eq!(status.code(), Some(3));
    let told = String::from_utf8_lossy(&stderr);
    assert!(told.contains("/nonexistent/broker"), "{told}");
}

#[test]
fn a_broker_that_breaks_off_leaves_a_gap_and_the_others_go_on() {
    let mqttspec = env!("CARGO_BIN_EXE_mqttspec");
    let broker = format!("{mqttspec} broker --volatile --bind 127.0.0.1:{{port}}");
    let Output { status, stdout, .. } = Command::new(mqttspec)
        .args(["bench", "--rounds", "2", "--scenario", "idle", "--connections", "3"])
        .args(["--compare", &broker, "--compare", &format!("{broker} --max-connections 2")])
        .args(["--json", "-"])
        .output()
        .expect("the program runs");
    assert_eq!(status.code(), Some(3));
    let report: Value = serde_json::from_slice(&stdout).expect("JSON");
    let brokers = &report["cells"][0]["brokers"];
    assert_eq!(brokers[0]["rounds"].as_array().map(Vec::len), Some(2), "{report:#}");
    assert_eq!(brokers[0]["failure"], Value::Null);
    assert_eq!(brokers[1]["rounds"].as_array().map(Vec::len), Some(0), "{report:#}");
    assert!(brokers[1]["failure"].is_string(), "{report:#}");
}

fn bench(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .arg("bench")
        .args(arguments.split_ascii_whitespace())
        .output()
        .expect("the program runs")
}
