//! The broker as whoever runs it sees it: what it says of itself.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::collections::BTreeMap;
use std::time::Instant;

use broker::Broker;
use mqttspec::packet::{Packet, QoS};
use peer::{PATIENCE, Peer, clean, publish};

/// What the broker has said below `$SYS/broker/`, once that is enough.
fn told(
    peer: &mut Peer,
    is_enough: impl Fn(&BTreeMap<String, String>) -> bool,
) -> BTreeMap<String, String> {
    peer.subscribe("$SYS/broker/#", QoS::AtMostOnce).expect("granted");
    let mut told = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    while !is_enough(&told) {
        assert!(Instant::now() < deadline, "it is not enough: {told:#?}");
        if let Some(Packet::Publish(message)) = peer.receive().expect("messages") {
            let name = message.topic.as_str().strip_prefix("$SYS/broker/").expect("its own");
            let value = String::from_utf8(message.payload.to_vec()).expect("text");
            told.insert(name.to_owned(), value);
        }
    }
    told
}

#[test]
fn the_broker_counts_what_it_does() {
    let broker = Broker::start("--bind 127.0.0.1:0 --sys-interval 1");
    let mut peer = Peer::connect(broker.address, clean("watcher")).expect("accepted");
    let mut other = Peer::connect(broker.address, clean("other")).expect("accepted");
    other.send(publish("$SYS/broker/uptime", 1, "forged")).expect("sent");
    other.send(publish("t", 2, "four")).expect("sent");
    for _ in 0..2 {
        assert!(matches!(other.receive(), Ok(Some(Packet::Puback(_)))));
    }
    // Counts are told in one go, the averages last.
    let told = told(&mut peer, |told| {
        let is = |name, value| told.get(name).is_some_and(|told| told == value);
        is("subscriptions/count", "1")
            && told.contains_key("load/publish/received/1min")
            && !is("load/publish/received/1min", "0.00")
    });
    assert_eq!(told["version"], concat!("mqttspec ", env!("CARGO_PKG_VERSION")));
    assert_eq!(told["clients/connected"], "2");
    assert_eq!(told["clients/maximum"], "2");
    assert_eq!(told["clients/total"], "2");
    assert_eq!(told["clients/disconnected"], "0");
    assert_eq!(told["publish/bytes/received"], "10");
    assert_eq!(told["subscriptions/count"], "1");
    assert_eq!(told["retained messages/count"], "0");
    assert!(told["uptime"].ends_with(" seconds"), "{told:#?}");
    assert!(told["load/publish/received/1min"].parse::<f64>().expect("a number") > 0.0);
    for name in ["messages/received", "messages/sent", "bytes/received", "bytes/sent"] {
        assert_ne!(told[name], "0", "{name}");
    }
}

#[test]
fn it_says_nothing_when_asked_to() {
    let broker = Broker::start("--bind 127.0.0.1:0 --sys-interval 0");
    let mut peer = Peer::connect(broker.address, clean("watcher")).expect("accepted");
    let told = told(&mut peer, |told| told.contains_key("version"));
    assert_eq!(told.len(), 1, "{told:#?}");
}
