//! What the broker says: why it cannot begin, what goes on, and what `ctl` shows of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use mqttspec::packet::{Delivery, Packet, QoS};
use rustix::process::{Pid, Signal, kill_process};

use crate::broker::Broker;
use crate::peer::{Peer, clean, publish};
use crate::typed::Typed;

const TOKEN: &str = "a-token-of-enough-characters";

#[test]
fn why_a_broker_cannot_begin() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address");
    let mut typed = Typed::among(&[
        ("file", "somebody else's"),
        ("rules", "user anna\ntopik read a/#\n"),
        ("rights", "topic readwrit a/#\n"),
        ("users", "anna\n"),
        ("hash", "anna:$7$101$salt\n"),
        ("rubbish.pem", "rubbish"),
        ("short", "secret"),
    ]);
    typed.hide(taken, "127.0.0.1:1883");
    for command in [
        "--bind 127.0.0.1:0 --data-dir file",
        "--bind 127.0.0.1:0 --data-dir file/state",
        "--volatile --bind 192.0.2.1:1883",
        &format!("--volatile --bind {taken}"),
        &format!("--volatile --listen unix:socket --http {taken}"),
        "--volatile --listen unix:file",
        "--volatile --listen unix:none/socket",
        "--volatile --listen amqp://localhost",
        "--volatile --listen mqtts://127.0.0.1:0",
        "--volatile --listen mqtts://127.0.0.1:0 --tls-cert none.pem --tls-key none.pem",
        "--volatile --listen mqtts://127.0.0.1:0 --tls-cert rubbish.pem --tls-key rubbish.pem",
        "--volatile --bind 127.0.0.1:0 --acl-file none",
        "--volatile --bind 127.0.0.1:0 --acl-file rules",
        "--volatile --bind 127.0.0.1:0 --acl-file rights",
        "--volatile --bind 127.0.0.1:0 --password-file none",
        "--volatile --bind 127.0.0.1:0 --password-file users",
        "--volatile --bind 127.0.0.1:0 --password-file hash",
        "--volatile --bind 127.0.0.1:0 --http 0.0.0.0:0",
        "--volatile --bind 127.0.0.1:0 --http 127.0.0.1:0 --http-token-file short",
    ] {
        typed.type_in(&format!("broker {command}"));
    }
    let _broker = Broker::start(&format!(
        "--bind 127.0.0.1:0 --data-dir {}",
        typed.folder().join("state").display()
    ));
    typed.type_in("broker --bind 127.0.0.1:0 --data-dir state");
    insta::assert_snapshot!(typed.told());
}

