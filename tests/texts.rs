//! What the program says to who asks wrongly, for help, or how things are: word for word.
//!
//! What it says of brokers is in `brokers`, and of what the judge cannot do in `judging`.
//! A change of these texts is a change to what people read, and is looked at as such:
//! `INSTA_UPDATE=always cargo test --test texts` takes it over. Reports have theirs beside the code.

#[path = "support/broker.rs"]
mod broker;
#[path = "texts/brokers.rs"]
mod brokers;
#[path = "texts/judging.rs"]
mod judging;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/program.rs"]
mod program;
#[path = "texts/typed.rs"]
mod typed;

use program::mqttspec;

#[test]
fn pages_of_help() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages: [&[&str]; _] = [
        &[],
        &["test"],
        &["test-client"],
        &["probe"],
        &["replay"],
        &["shrink"],
        &["compare"],
        &["broker"],
        &["broker", "ctl"],
        &["broker", "ctl", "sessions"],
        &["broker", "ctl", "connections"],
        &["broker", "ctl", "retained"],
        &["bench"],
        &["passwd"],
        &["pub"],
        &["sub"],
        &["explain"],
        &["saboteur"],
        &["torture"],
        &["driver"],
    ];
    for page in pages {
        let ended = mqttspec(folder.path(), &[page, &["--help"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let name = ["help"].iter().chain(page).copied().collect::<Vec<_>>().join("-");
        insta::assert_snapshot!(name, ended.stdout);
    }
}

#[test]
fn what_cannot_be_asked_for() {
    let asked: &[&[&str]] = &[
        &["tst"],
        &["test", "--filter", "nothing/there"],
        &["test", "--profile", "./none.toml", "127.0.0.1:1"],
        &["test", "--json", "no/such/folder/a.json"],
        &["test", "--spawn", "no-such-program {port}", "--quiet"],
        &["test-client", "--filter", "nothing/there"],
        &["probe", "127.0.0.1:1"],
        &["replay", "no-file.json"],
        &["shrink", "no-file.json"],
        &["compare", "no-file.json", "nor-this.json"],
        &["sub", "-t", "a/#/b"],
        &["sub", "-t", "a", "127.0.0.1:1"],
        &["pub", "-t", "a/+", "-m", "x"],
        &["pub", "-t", "a", "-q", "3", "-m", "x"],
        &["pub", "-t", "a", "-m", "x", "127.0.0.1:1"],
        &["passwd"],
        &["explain", "9.9.9"],
        &["bench", "--rate", "x"],
        &["torture", "--seconds", "x"],
        &["saboteur", "nobody"],
        &["broker", "--bind", "nowhere"],
        &["broker", "--config", "no-file.toml"],
        &["broker", "--tls-cert", "no-file.pem"],
        &["broker", "ctl", "status", "--http", "127.0.0.1:1"],
    ];
    insta::assert_snapshot!(said(asked, ""));
}

#[test]
fn what_cannot_stand_in_a_configuration() {
    let files = [
        "x = 1",
        "bind = [\"nowhere\"]",
        "max_packet_size = \"large\"",
        "workers = -1",
        "max_packet_size = 999999999999",
        "max_sessions = 0\nmax_topic_levels = 99",
        "connect_timeout = 9223372036854775807",
        "sync = \"interval=4000000s\"\nsession_expiry = \"4000000000d\"",
        "max-packet-size = 7",
        "queue_policy = \"explode\"",
        "[broker]\nbind = \"1883\"",
        "bind = ",
    ];
    let said: Vec<_> =
        files.iter().map(|file| said(&[&["broker", "--config", "broker.toml"]], file)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// Each command, with what it says and its exit code; `broker.toml` is there for them.
fn said(commands: &[&[&str]], configuration: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("broker.toml"), configuration).expect("written");
    let mut text = String::new();
    for line in configuration.lines() {
        text += &format!("| {line}\n");
    }
    for command in commands {
        let ended = mqttspec(folder.path(), command);
        let code = ended.code.expect("an exit code");
        assert_ne!(code, 0, "{command:?}");
        let told = ended.stderr.trim_end();
        text += &format!("$ mqttspec {}\n{told}\n⇒ {code}\n\n", command.join(" "));
    }
    text
}
