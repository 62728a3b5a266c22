//! What the judge says when it cannot begin, and what comes after it: conversations had again,
//! reports side by side, users and their passwords.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use mqttspec_conformance::sabotage::{Proxy, Sabotage};
use mqttspec_conformance::{Glob, RunOptions, Subject, Target, judge};

use crate::typed::Typed;

#[test]
fn why_nothing_can_be_judged() {
    let mut typed = Typed::among(&[("file", ""), ("rubbish.pem", "rubbish"), ("a.toml", "name")]);
    fs::create_dir(typed.folder().join("folder")).expect("made");
    for command in [
        "test 127.0.0.1:1",
        "test 127.0.0.1:99999",
        "test http://127.0.0.1:1",
        "test mqtts://127.0.0.1:1 --ca none.pem",
        "test mqtts://127.0.0.1:1 --ca rubbish.pem",
        "test 127.0.0.1:1 --html folder",
        "test 127.0.0.1:1 --transcripts file",
        "test 127.0.0.1:1 --statement 3.1.2-99",
        "test 127.0.0.1:1 --requirements 1999.1",
        "test 127.0.0.1:1 --profile a.toml",
        "test 127.0.0.1:1 --profile ./a.toml",
        "test --spawn mosquitto",
        "test-client --driver no-such-program",
        "test-client --driver true",
        "test-client --publish true",
        "test-client --behind nobody",
        "torture 127.0.0.1:1",
        "torture 127.0.0.1:1 --kill",
        "torture --json none/a.json",
        "probe 127.0.0.1:1 --write none/a.toml",
    ] {
        typed.type_in(command);
    }
    for spawn in ["true {port}", "sh -c 'echo no such option >&2; exit 7' {port}"] {
        typed.run(&["test", "--spawn", spawn]);
    }
    typed.run(&["bench", "--compare", "false {port}", "--scenario", "idle"]);
    typed.run(&["bench", "--compare", "mosquitto", "--scenario", "idle"]);
    insta::assert_snapshot!(typed.told());
}

/// A failure of a broken broker, had again with that one and with one that is whole.
#[test]
fn what_is_said_of_a_conversation_had_again() {
    let mut typed = Typed::among(&[("rubbish.json", "rubbish"), ("other.json", "{}")]);
    let command =
        format!("'{}' broker --volatile --bind 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_mqttspec"));
    let whole = Subject::spawn(command.as_str()).expect("it starts");
    let nearby = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sabotage = Sabotage::named("header/flags-of-its-own").expect("there is one");
    let proxy = Proxy::start(nearby, whole.target().clone(), Some(sabotage)).expect("a port");
    let broken = Subject::at(Target::new("127.0.0.1", proxy.address().port()));
    let mut options = RunOptions::default();
    options.filter = Some(Glob::new("header/flags-as-in-the-table"));
    let report = judge(&broken, &options, &mut ());
    let transcript = report.transcripts().next().expect("it fails").to_json();
    fs::write(typed.folder().join("a.json"), transcript).expect("written");

    typed.hide(proxy.address(), "127.0.0.1:1884");
    typed.hide(whole.target(), "127.0.0.1:1883");
    typed.type_in(&format!("replay a.json {}", proxy.address()));
    typed.type_in(&format!("replay a.json {}", whole.target()));
    typed.type_in(&format!("shrink a.json {}", whole.target()));
    typed.type_in("replay a.json 127.0.0.1:1");
    typed.type_in("replay a.json --driver true");
    typed.type_in("replay rubbish.json 127.0.0.1:1");
    typed.type_in("replay other.json 127.0.0.1:1");
    typed.type_in("shrink rubbish.json 127.0.0.1:1");
    typed.type_in("compare rubbish.json other.json");
    typed.type_in("compare other.json");
    insta::assert_snapshot!(typed.told());
}

#[test]
fn what_is_not_there_to_be_explained() {
    let mut typed = Typed::among(&[]);
    for what in ["3.1.2-99", "MQTT-3.1.0", "connect/nobody", "conect/nobody", "retained"] {
        typed.run(&["explain", what]);
    }
    typed.run(&["explain", "connect/second-connect-closes"]);
    typed.run(&["explain", "3.12"]);
    insta::assert_snapshot!(typed.told());
}

#[test]
fn what_is_said_of_users() {
    let mut typed = Typed::among(&[("secret", "a secret"), ("empty", "")]);
    let quick = "--algorithm pbkdf2-sha512 --rounds 5";
    for command in [
        &format!("passwd users anna --password-from secret {quick}"),
        &format!("passwd users anna --password-from empty {quick}"),
        &format!("passwd none/users anna --password-from secret {quick}"),
        "passwd users a:b --password-from secret",
        "passwd users anna --password-from none",
        "passwd users --list",
        "passwd users nobody --delete",
        "passwd users anna --delete",
        "passwd secret --list",
    ] {
        typed.type_in(command);
    }
    insta::assert_snapshot!(typed.told());
}
