//! One client that wants much: a hundred thousand subscriptions, packets of many MiB.

use mqttspec::packet::{OneOrMore, Packet, QoS, Subscribe, SubscribeFilter};
use mqttspec::topic::TopicFilter;

use crate::peer::{Peer, clean, packet_id, publish};
use crate::{Siege, number};

/// How many filters a SUBSCRIBE has.
const AT_ONCE: usize = 1_000;

#[test]
fn many_subscriptions_of_one_client_cost_some_hundred_octets_each() {
    let count = number(5_000, 100_000);
    let siege = Siege::of("subscriptions of one client", "--max-subscriptions 100000");
    let mut peer = Peer::connect(siege.broker.address, clean("greedy")).expect("accepted");
    for first in (0..count).step_by(AT_ONCE) {
        let filters = (first..first + AT_ONCE)
            .map(|place| {
                let filter = format!("greedy/{}/+/{place}/#", place % 100);
                let filter = TopicFilter::new(filter).expect("a Topic Filter");
                SubscribeFilter { filter, qos: QoS::AtLeastOnce }
            })
            .collect();
        let filters = OneOrMore::new(filters).expect("a thousand");
        peer.send(Subscribe::new(packet_id(1), &filters)).expect("taken");
        let Ok(Some(Packet::Suback(suback))) = peer.receive() else { panic!("no SUBACK") };
        assert!(suback.codes().all(|code| code.octet() < 3), "one is refused");
    }
    // Each is there.
    for place in [0, count / 2, count - 1] {
        let topic = format!("greedy/{}/x/{place}/y", place % 100);
        peer.send(publish(&topic, 1, "")).expect("taken");
        let types = [(); 2].map(|()| peer.receive().expect("an answer").expect("one"));
        assert!(types.iter().any(|packet| matches!(packet, Packet::Publish(_))), "{types:?}");
    }
    let growth = siege.growth();
    drop(peer);
    siege.end(count, growth, 640);
}

#[test]
fn one_filter_too_many_is_refused_and_the_rest_stands() {
    // MQTT-3.9.3-1: a SUBACK says so, and nobody is cut off.
    let siege = Siege::of("filters where ten may be", "--max-subscriptions 10");
    let mut peer = Peer::connect(siege.broker.address, clean("greedy")).expect("accepted");
    let filters = (0..20)
        .map(|place| {
            let filter = TopicFilter::new(format!("greedy/{place}")).expect("a Topic Filter");
            SubscribeFilter { filter, qos: QoS::AtMostOnce }
        })
        .collect();
    let filters = OneOrMore::new(filters).expect("twenty");
    peer.send(Subscribe::new(packet_id(1), &filters)).expect("taken");
    let Ok(Some(Packet::Suback(suback))) = peer.receive() else { panic!("no SUBACK") };
    let codes: Vec<u8> = suback.codes().map(|code| code.octet()).collect();
    assert_eq!(codes, [[0; 10], [128; 10]].concat());
    siege.end(20, 0, 0);
}

#[test]
fn packets_of_many_mebibytes_go_through_and_are_gone() {
    const TIMES: usize = 3;
    let size = number(8, 64) * 1024 * 1024;
    let room = size + 1024;
    let siege = Siege::of(
        "packets of many MiB",
        &format!("--max-packet-size {room} --max-queued-octets {room}"),
    );
    let mut reader = Peer::connect(siege.broker.address, clean("reader")).expect("accepted");
    reader.subscribe("large", QoS::AtMostOnce).expect("granted");
    let mut publisher = Peer::connect(siege.broker.address, clean("greedy")).expect("accepted");
    let payload = bytes::Bytes::from(vec![7; size]);
    let mut growth = 0;
    for _ in 0..TIMES {
        std::thread::scope(|scope| {
            let sent = scope.spawn(|| publisher.send(publish("large", 1, payload.clone())));
            match reader.receive().expect("a message") {
                Some(Packet::Publish(got)) => assert!(got.payload == payload, "another one"),
                other => panic!("{other:?} instead of PUBLISH"),
            }
            sent.join().expect("no panic").expect("taken");
        });
        assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));
        growth = siege.growth().max(growth);
    }
    // One that is read while the one before it is written.
    siege.end(TIMES, growth, size as u64);
}

#[test]
fn a_packet_that_is_too_large_ends_at_its_first_octets() {
    let siege = Siege::of("packets larger than they may be", "--max-packet-size 1000");
    let mut peer = Peer::connect(siege.broker.address, clean("greedy")).expect("accepted");
    // A PUBLISH of 268,435,455 octets, of which none has come.
    std::io::Write::write_all(&mut peer.stream, &[0x30, 0xff, 0xff, 0xff, 0x7f]).expect("sent");
    assert_eq!(peer.receive().expect("closed in good order"), None);
    siege.end(1, 0, 0);
}