/// The whole of what it writes, with `--explain`, about one client that breaks a rule and one that
/// is nobody's.
#[test]
fn what_a_broker_says_of_what_goes_on() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args("broker --volatile --explain --bind 127.0.0.1:0 --http 127.0.0.1:0".split(' '))
        .env_remove("MQTTSPEC_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = BufReader::new(process.stderr.take().expect("it is piped"));
    let mut told = String::new();
    let mut address = || {
        let begin = told.len();
        stderr.read_line(&mut told).expect("a line");
        let address = told[begin..].split_once("://").expect("a URL").1;
        let end = address.find([',', '/']).expect("its end");
        address[..end].parse::<std::net::SocketAddr>().expect("an address")
    };
    let (mqtt, http) = (address(), address());

    let mut sensor = Peer::connect(mqtt, clean("sensor-7")).expect("accepted");
    sensor.subscribe("a/#", QoS::AtLeastOnce).expect("granted");
    sensor.stream.write_all(b"\x30\x05\x00\x03a/+").expect("written");
    assert_eq!(sensor.receive().expect("closed in good order"), None);
    let mut browser = Peer::open(mqtt).expect("open");
    browser.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("written");
    // Reset, where octets were left that nobody read.
    let _ = browser.stream.read(&mut [0]);
    let id = Pid::from_raw(process.id().try_into().expect("an id")).expect("not 0");
    kill_process(id, Signal::TERM).expect("it runs");
    stderr.read_to_string(&mut told).expect("text");
    assert!(process.wait().expect("it ends").success());

    for (number, peer) in [(1, &sensor), (2, &browser)] {
        let own = peer.stream.local_addr().expect("an address").to_string();
        told = told.replace(&own, &format!("127.0.0.1:5000{number}"));
    }
    told = told.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    told = told.replace(&mqtt.to_string(), "127.0.0.1:1883");
    told = told.replace(&http.to_string(), "127.0.0.1:9883");
    // When it was depends on the machine.
    let timeless = told.lines().map(|line| match line.trim_start().split_once(' ') {
        Some((time, rest)) if time.parse::<f64>().is_ok() => format!("    0.001 {rest}"),
        _ => line.to_owned(),
    });
    insta::assert_snapshot!(timeless.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_ctl_shows() {
    let mut typed =
        Typed::among(&[("token", TOKEN), ("other", "another-token-of-enough-characters")]);
    let token = typed.folder().join("token");
    let broker = Broker::start(&format!(
        "--bind 127.0.0.1:0 --http 127.0.0.1:0 --http-token-file {}",
        token.display()
    ));
    let http = broker.http.expect("an address");
    typed.hide(http, "127.0.0.1:9883");
    let ctl = |typed: &mut Typed, command: &[&str]| {
        let place = ["--http", &http.to_string(), "--http-token-file", "token"];
        typed.run(&[&["broker", "ctl"], command, &place].concat());
    };
    let lists: [&[&str]; _] =
        [&["sessions", "list"], &["connections", "list"], &["retained", "list"]];
    for list in lists {
        ctl(&mut typed, list);
    }

    let mut anna = Peer::connect(broker.address, clean("anna")).expect("accepted");
    anna.subscribe("a/#", QoS::AtLeastOnce).expect("granted");
    for (number, topic) in [(1, "b"), (2, "two\nlines")] {
        let retained = publish(topic, number, "21.5");
        anna.send(mqttspec::packet::Publish { retain: true, ..retained }).expect("taken");
        assert!(matches!(anna.receive(), Ok(Some(Packet::Puback(_)))));
    }
    typed.hide(anna.stream.local_addr().expect("an address"), "127.0.0.1:50001");
    for list in lists {
        ctl(&mut typed, list);
    }
    ctl(&mut typed, &["sessions", "list", "--json"]);
    ctl(&mut typed, &["retained", "list", "a/#", "--json"]);
    ctl(&mut typed, &["sessions", "show", "anna"]);
    ctl(&mut typed, &["sessions", "show", "nobody"]);
    ctl(&mut typed, &["retained", "get", "b"]);
    ctl(&mut typed, &["retained", "delete", "b"]);
    ctl(&mut typed, &["retained", "delete", "b"]);
    ctl(&mut typed, &["connections", "disconnect", "anna"]);
    ctl(&mut typed, &["connections", "disconnect", "99"]);
    ctl(&mut typed, &["connections", "disconnect", "0"]);
    ctl(&mut typed, &["sessions", "delete", "nobody"]);
    ctl(&mut typed, &["reload"]);
    typed.type_in(&format!("broker ctl sessions list --http {http}"));
    typed.type_in(&format!("broker ctl sessions list --http {http} --http-token-file other"));
    insta::assert_snapshot!(typed.told());
}

#[test]
fn what_pub_and_sub_say() {
    let typed = Typed::among(&[("users", "")]);
    let users = typed.folder().join("users");
    let closed = Broker::start(&format!("--bind 127.0.0.1:0 --password-file {}", users.display()));
    let broker = Broker::start("--bind 127.0.0.1:0");
    let mut typed = typed;
    typed.hide(broker.address, "127.0.0.1:1883");
    typed.hide(closed.address, "127.0.0.1:1884");
    let mut anna = Peer::connect(broker.address, clean("anna")).expect("accepted");
    let kept = mqttspec::packet::Publish {
        retain: true,
        delivery: Delivery::AtMostOnce,
        ..publish("a/b", 1, "21.5")
    };
    anna.send(kept).expect("taken");
    anna.subscribe("none", QoS::AtMostOnce).expect("granted, and what came before is taken");
    let (open, closed) = (broker.address.to_string(), closed.address.to_string());
    typed.run(&["sub", &open, "-t", "a/#", "-C", "1", "-v"]);
    typed.run(&["sub", &open, "-t", "a/#", "-C", "1", "-F", "%t is %p, QoS %q, retained %r"]);
    typed.run(&["sub", &open, "-t", "a/#", "-F", "%Q"]);
    typed.run(&["pub", &open, "-t", "a/c", "-m", "x", "-q", "1"]);
    typed.run(&["pub", &open, "-t", "a/c", "-f", "none"]);
    typed.run(&["pub", &open, "-t", "a/c", "-m", "x", "-c"]);
    typed.run(&["pub", "http://localhost", "-t", "a/c", "-m", "x"]);
    typed.run(&["pub", &open, "--insecure", "-t", "a/c", "-m", "x"]);
    typed.run(&["pub", &closed, "-t", "a/c", "-m", "x"]);
    typed.run(&["pub", &closed, "-u", "anna", "-P", "wrong", "-t", "a/c", "-m", "x"]);
    insta::assert_snapshot!(typed.told());
}
