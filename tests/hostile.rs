//! A broker that is alive, and clients that mean it no good.
//!
//! While they are at work somebody else goes on exchanging messages; afterwards the broker has
//! neither panicked nor kept much of what it was sent. What is random comes from seeds: a failure
//! names its number, and the same number is the same octets.
//!
//! `MQTTSPEC_HOSTILE=1000000 cargo test --release --test hostile` sends a million mutations instead
//! of [`MUTATIONS`].

#[path = "support/broker.rs"]
mod broker;
#[path = "support/bystander.rs"]
mod bystander;
#[path = "support/mutation.rs"]
mod mutation;
#[path = "support/peer.rs"]
mod peer;

use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use broker::Broker;
use bystander::{Bystander, answer, resident};
use mqttspec::packet::{Connack, Delivery, Packet, PacketType, Puback, Publish, QoS};
use mutation::{Random, mutate, packets};
use peer::{Peer, clean, octets, packet_id, publish};

/// How many mutations are sent when nobody asks for more.
const MUTATIONS: usize = 5_000;

/// How many connections send them at once.
const AT_ONCE: usize = 32;

/// How much the broker may have grown after any of these tests, in octets: buffers, the
/// allocator's reserves, and what a few thousand strangers left behind.
const GROWTH: u64 = 24 * 1024 * 1024;

/// How much more it may have grown for each mutation: some of them are CONNECTs without Clean
/// Session or retained messages, which a broker must keep.
const GROWTH_PER_MUTATION: u64 = 16;

#[test]
fn any_first_octets_end_in_good_order() {
    const SAMPLES: usize = 500;
    let broker = Broker::start("--bind 127.0.0.1:0");
    let bystander = Bystander::start(broker.address);
    let mut random = Random::new(1);
    let mut beginnings = vec![vec![]];
    beginnings.extend((0..=u8::MAX).map(|octet| vec![octet]));
    for length in [2, 3] {
        beginnings
            .extend((0..SAMPLES).map(|_| (0..length).map(|_| random.octet()).collect::<Vec<_>>()));
    }
    at_once(beginnings.len(), |number| {
        let octets = &beginnings[number];
        let answers =
            converse(broker.address, octets).map_err(|e| format!("{octets:02x?}: {e}"))?;
        // Too few octets for any CONNECT, so there is nothing to answer.
        if answers.is_empty() { Ok(()) } else { Err(format!("{octets:02x?}: {answers:?}")) }
    });
    bystander.end();
}

#[test]
fn mutated_packets_harm_nobody_else() {
    const SEED: u64 = 0x6d71_7474;
    let mutations = match std::env::var("MQTTSPEC_HOSTILE") {
        Ok(number) => number.parse().expect("MQTTSPEC_HOSTILE is a number"),
        Err(_) => MUTATIONS,
    };
    let broker = Broker::start("--bind 127.0.0.1:0");
    let bystander = Bystander::start(broker.address);
    let before = resident(&broker);
    let begin = Instant::now();
    let valid = packets();
    at_once(mutations, |number| {
        let mut random = Random::new(SEED + number as u64);
        let mutation = mutate(&valid, &mut random);
        // Half of them come after a CONNECT that is in order.
        let connected = random.below(2) == 1;
        let connect = octets(clean(&format!("before {number}")));
        let sent = if connected { [&connect[..], &mutation].concat() } else { mutation };
        let answers = converse(broker.address, &sent)
            .map_err(|e| format!("seed {SEED:#x}, mutation {number}, {sent:02x?}: {e}"))?;
        judge(connected, &answers)
            .map_err(|e| format!("seed {SEED:#x}, mutation {number}, {sent:02x?}: {e}"))
    });
    let took = begin.elapsed();
    let exchanged = bystander.end().len();
    let after = resident(&broker);
    println!(
        "{mutations} mutations in {took:.1?}, {exchanged} messages of a bystander meanwhile, \
         resident memory {} KiB before and {} KiB after",
        before / 1024,
        after / 1024,
    );
    let bound = GROWTH + GROWTH_PER_MUTATION * mutations as u64;
    assert!(after < before + bound, "from {before} to {after} octets");
}

#[test]
fn who_never_finishes_connect_is_closed_in_time() {
    const CROWD: usize = 200;
    let broker = Broker::start("--bind 127.0.0.1:0 --connect-timeout 1");
    let bystander = Bystander::start(broker.address);
    let begin = Instant::now();
    let connect = octets(clean("slow"));
    let crowd: Vec<Peer> = (0..CROWD)
        .map(|number| {
            let mut peer = Peer::open(broker.address).expect("a connection");
            // All lengths: from none at all to all but the last octet.
            peer.stream.write_all(&connect[..number % connect.len()]).expect("sent");
            peer
        })
        .collect();
    for mut peer in crowd {
        assert_eq!(peer.receive().expect("closed in good order"), None);
    }
    // Not at once: CONNECT may take its time. And not much later for the last one.
    let took = begin.elapsed();
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(took < Duration::from_secs(6), "{took:?}");
    bystander.end();
}

#[test]
fn who_never_reads_fills_its_own_queue_and_no_other() {
    const ROUNDS: u16 = 400;
    const ROUND: u16 = 8;
    let broker = Broker::start("--bind 127.0.0.1:0 --max-queued-octets 262144");
    let _deaf = deaf(broker.address, "flood");
    let mut reader = Peer::connect(broker.address, clean("reader")).expect("accepted");
    reader.subscribe("flood", QoS::AtLeastOnce).expect("granted");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    let before = resident(&broker);
    for _ in 0..ROUNDS {
        for number in 1..=ROUND {
            publisher.send(publish("flood", number, vec![7; 16 * 1024])).expect("taken");
        }
        // One step with the reader, so that its queue is never full and nothing is dropped.
        for number in 1..=ROUND {
            let puback = Puback { packet_id: packet_id(number) };
            assert_eq!(publisher.receive().expect("an answer"), Some(puback.into()));
            acknowledge_next(&mut reader).expect("a message");
        }
    }
    let after = resident(&broker);
    // 50 MiB have gone through; the queues of those who did not look are 5 MiB.
    assert!(after < before + GROWTH, "from {before} to {after} octets");
}

