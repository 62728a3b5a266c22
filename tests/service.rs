//! The broker as a service: sockets that are handed over, what it tells systemd, its log as JSON.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use broker::Broker;
use mqttspec::packet::{Disconnect, Packet, Pingresp, QoS};
use peer::{PATIENCE, Peer, clean, octets, publish};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A broker that was started in an unusual way, gone when the test is.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it is there");
    }
}

fn broker(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqttspec"));
    command.args(["broker", "--volatile"]).args(arguments).env_remove("MQTTSPEC_LOG");
    command
}

#[test]
fn sockets_that_are_handed_over_are_served_and_no_others() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    // As systemd does it: the sockets from number 3 on, for the process that is to be.
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=mqtt exec \"$@\"";
    let mut process = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_mqttspec"), "broker", "--volatile"])
        .env_remove("MQTTSPEC_LOG")
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let stderr = process.stderr.take().expect("it is piped");
    let _started = Started(process);
    let mut first = String::new();
    BufReader::new(stderr).read_line(&mut first).expect("text");
    assert!(first.contains(&format!("on mqtt://{address}, ")), "{first}");
    let mut peer = Peer::connect(address, clean("c")).expect("accepted");
    peer.subscribe("t", QoS::AtMostOnce).expect("granted");
    peer.send(publish("t", 1, "m")).expect("sent");
    let came = [peer.receive().expect("a packet"), peer.receive().expect("another")];
    assert!(came.iter().any(|packet| matches!(packet, Some(Packet::Publish(_)))), "{came:?}");
}

/// A program of systemd, where that is installed.
#[expect(clippy::print_stdout, reason = "who reads of a test that passed wants to know")]
fn systemd(name: &str) -> Option<Command> {
    let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        println!("skipped: {name} is not installed");
    }
    found.map(Command::new)
}

#[test]
fn systemd_itself_hands_sockets_over() {
    let Some(mut activate) = systemd("systemd-socket-activate") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let mut process = activate
        .arg("--listen")
        .arg(&path)
        .args(["--fdname=mqtt", env!("CARGO_BIN_EXE_mqttspec"), "broker", "--volatile"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("it is piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    let _started = Started(process);
    assert!(next().starts_with("Listening on "), "before anybody connects");
    // Who connects is what starts the broker, and is served by it.
    let mut stream = UnixStream::connect(&path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(&octets(clean("c"))).expect("sent");
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).expect("CONNACK");
    assert_eq!(connack, [0x20, 2, 0, 0]);
    let told = std::iter::from_fn(|| Some(next())).find(|line| line.contains(" on unix:"));
    let place = format!("on unix:{}, ", path.display());
    assert!(told.as_ref().is_some_and(|told| told.contains(&place)), "{told:?}");
}

#[test]
fn the_units_have_no_fault_that_systemd_finds() {
    let Some(mut analyze) = systemd("systemd-analyze") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systemd");
    let paths = ["mqttspec.service", "mqttspec.socket"].map(|name| {
        let unit = fs::read_to_string(units.join(name)).expect("a unit");
        // Where it is installed nothing may be yet.
        let unit = unit.replace("/usr/local/bin/mqttspec", env!("CARGO_BIN_EXE_mqttspec"));
        let path = folder.path().join(name);
        fs::write(&path, unit).expect("written");
        path
    });
    let said = analyze.args(["verify", "--man=no"]).args(&paths).output().expect("it runs");
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{told}");
    // A key that it does not know is a warning to it.
    assert!(!told.contains("mqttspec"), "{told}");
}

#[test]
fn a_service_manager_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let pid_file = folder.path().join("pid");
    let process = broker(&["--bind", "127.0.0.1:0", "--pid-file"])
        .arg(&pid_file)
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut started = Started(process);
    let next = |wanted: &str| {
        let mut datagram = [0; 1_024];
        let deadline = Instant::now() + PATIENCE;
        loop {
            let length = socket.recv(&mut datagram).expect("a word");
            let said = String::from_utf8_lossy(&datagram[..length]).into_owned();
            if said.lines().any(|line| line == wanted) {
                return said;
            }
            // It is alive all the time.
            assert_eq!(said, "WATCHDOG=1\n", "instead of {wanted}");
            assert!(Instant::now() < deadline, "no {wanted}");
        }
    };
    next("READY=1");
    let told = fs::read_to_string(&pid_file).expect("a file");
    assert_eq!(told.trim(), started.0.id().to_string());
    next("WATCHDOG=1");
    started.signal(Signal::HUP);
    assert!(next("RELOADING=1").contains("MONOTONIC_USEC="));
    next("READY=1");
    started.signal(Signal::TERM);
    next("STOPPING=1");
    assert!(started.0.wait().expect("it ends").success());
    assert_eq!(fs::metadata(&pid_file).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn the_log_has_a_violation_as_fields() {
    let mut process = broker(&["--bind", "127.0.0.1:0", "--log-format", "json"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(process.stderr.take().expect("it is piped")).lines();
    let _started = Started(process);
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let first = next();
    let said = first["message"].as_str().expect("a sentence");
    let (_, address) = said.split_once("on mqtt://").expect("an address");
    let address = address.split(',').next().expect("it").parse().expect("an address");
    let mut bad = Peer::connect(address, clean("b\"ad")).expect("accepted");
    bad.send(Pingresp).expect("sent");
    assert_eq!(bad.receive().expect("a close"), None);
    let told = next();
    for (field, value) in [
        ("level", "INFO"),
        ("statement", "MQTT-4.8.0-1"),
        ("client", "b\"ad"),
        ("address", "127.0.0.1"),
        ("reason", "violation"),
    ] {
        assert_eq!(told[field], value, "{told}");
    }
    assert!(
        told["message"].as_str().is_some_and(|said| said.contains("closed: PINGRESP")),
        "{told}"
    );
    assert!(told["timestamp"].is_string());
}

#[test]
fn levels_say_more_and_less() {
    let mut told = ["warn", "info", "debug", "trace"].map(|level| {
        let mut broker =
            Broker::start(&format!("--bind 127.0.0.1:0 --log-level {level} --sys-interval 0"));
        let mut peer = Peer::connect(broker.address, clean("c")).expect("accepted");
        peer.send(Disconnect).expect("sent");
        assert_eq!(peer.receive().expect("a close"), None);
        kill_process(Pid::from_child(&broker.process), Signal::TERM).expect("it is there");
        let (_, told) = broker.wait(PATIENCE).expect("it ends");
        told.lines().filter(|line| line.contains("CONNECT")).count()
    });
    told.sort_unstable();
    // Closings are left out of what is read here; packets are two lines and one each way.
    assert_eq!(told, [0, 0, 0, 2]);
}
