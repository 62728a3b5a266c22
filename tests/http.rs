//! The broker over HTTP: health, metrics, who may ask for what, and `mqttspec broker ctl`.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Instant;

use broker::Broker;
use mqttspec::packet::{Packet, Pingresp, Publish, QoS};
use peer::{PATIENCE, Peer, clean, publish};
use program::{Ended, mqttspec};
use serde_json::Value;
use tempfile::TempDir;

const TOKEN: &str = "a-token-of-enough-characters";

/// Asks for something, as `method path`, with these further lines of the head: status and body.
fn ask(address: SocketAddr, request: &str, lines: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let host = if lines.contains("Host:") { String::new() } else { format!("Host: {address}\r\n") };
    let head = format!("{request} HTTP/1.1\r\n{host}Connection: close\r\n{lines}\r\n");
    // Of a head that is too long the end may not be taken any more.
    let _ = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, body.to_owned())
}

/// A broker with a token, and where that stands.
fn with_token() -> (TempDir, PathBuf, Broker) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    fs::write(&path, format!("{TOKEN}\n")).expect("a file");
    let broker = Broker::start(&format!(
        "--bind 127.0.0.1:0 --http 127.0.0.1:0 --http-token-file {}",
        path.display()
    ));
    (folder, path, broker)
}

fn http(broker: &Broker) -> SocketAddr {
    broker.http.expect("it was asked for")
}

/// The value of a metric.
fn metric(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

#[test]
fn metrics_name_every_limit_and_every_violation() {
    let broker = Broker::start("--bind 127.0.0.1:0 --http 127.0.0.1:0 --max-connections 7");
    let mut good = Peer::connect(broker.address, clean("good")).expect("accepted");
    good.subscribe("t", QoS::AtMostOnce).expect("granted");
    good.send(publish("t", 1, "four")).expect("sent");
    for _ in 0..2 {
        let mut bad = Peer::connect(broker.address, clean("bad \"quoted\"\n")).expect("accepted");
        bad.send(Pingresp).expect("sent");
        assert_eq!(bad.receive().expect("a close"), None);
    }
    assert_eq!(ask(http(&broker), "GET /healthz", ""), (200, "ok\n".to_owned()));
    let (status, page) = ask(http(&broker), "GET /metrics", "");
    assert_eq!(status, 200);
    assert!(page.ends_with("# EOF\n"), "{page}");
    for (name, value) in [
        ("mqttspec_clients", 1.0),
        ("mqttspec_subscriptions", 1.0),
        ("mqttspec_connects_accepted_total", 3.0),
        ("mqttspec_publishes_received_total", 1.0),
        ("mqttspec_payload_received_bytes_total", 4.0),
        ("mqttspec_violations_total{statement=\"MQTT-4.8.0-1\"}", 2.0),
        ("mqttspec_connections_closed_total{reason=\"violation\"}", 2.0),
        ("mqttspec_limit{limit=\"max_connections\"}", 7.0),
        ("mqttspec_limit_reached_total{limit=\"max_packet_size\"}", 0.0),
    ] {
        assert_eq!(metric(&page, name), Some(value), "{name} in\n{page}");
    }
    let (status, body) = ask(http(&broker), "GET /api/status", "");
    let told: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &told["violations"][0]["client"]), (200, &"bad \"quoted\"\n".into()));
    assert_eq!(told["violations"][0]["times"], 2);
    assert!(told["statements"][0]["text"].as_str().is_some_and(|text| text.len() > 20), "{told}");
    let (status, page) = ask(http(&broker), "GET /statements/MQTT-4.8.0-1", "");
    assert!(status == 200 && page.contains("4.8"), "{page}");
    assert_eq!(ask(http(&broker), "GET /statements/nothing", "").0, 404);
}

#[test]
fn without_a_token_nothing_is_changed_and_other_names_are_turned_away() {
    let broker = Broker::start("--bind 127.0.0.1:0 --http 127.0.0.1:0");
    for (request, lines, expected) in [
        ("GET /", "", 200),
        ("GET /page.js", "", 200),
        ("GET /api/sessions", "", 403),
        ("DELETE /api/sessions/a", "", 403),
        ("POST /api/reload", "", 403),
        ("POST /api/status", "", 403),
        ("GET /nothing", "", 404),
        ("GET /metrics", "Host: rebound.example\r\n", 403),
        ("GET /", "Host: rebound.example\r\n", 403),
        ("GET /metrics", "Host: localhost:80\r\n", 200),
    ] {
        assert_eq!(ask(http(&broker), request, lines).0, expected, "{request} {lines}");
    }
}

#[test]
fn with_a_token_all_that_tells_or_changes_needs_it() {
    let (_folder, _, broker) = with_token();
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    for request in ["GET /metrics", "GET /api/status", "GET /api/sessions", "POST /api/reload"] {
        assert_eq!(ask(http(&broker), request, "").0, 401, "{request}");
        let wrong = "Authorization: Bearer a-token-of-enough-characterz\r\n";
        assert_eq!(ask(http(&broker), request, wrong).0, 401, "{request}");
        assert_eq!(ask(http(&broker), request, &right).0, 200, "{request}");
    }
    assert_eq!(ask(http(&broker), "GET /healthz", "").0, 200);
}