#[test]
fn a_small_message_in_a_queue_keeps_no_large_buffer() {
    const MESSAGES: u16 = 3_000;
    let broker = Broker::start("--bind 127.0.0.1:0 --max-queued-octets 262144");
    let _deaf = deaf(broker.address, "small");
    let mut publisher = Peer::connect(broker.address, clean("publisher")).expect("accepted");
    // The sockets of the deaf take so much before the queues of their Sessions fill.
    for number in 1..=500 {
        publish_and_wait(&mut publisher, publish("small", number, vec![7; 16 * 1024]));
    }
    let before = resident(&broker);
    for number in 1..=MESSAGES {
        let small = octets(publish("small", number, "a"));
        // Read in one piece with the small one, and wanted by nobody.
        let large = Publish {
            delivery: Delivery::AtMostOnce,
            ..publish("elsewhere", 1, vec![7; 15 * 1024])
        };
        publisher.stream.write_all(&[&small[..], &octets(large)].concat()).expect("taken");
        let puback = Puback { packet_id: packet_id(number) };
        assert_eq!(publisher.receive().expect("an answer"), Some(puback.into()));
    }
    let after = resident(&broker);
    assert!(after < before + GROWTH, "from {before} to {after} octets");
}

#[test]
fn the_deepest_topics_are_topics() {
    let broker = Broker::start("--bind 127.0.0.1:0");
    let bystander = Bystander::start(broker.address);
    let levels = usize::from(u16::MAX) / 2;
    let deep = vec!["a"; levels].join("/");
    let mut peer = Peer::connect(broker.address, clean("deep")).expect("accepted");
    for filter in [deep.clone(), vec!["+"; levels].join("/"), format!("{}#", "+/".repeat(levels))] {
        peer.subscribe(&filter, QoS::AtLeastOnce).expect("granted");
    }
    for retain in [true, false] {
        peer.send(Publish { retain, ..publish(&deep, 1, "deep") }).expect("taken");
        // One copy, however many filters match; and the answer to the publisher, in either order.
        let mut types = [(); 2].map(|()| {
            let packet = peer.receive().expect("an answer").expect("still connected");
            if let Packet::Publish(publish) = &packet {
                assert_eq!(publish.topic.as_str(), deep);
            }
            packet.packet_type()
        });
        types.sort_unstable_by_key(|packet_type| packet_type.number());
        assert_eq!(types, [PacketType::Publish, PacketType::Puback]);
    }
    drop(peer);
    bystander.end();
}

/// Carries `work` out for all numbers below `count`, [`AT_ONCE`] of them at a time.
fn at_once(count: usize, work: impl Fn(usize) -> Result<(), String> + Sync) {
    std::thread::scope(|scope| {
        for first in 0..AT_ONCE {
            let work = &work;
            scope.spawn(move || {
                for number in (first..count).step_by(AT_ONCE) {
                    if let Err(error) = work(number) {
                        panic!("{error}");
                    }
                }
            });
        }
    });
}

/// Sends `octets` on a connection of their own, then nothing more: what comes back until the broker
/// has closed it.
fn converse(address: SocketAddr, octets: &[u8]) -> io::Result<Vec<Packet>> {
    let mut peer = Peer::open(address)?;
    peer.stream.write_all(octets)?;
    peer.stream.shutdown(Shutdown::Write)?;
    let mut answers = Vec::new();
    while let Some(packet) = peer.receive()? {
        answers.push(packet);
    }
    Ok(answers)
}

/// Whether these are packets that a Server sends, one CONNACK first.
fn judge(connected: bool, answers: &[Packet]) -> Result<(), String> {
    if connected && !matches!(answers.first(), Some(Packet::Connack(Connack::Accepted { .. }))) {
        return Err(format!("no CONNACK for a CONNECT in order, but {answers:?}"));
    }
    for (place, packet) in answers.iter().enumerate() {
        let may_come = match packet {
            Packet::Connack(_) => place == 0,
            Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::Pingreq(_)
            | Packet::Disconnect(_) => false,
            _ => place > 0,
        };
        if !may_come {
            return Err(format!("{packet} among {answers:?}"));
        }
    }
    Ok(())
}

/// Takes a message and acknowledges it.
fn acknowledge_next(peer: &mut Peer) -> io::Result<()> {
    match peer.receive()? {
        Some(Packet::Publish(publish)) => answer(peer, publish.delivery),
        other => Err(io::Error::other(format!("{other:?} instead of PUBLISH"))),
    }
}

fn publish_and_wait(publisher: &mut Peer, publish: Publish) {
    let packet_id = publish.delivery.packet_id().expect("QoS 1");
    publisher.send(publish).expect("taken");
    assert_eq!(publisher.receive().expect("an answer"), Some(Puback { packet_id }.into()));
}

/// Subscribers that never read again.
fn deaf(address: SocketAddr, filter: &str) -> Vec<Peer> {
    (0..20)
        .map(|number| {
            let connect = clean(&format!("deaf {number}"));
            let mut peer = Peer::connect(address, connect).expect("accepted");
            peer.subscribe(filter, QoS::AtMostOnce).expect("granted");
            peer
        })
        .collect()
}
