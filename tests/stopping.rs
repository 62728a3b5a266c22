//! A broker that is told to stop: in good order, soon, and with nothing owed to anyone.

#[path = "support/broker.rs"]
mod broker;
#[path = "support/peer.rs"]
mod peer;

use std::io::Write as _;
use std::time::{Duration, Instant};

use broker::Broker;
use bytes::Bytes;
use mqttspec::net::{Server, ServerOptions};
use mqttspec::packet::{Binary, Delivery, Packet, Puback, Publish, QoS, Will};
use mqttspec::topic::TopicName;
use peer::{PATIENCE, Peer, clean, octets, packet_id, publish};
use rustix::process::{Pid, Signal, kill_process};

/// The longest stop that is in order, as [`ServerOptions::stop_timeout`] has it, and some more for
/// a busy machine.
const LIMIT: Duration = Duration::from_secs(8);

#[test]
fn both_signals_end_it_with_exit_code_0_and_a_word() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut broker = Broker::start("--bind 127.0.0.1:0");
        let mut peer = Peer::connect(broker.address, clean("witness")).expect("accepted");
        tell(&broker, signal);
        assert_eq!(peer.receive().expect("closed in good order"), None);
        drop(peer);
        let (code, told) = broker.wait(LIMIT).expect("it ends");
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("stopped; 1 connections closed in good order"), "{told}");
    }
}

#[test]
fn what_was_taken_over_is_answered_and_what_was_handed_over_is_sent() {
    const MESSAGES: u16 = 100;
    let mut broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Peer::connect(broker.address, clean("watcher")).expect("accepted");
    watcher.subscribe("t", QoS::AtMostOnce).expect("granted");
    let mut reads_late = Peer::connect(broker.address, clean("reads late")).expect("accepted");
    reads_late.subscribe("t", QoS::AtMostOnce).expect("granted");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    for number in 1..=MESSAGES {
        publisher.send(publish("t", number, "in flight")).expect("taken");
    }
    // When the last message is here, the broker has taken all of them over.
    expect_messages(&mut watcher, usize::from(MESSAGES));
    tell(&broker, Signal::TERM);

    expect_messages(&mut reads_late, usize::from(MESSAGES));
    for number in 1..=MESSAGES {
        let puback = Puback { packet_id: packet_id(number) };
        assert_eq!(publisher.receive().expect("an answer"), Some(puback.into()));
    }
    for peer in [&mut watcher, &mut reads_late, &mut publisher] {
        assert_eq!(peer.receive().expect("closed in good order"), None);
    }
    drop((watcher, reads_late, publisher));
    assert_eq!(broker.wait(LIMIT).expect("it ends").0, Some(0));
}

#[test]
fn the_wills_of_all_reach_who_is_still_connected() {
    const CLIENTS: usize = 150;
    let mut broker = Broker::start("--bind 127.0.0.1:0");
    let mut watcher = Peer::connect(broker.address, clean("watcher")).expect("accepted");
    watcher.subscribe("will", QoS::AtMostOnce).expect("granted");
    let clients: Vec<Peer> = (0..CLIENTS)
        .map(|number| {
            let will = Will {
                topic: TopicName::new("will").expect("a Topic Name"),
                message: Binary::new("in flight").expect("not too long"),
                qos: QoS::AtMostOnce,
                retain: false,
            };
            let connect = clean(&format!("client {number}")).with_will(&will);
            Peer::connect(broker.address, connect).expect("accepted")
        })
        .collect();
    tell(&broker, Signal::TERM);
    expect_messages(&mut watcher, CLIENTS);
    assert_eq!(watcher.receive().expect("closed in good order"), None);
    drop((watcher, clients));
    assert_eq!(broker.wait(LIMIT).expect("it ends").0, Some(0));
}

