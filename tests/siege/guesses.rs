//! Who guesses passwords, and who says something else than TLS where TLS is spoken.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;

use mqttspec::packet::{Binary, Connack, ConnectRefusal, Credentials, Packet, Text};

use crate::peer::{PATIENCE, Peer, clean};
use crate::{Siege, number};

#[test]
fn guesses_are_put_off_and_those_who_are_inside_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let users = folder.path().join("users");
    let mut passwd = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .arg("passwd")
        .arg(&users)
        .args(["anna", "--password-stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("the program starts");
    passwd.stdin.take().expect("it is piped").write_all(b"right\n").expect("taken");
    assert!(passwd.wait().expect("it ends").success());
    let options = format!("--allow-anonymous --password-file {}", users.display());
    let siege = Siege::of("guesses of a password", &options);
    let count = number(30, 5_000);
    let mut refused = [0_u64; 2];
    let begin = Instant::now();
    for place in 0..count {
        let user_name = Text::new("anna").expect("a name");
        let password = Some(Binary::new(format!("guess {place}")).expect("short"));
        let mut peer = Peer::open(siege.broker.address).expect("a connection");
        let connect = clean("guesser").with_credentials(&Credentials { user_name, password });
        peer.send(connect).expect("sent");
        match peer.receive().expect("an answer") {
            Some(Packet::Connack(Connack::Refused(ConnectRefusal::NotAuthorized))) => {
                refused[0] += 1;
            }
            Some(Packet::Connack(Connack::Refused(ConnectRefusal::ServerUnavailable))) => {
                refused[1] += 1;
            }
            other => panic!("{other:?} for a guess"),
        }
    }
    let [looked_at, put_off] = refused;
    // Ten at once, and then one every six seconds.
    let most = 10 + 1 + begin.elapsed().as_secs() / 6;
    assert!((10..=most).contains(&looked_at), "{looked_at} looked at, {put_off} put off");
    // The 19 MiB that each took are gone with it.
    let growth = siege.growth();
    siege.end(count, growth, 0);
}

#[test]
fn what_is_no_tls_costs_nobody_else_anything() {
    let siege = Siege::of("that speak no TLS", "--tls-self-signed --listen mqtts://127.0.0.1:0");
    let place = siege.broker.urls[1].strip_prefix("mqtts://").expect("TLS").to_owned();
    let count = number(40, 4_000);
    for number in 0..count {
        let mut stream = TcpStream::connect(place.trim_end_matches('/')).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let said: &[u8] = match number % 4 {
            // MQTT, HTTP, a record that is longer than any, a ClientHello that is none.
            0 => b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a",
            1 => b"GET / HTTP/1.1\r\n\r\n",
            2 => b"\x16\x03\x01\xff\xff\x01\x00",
            _ => b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        };
        stream.write_all(said).expect("sent");
        let mut alert = Vec::new();
        if let Err(error) = stream.read_to_end(&mut alert) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{number}: not closed");
        }
    }
    let growth = siege.growth();
    siege.end(count, growth, 0);
}
