//! A Client that connects anew while its older connection is there, over real sockets: what that one
//! has to say still counts, and one that goes on talking is cut short.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::time::Instant;

use broker::Broker;
use mqttspec::net::{Server, ServerOptions};
use mqttspec::packet::{Binary, Connect, Disconnect, Packet, Pingreq, QoS, Will};
use mqttspec::topic::TopicName;
use peer::{PATIENCE, Peer, clean, octets, publish, subscribe};
use tokio::runtime::Builder;

/// A CONNECT that leaves a Will on the topic `will`.
fn with_will(client_id: &str) -> Connect {
    let topic = TopicName::new("will").expect("a Topic Name");
    let message = Binary::new("gone").expect("not too long");
    clean(client_id).with_will(&Will { topic, message, qos: QoS::AtMostOnce, retain: false })
}

#[test]
fn a_disconnect_that_waits_in_the_socket_discards_the_will() {
    // MQTT-3.1.2-8, MQTT-3.1.4-2, MQTT-3.14.4-3. One thread serves all, and only when it is let:
    // it finds the CONNECT first, as that was sent first, and the DISCONNECT beside it.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut options = ServerOptions::default();
    options.listen = vec!["mqtt://127.0.0.1:0".parse().expect("a place to listen")];
    let server = runtime.block_on(Server::bind(options)).expect("a free port");
    let address = server.addresses()[0];
    let served = runtime.spawn(server.run(std::future::pending()));
    // Blocking sockets here would keep the server from its turn, so they are asked from a thread.
    let ask = |work: Box<dyn FnOnce() -> Vec<Peer> + Send>| {
        runtime.block_on(async { tokio::task::spawn_blocking(work).await.expect("no panic") })
    };
    let peers = ask(Box::new(move || {
        let mut watcher = Peer::connect(address, clean("watcher")).expect("accepted");
        watcher.subscribe("will", QoS::AtMostOnce).expect("granted");
        let older = Peer::connect(address, with_will("a")).expect("accepted");
        // Accepted, and heard: what it sends next is found by one look at all sockets.
        let mut newer = Peer::open(address).expect("a connection");
        let half = octets(clean("a"));
        newer.stream.write_all(&half[..5]).expect("sent");
        vec![watcher, older, newer]
    }));
    let [mut watcher, mut older, mut newer] = <[Peer; 3]>::try_from(peers).ok().expect("three");
    // Long enough ago that the server has read it, by a question whose answer is behind it.
    let asked = ask(Box::new(move || {
        watcher.send(Pingreq).expect("sent");
        assert!(matches!(watcher.receive(), Ok(Some(Packet::Pingresp(_)))));
        vec![watcher]
    }));
    let [mut watcher] = <[Peer; 1]>::try_from(asked).ok().expect("one");
    // Nobody serves now: both are there when somebody does.
    newer.stream.write_all(&octets(clean("a"))[5..]).expect("sent");
    older.send(Disconnect).expect("sent");
    let said = ask(Box::new(move || {
        assert!(matches!(newer.receive(), Ok(Some(Packet::Connack(_)))));
        assert_eq!(older.receive().expect("closed in good order"), None);
        watcher.send(Pingreq).expect("sent");
        let next = watcher.receive().expect("an answer");
        assert!(matches!(next, Some(Packet::Pingresp(_))), "{next:?} after DISCONNECT");
        vec![watcher, older, newer]
    }));
    drop(said);
    served.abort();
}

#[test]
fn a_client_that_goes_on_talking_is_cut_short() {
    // MQTT-3.1.4-2
    for talk in [octets(Pingreq), octets(publish("nobody/listens", 1, vec![7; 1000]))] {
        let broker = Broker::start("--bind 127.0.0.1:0");
        let mut watcher = Peer::connect(broker.address, clean("watcher")).expect("accepted");
        watcher.subscribe("will", QoS::AtMostOnce).expect("granted");
        let older = Peer::connect(broker.address, with_will("a")).expect("accepted");
        let mut reads = older.stream.try_clone().expect("a second hand on it");
        let talks = std::thread::spawn(move || {
            let mut stream = older.stream;
            let much = talk.repeat(64 * 1024 / talk.len());
            while stream.write_all(&much).is_ok() {}
        });
        // What it is answered is taken, so that nothing else makes it stop.
        let takes = std::thread::spawn(move || {
            let mut taken = [0; 64 * 1024];
            while !matches!(reads.read(&mut taken), Ok(0) | Err(_)) {}
        });
        let begin = Instant::now();
        let mut newer = Peer::connect(broker.address, with_will("a")).expect("accepted");
        println!("let in after {:?}", begin.elapsed());
        assert!(matches!(watcher.receive(), Ok(Some(Packet::Publish(_)))), "the older one's Will");
        talks.join().expect("it is cut");
        takes.join().expect("it is cut");
        newer.send(Pingreq).expect("sent");
        assert!(matches!(newer.receive(), Ok(Some(Packet::Pingresp(_)))));
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    }
}

#[test]
fn one_that_takes_nothing_makes_way_at_once() {
    // MQTT-3.1.4-2, though what it is owed is never its turn.
    let broker = Broker::start("--bind 127.0.0.1:0 --stall-timeout 3600");
    let mut deaf = Peer::connect(broker.address, clean("a")).expect("accepted");
    deaf.subscribe("flood", QoS::AtMostOnce).expect("granted");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    for number in 1..=1_000 {
        publisher.send(publish("flood", number, vec![7; 16 * 1024])).expect("taken");
        assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));
    }
    let mut newer = Peer::connect(broker.address, clean("a")).expect("accepted");
    newer.send(subscribe("t", QoS::AtMostOnce)).expect("sent");
    assert!(matches!(newer.receive(), Ok(Some(Packet::Suback(_)))));
    // What the system had taken for it comes, and then its end.
    let ended = loop {
        match deaf.receive() {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    let is_end = |error: &std::io::Error| {
        ![ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind())
    };
    assert!(ended.as_ref().map_or_else(is_end, Option::is_none), "{ended:?}");
    let _ = deaf.stream.shutdown(Shutdown::Both);
}
