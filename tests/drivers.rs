//! The drivers in conformance/drivers, with the clients they are for: all that they say is in
//! order, and what all clients do they are seen to do.
//!
//! Drivers for other languages are skipped, with a reason, where their library is not installed;
//! the checks of a change install it first. The one for Paho in C is tried by tests/paho.

#[path = "support/drivers.rs"]
mod drivers;
#[path = "../conformance/drivers/rumqttc.rs"]
mod rumqttc_driver;

use std::path::Path;
use std::process::{Command, Stdio};

use drivers::judged;
use mqttspec_conformance::Verdict;

#[test]
fn our_own() {
    let report = judged(&ours(), &[]).expect("a driver in good order");
    let failed = report.cases.iter().filter(|case| case.verdict == Verdict::Fail);
    let failed: Vec<_> = failed.map(|case| (case.case, &case.message)).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn rumqttc() {
    let program = std::env::current_exe().expect("this program");
    let driver = format!("'{}' --exact runs_rumqttc --ignored --nocapture", program.display());
    judged(&driver, &[]).expect("a driver in good order");
}

#[test]
fn paho_for_python() {
    if is_there("python3", &["-c", "import paho.mqtt"]) {
        let driver = format!("python3 '{}'", at("paho-mqtt.py"));
        judged(&driver, &[]).expect("a driver in good order");
    }
}

#[test]
fn gmqtt() {
    if is_there("python3", &["-c", "import gmqtt"]) {
        let driver = format!("python3 '{}'", at("gmqtt-asyncio.py"));
        // By octets it is malformed, whatever the driver says: its filter is not ASCII.
        judged(&driver, &["unsubscribing/form"]).expect("a driver in good order");
    }
}

#[test]
fn mqtt_js() {
    if is_there("node", &["-e", "require('mqtt')"]) {
        let driver = format!("node '{}'", at("mqttjs.mjs"));
        judged(&driver, &[]).expect("a driver in good order");
    }
}

#[test]
fn who_says_what_is_not_in_the_schema_is_noticed() {
    for (said, instead) in
        [(r#""published""#, r#""delivered""#), (r#""codes":\["#, r#""codes":[-"#)]
    {
        let driver = format!("{} | sed -u 's/{said}/{instead}/'", ours());
        let noticed = judged(&driver, &[]).map(drop).expect_err("no such event");
        assert!(noticed.contains("schema of drivers"), "{noticed}");
    }
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn passes_on() {
    drivers::pass_on();
}

#[test]
#[ignore = "a driver, for the judge to start"]
fn runs_rumqttc() {
    rumqttc_driver::main().expect("commands in good order");
}

/// Whether a program and what it needs are there: it ends well with these arguments.
#[expect(clippy::print_stderr, reason = "a test that did not run should say so")]
fn is_there(program: &str, arguments: &[&str]) -> bool {
    if std::env::var_os("MQTTSPEC_NO_PEERS").is_some() {
        eprintln!("skipped: MQTTSPEC_NO_PEERS is set");
        return false;
    }
    let mut command = Command::new(program);
    let status = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = status.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: {program} {} does not work", arguments.join(" "));
        assert!(std::env::var_os("MQTTSPEC_NEEDS_PEERS").is_none(), "{program} or a library");
    }
    is_there
}

fn ours() -> String {
    format!("{} driver", env!("CARGO_BIN_EXE_mqttspec"))
}

fn at(driver: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/drivers");
    folder.join(driver).to_str().expect("a path in UTF-8").to_owned()
}