#[test]
fn its_port_is_free_at_once() {
    let mut first = Broker::start("--bind 127.0.0.1:0");
    let address = first.address;
    let mut peer = Peer::connect(address, clean("before")).expect("accepted");
    tell(&first, Signal::TERM);
    // The broker closes first, so that its side of this connection stays with the system.
    assert_eq!(peer.receive().expect("closed in good order"), None);
    drop(peer);
    first.wait(LIMIT).expect("it ends");
    let second = Broker::start(&format!("--bind {address}"));
    assert_eq!(second.address, address);
    Peer::connect(address, clean("after")).expect("accepted");
}

#[test]
fn a_second_broker_on_a_port_is_exit_code_3_and_names_the_address() {
    let first = Broker::start("--bind 127.0.0.1:0");
    let address = first.address.to_string();
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["broker", "--volatile", "--bind", &address])
        .output()
        .expect("the program starts");
    let told = String::from_utf8(second.stderr).expect("text");
    assert_eq!(second.status.code(), Some(3), "{told}");
    assert!(told.contains(&format!("cannot listen on mqtt://{address}")), "{told}");
    assert!(told.contains("--bind"), "{told}");
    // And the first has not noticed.
    Peer::connect(first.address, clean("client")).expect("accepted");
}

#[test]
fn connections_without_connect_do_not_delay_it() {
    let mut broker = Broker::start("--bind 127.0.0.1:0");
    let connect = octets(clean("half"));
    let half_open: Vec<Peer> = [0, 1, connect.len() / 2]
        .map(|length| {
            let mut peer = Peer::open(broker.address).expect("a connection");
            peer.stream.write_all(&connect[..length]).expect("sent");
            peer
        })
        .into();
    // Accepted after those before it, which the broker thus has.
    Peer::connect(broker.address, clean("whole")).expect("accepted");
    let begin = Instant::now();
    tell(&broker, Signal::TERM);
    let (code, told) = broker.wait(LIMIT).expect("it ends");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("in good order"), "{told}");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    for mut peer in half_open {
        assert_eq!(peer.receive().expect("closed in good order"), None);
    }
}

#[test]
fn who_does_not_take_what_is_left_for_it_is_abandoned_in_time() {
    const STOP_TIMEOUT: Duration = Duration::from_millis(100);
    let mut options = ServerOptions::default();
    options.listen = vec!["127.0.0.1:0".parse().expect("an address")];
    options.stop_timeout = STOP_TIMEOUT;
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let server = runtime.block_on(Server::bind(options)).expect("a free port");
    let address = server.addresses()[0];
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.run(async { drop(stopped.await) }));

    let mut deaf = Peer::connect(address, clean("deaf")).expect("accepted");
    deaf.subscribe("t", QoS::AtMostOnce).expect("granted");
    let mut publisher = Peer::connect(address, clean("publisher")).expect("accepted");
    // More than the sockets between them hold.
    for number in 1..=32 {
        let message = publish("t", number, Bytes::from(vec![7; 1024 * 1024]));
        publisher.send(message).expect("taken");
        let puback = Puback { packet_id: packet_id(number) };
        assert_eq!(publisher.receive().expect("an answer"), Some(puback.into()));
    }
    drop(publisher);
    let begin = Instant::now();
    drop(stop);
    let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, serving).await });
    let ended = ended.expect("it ends").expect("without a panic");
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert_eq!(ended.abandoned, 1);
}

/// Sends a signal to the broker.
fn tell(broker: &Broker, signal: Signal) {
    kill_process(Pid::from_child(&broker.process), signal).expect("it is there to be told");
}

/// Takes `count` messages of QoS 0.
fn expect_messages(peer: &mut Peer, count: usize) {
    for number in 1..=count {
        match peer.receive().expect("a message") {
            Some(Packet::Publish(Publish { delivery: Delivery::AtMostOnce, payload, .. })) => {
                assert_eq!(payload, "in flight");
            }
            other => panic!("{other:?} instead of message {number} of {count}"),
        }
    }
}
