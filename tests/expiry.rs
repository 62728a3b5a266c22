//! Sessions that nobody comes back to, as whoever runs the broker sees them.
//!
//! When one ends is decided on a made-up clock (`broker::tests::expiring`); here are the real one,
//! and what is written down for the next broker.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use broker::Broker;
use mqttspec::packet::{Connect, Packet, QoS};
use mqttspec::store::{Redb, Store as _, Syncing};
use peer::{PATIENCE, Peer, clean, publish};
use rustix::process::{Pid, Signal, kill_process};

/// A CONNECT for a Session that stays.
fn kept(client_id: &str) -> Connect {
    clean(client_id).with_clean_session(false)
}

#[test]
fn an_absent_session_ends_and_is_counted_and_one_with_its_client_stays() {
    let broker = Broker::start("--bind 127.0.0.1:0 --session-expiry 1s --sys-interval 1");
    let mut away = Peer::connect(broker.address, kept("away")).expect("accepted");
    away.subscribe("t", QoS::AtLeastOnce).expect("granted");
    drop(away);
    let mut there = Peer::connect(broker.address, kept("there")).expect("accepted");
    there.subscribe("$SYS/broker/clients/+", QoS::AtMostOnce).expect("granted");
    there.send(publish("t", 1, "for nobody")).expect("sent");
    let deadline = Instant::now() + PATIENCE;
    let (mut expired, mut total) = (None, None);
    while (expired.as_deref(), total.as_deref()) != (Some("1"), Some("1")) {
        assert!(Instant::now() < deadline, "expired {expired:?}, in all {total:?}");
        if let Some(Packet::Publish(message)) = there.receive().expect("messages") {
            let value = String::from_utf8(message.payload.to_vec()).expect("text");
            match message.topic.as_str() {
                "$SYS/broker/clients/expired" => expired = Some(value),
                "$SYS/broker/clients/total" => total = Some(value),
                _ => {}
            }
        }
    }
}

#[test]
fn a_stop_is_when_all_begin_to_be_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let begin = now();
    let mut broker = start(folder.path());
    let there = Peer::connect(broker.address, kept("there to the end")).expect("accepted");
    kill_process(Pid::from_child(&broker.process), Signal::TERM).expect("it is there");
    let (code, told) = broker.wait(Duration::from_secs(10)).expect("it ends");
    assert_eq!(code, Some(0), "{told}");
    drop(there);
    let kept = Redb::open(folder.path(), Syncing::Never).and_then(|mut store| store.load());
    let kept = kept.expect("what was kept");
    let since: Vec<_> = kept.sessions.values().map(|session| session.absent_since).collect();
    // Whole seconds are kept, and none that had begun before.
    assert!(
        matches!(since[..], [Some(since)] if (begin..=now() + 1).contains(&since)),
        "{since:?}"
    );
}

fn start(folder: &Path) -> Broker {
    let folder = folder.display();
    Broker::start(&format!("--bind 127.0.0.1:0 --session-expiry 1h --data-dir {folder}"))
}