#[test]
fn what_is_too_large_or_no_http_ends_and_the_next_is_served() {
    let broker = Broker::start("--bind 127.0.0.1:0 --http 127.0.0.1:0");
    let long = format!("X: {}\r\n", "x".repeat(1024 * 1024));
    assert!([0, 400, 431].contains(&ask(http(&broker), "GET /metrics", &long).0));
    let limit = format!("GET /api/status?{}", "x".repeat(300 * 1024));
    assert!([0, 400, 414, 431].contains(&ask(http(&broker), &limit, "").0));
    assert!([0, 400].contains(&ask(http(&broker), "\u{1}\u{2}", "").0));
    // Many that say nothing take no place for good from those who do.
    let _silent: Vec<_> = (0..50).map(|_| TcpStream::connect(http(&broker))).collect();
    assert_eq!(ask(http(&broker), "GET /healthz", "").0, 200);
}

#[test]
fn others_reach_it_only_with_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["broker", "--volatile", "--bind", "127.0.0.1:0", "--http", "0.0.0.0:0"];
    let ended = mqttspec(folder.path(), &arguments);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("needs --http-token-file"), "{}", ended.stderr);
    fs::write(folder.path().join("token"), "short").expect("a file");
    let ended = mqttspec(
        folder.path(),
        &["broker", "--volatile", "--http", "127.0.0.1:0", "--http-token-file", "token"],
    );
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("at least 16"), "{}", ended.stderr);
}

/// Runs `mqttspec broker ctl` against `broker`.
fn ctl(folder: &TempDir, broker: &Broker, arguments: &[&str]) -> Ended {
    let address = http(broker).to_string();
    let begin = ["broker", "ctl", "--http", &address, "--http-token-file", "token"];
    mqttspec(folder.path(), &[&begin, arguments].concat())
}

#[test]
fn ctl_lists_and_ends_what_is_there() {
    let (folder, _, broker) = with_token();
    let name = "odd/name ü%2F?";
    let connect = clean(name).with_clean_session(false);
    let mut peer = Peer::connect(broker.address, connect).expect("accepted");
    peer.subscribe("a/+/c", QoS::AtLeastOnce).expect("granted");
    let kept = Publish { retain: true, ..publish("house/door 1", 1, "open") };
    peer.send(kept).expect("sent");
    assert!(matches!(peer.receive(), Ok(Some(Packet::Puback(_)))));

    let listed = ctl(&folder, &broker, &["sessions", "list"]);
    assert!(listed.stdout.contains("odd/name ü%2F?  yes"), "{listed:?}");
    let shown = ctl(&folder, &broker, &["sessions", "show", name, "--json"]);
    let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(shown["subscribed_to"][0]["filter"], "a/+/c");

    let listed = ctl(&folder, &broker, &["retained", "list", "house/+"]);
    assert!(listed.stdout.contains("1    4       house/door 1"), "{listed:?}");
    assert_eq!(ctl(&folder, &broker, &["retained", "get", "house/door 1"]).stdout, "open\n");
    assert_eq!(ctl(&folder, &broker, &["retained", "delete", "house/door 1"]).code, Some(0));
    let again = ctl(&folder, &broker, &["retained", "delete", "house/door 1"]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("no retained message"), "{again:?}");
    assert_eq!(ctl(&folder, &broker, &["retained", "list", "a/#/b"]).code, Some(1));

    let listed = ctl(&folder, &broker, &["connections", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let number = listed["connections"][0]["number"].to_string();
    assert_eq!(ctl(&folder, &broker, &["connections", "disconnect", &number]).code, Some(0));
    assert_eq!(peer.receive().expect("a close in good order"), None);
    assert_eq!(ctl(&folder, &broker, &["sessions", "delete", name]).code, Some(0));
    let deadline = Instant::now() + PATIENCE;
    while ctl(&folder, &broker, &["sessions", "show", name]).code != Some(1) {
        assert!(Instant::now() < deadline, "the session goes on");
    }
    assert_eq!(ctl(&folder, &broker, &["reload"]).code, Some(0));
    assert!(ctl(&folder, &broker, &["status"]).stdout.contains("\"uptime_seconds\""));
}

#[test]
fn ctl_says_what_is_missing() {
    let (folder, _, broker) = with_token();
    fs::write(folder.path().join("other"), "another-token-of-16").expect("a file");
    let address = http(&broker).to_string();
    let begin = ["broker", "ctl", "--http", &address];
    let list: &[&str] = &["sessions", "list"];
    let refused = mqttspec(folder.path(), &[&begin[..], list].concat());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let other: &[&str] = &["--http-token-file", "other"];
    let refused = mqttspec(folder.path(), &[&begin[..], other, list].concat());
    assert!(refused.stderr.contains("the token is missing or wrong"), "{refused:?}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("its address").to_string();
    drop(nobody);
    let ended = mqttspec(folder.path(), &["broker", "ctl", "--http", &address, "reload"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("no broker answers"), "{ended:?}");
}
