//! Sessions whose Clients are away, a million of them: what each costs, and who looks at all.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use mqttspec::packet::{Connack, Disconnect, Packet};

use crate::peer::{PATIENCE, Peer, clean};
use crate::{Siege, WAIT, number};

/// How many make Sessions at once.
const HANDS: usize = 4;

/// How often somebody looks.
const LOOKS: usize = 20;

/// What `path` has, whole, and how long it takes.
fn get(http: SocketAddr, path: &str) -> (String, Duration) {
    let begin = Instant::now();
    let mut stream = TcpStream::connect(http).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    (answer, begin.elapsed())
}

#[test]
fn sessions_of_the_absent_cost_some_hundred_octets_and_are_looked_at_by_the_way() {
    let options = "--max-sessions 2000000 --http 127.0.0.1:0";
    let siege = Siege::of("Sessions of Clients that are away", options);
    let (address, http) = (siege.broker.address, siege.broker.http.expect("HTTP"));
    let count = number(2_000, 1_000_000);
    std::thread::scope(|scope| {
        for hand in 0..HANDS {
            scope.spawn(move || {
                for place in (hand..count).step_by(HANDS) {
                    let connect = clean(&format!("absent {place}")).with_clean_session(false);
                    let mut peer = Peer::open(address).expect("a connection");
                    peer.send(connect).expect("sent");
                    let answer = peer.receive().expect("an answer");
                    assert_eq!(
                        answer,
                        Some(Packet::Connack(Connack::Accepted { session_present: false }))
                    );
                    peer.send(Disconnect).expect("sent");
                }
            });
        }
    });
    let growth = siege.growth();
    let mut longest = Duration::ZERO;
    for path in ["/metrics", "/api/status"] {
        for _ in 0..LOOKS {
            let (answer, took) = get(http, path);
            longest = longest.max(took);
            if path == "/metrics" {
                let sessions =
                    answer.lines().find_map(|line| line.strip_prefix("mqttspec_sessions "));
                let sessions: usize = sessions.expect("a number").parse().expect("a number");
                assert!(sessions >= count, "{sessions}");
            }
        }
    }
    // And all at once.
    std::thread::scope(|scope| {
        (0..LOOKS).for_each(|_| drop(scope.spawn(|| get(http, "/metrics"))));
    });
    let more = siege.growth().saturating_sub(growth);
    println!("{count} Sessions are looked at within {longest:.1?}, {} KiB more", more / 1024);
    assert!(longest < WAIT, "{longest:?}");
    assert!(more < crate::RESERVE, "to look takes {more} octets");
    siege.end(count, growth, 1024);
}
