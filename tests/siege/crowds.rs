//! Crowds that do little each: who dawdles with CONNECT, who comes and goes, who never reads.

use std::io::Write as _;

use mqttspec::packet::{Binary, ClientId, Connect, Credentials, Text};
use mqttspec::packet::{Disconnect, Packet, Publish, QoS};

use crate::peer::{Peer, clean, octets, publish};
use crate::{Siege, at_once, number};

/// What a stranger may cost beyond the octets that it has sent: its task, and a first buffer.
const STRANGER: u64 = 8 * 1024;

/// A CONNECT with as much in it as goes.
fn largest_connect() -> Vec<u8> {
    let client_id = ClientId::new(Text::new("c".repeat(65_535)).expect("a text"));
    let user_name = Text::new("u".repeat(65_535)).expect("a text");
    let password = Some(Binary::new(vec![b'p'; 65_535]).expect("not too long"));
    octets(Connect::new(&client_id).with_credentials(&Credentials { user_name, password })).to_vec()
}

/// Strangers who have each sent `beginning`, and in the end the octets behind it one by one.
fn strangers(siege: &Siege, beginning: &[u8], rest: &[u8], count: usize) -> Vec<Peer> {
    let mut strangers: Vec<Peer> = (0..count)
        .map(|_| {
            let mut peer = Peer::open(siege.broker.address).expect("a connection");
            peer.stream.write_all(beginning).expect("sent");
            peer
        })
        .collect();
    for octet in rest.chunks(1) {
        for peer in &mut strangers {
            peer.stream.write_all(octet).expect("sent");
        }
    }
    // All of it has been read when one who came later has its answer.
    Peer::connect(siege.broker.address, clean("later")).expect("accepted");
    strangers
}

#[test]
fn who_sends_connect_octet_by_octet_costs_what_it_has_sent() {
    let siege = Siege::of("that send CONNECT octet by octet", "");
    let connect = octets(clean("a name of some length, to have something to send"));
    let (beginning, rest) = connect.split_at(30);
    let crowd = strangers(&siege, beginning, &rest[..20], at_once(200, 3_000));
    let growth = siege.growth();
    siege.end(crowd.len(), growth, STRANGER);
}

#[test]
fn who_promises_much_costs_what_it_has_sent() {
    // A promise of 327,000 octets, and two of them.
    let siege = Siege::of("that promise the largest CONNECT", "");
    let crowd = strangers(&siege, &largest_connect()[..6], &[], at_once(200, 3_000));
    let growth = siege.growth();
    siege.end(crowd.len(), growth, STRANGER);
}

#[test]
fn who_sends_almost_all_of_the_largest_connect_costs_twice_that_at_most() {
    let siege = Siege::of("that send the largest CONNECT but for an octet", "");
    let connect = largest_connect();
    let (beginning, last) = connect.split_at(connect.len() - 1);
    let mut crowd = strangers(&siege, beginning, &[], at_once(20, 300));
    let growth = siege.growth();
    // All of it was well.
    for peer in &mut crowd {
        peer.stream.write_all(last).expect("sent");
        assert!(matches!(peer.receive(), Ok(Some(Packet::Connack(_)))));
        peer.send(Disconnect).expect("sent");
    }
    siege.end(crowd.len(), growth, 2 * 200 * 1024);
}

#[test]
fn what_a_stranger_cannot_need_is_not_waited_for() {
    // MQTT-3.1.0-1: no CONNECT is as large as this, and nothing else may come first.
    let siege = Siege::of("that promise more than any CONNECT has", "");
    for first in [0x10, 0x30] {
        let mut peer = Peer::open(siege.broker.address).expect("a connection");
        peer.stream.write_all(&[first, 0x80, 0x80, 0x40, 0x00, 0x04]).expect("sent");
        assert_eq!(peer.receive().expect("closed in good order"), None);
    }
    siege.end(2, 0, 0);
}

#[test]
fn who_is_connected_and_silent_costs_a_few_kibibytes() {
    let siege = Siege::of("connected at once", "");
    let crowd: Vec<Peer> = (0..at_once(300, 20_000))
        .map(|place| {
            let connect = clean(&format!("silent {place}"));
            Peer::connect(siege.broker.address, connect).expect("accepted")
        })
        .collect();
    let growth = siege.growth();
    siege.end(crowd.len(), growth, 4 * 1024);
}

#[test]
fn who_comes_and_goes_leaves_nothing() {
    let siege = Siege::of("that come and go", "");
    let count = number(300, 20_000);
    for place in 0..count {
        let mut peer = Peer::open(siege.broker.address).expect("a connection");
        match place % 4 {
            // Without a word,
            0 => continue,
            // with half a one,
            1 => peer.stream.write_all(&[0x10, 0x0d, 0x00]).expect("sent"),
            // before the answer,
            2 => peer.send(clean("in haste")).expect("sent"),
            // in good order.
            _ => {
                peer.send(clean("in good order")).expect("sent");
                assert!(matches!(peer.receive(), Ok(Some(Packet::Connack(_)))));
                peer.send(Disconnect).expect("sent");
            }
        }
    }
    let growth = siege.growth();
    siege.end(count, growth, 64);
}

#[test]
fn who_never_reads_is_owed_a_bounded_part_of_a_flood() {
    const MESSAGES: usize = 2_000;
    const PAYLOAD: usize = 4 * 1024;
    // As much waits to be written, and half a MiB in the system.
    const EACH: u64 = 320 * 1024;
    let waits = "--stall-timeout 3600 --max-queued-messages 50 --max-total-queued-octets 16777216";
    let siege = Siege::of("subscribers that never read", waits);
    let count = at_once(40, 1_000);
    let crowd: Vec<Peer> = (0..count)
        .map(|place| {
            let name = format!("deaf {place}");
            let mut peer = Peer::connect(siege.broker.address, clean(&name)).expect("accepted");
            peer.subscribe("flood", QoS::AtMostOnce).expect("granted");
            peer
        })
        .collect();
    let mut publisher = Peer::connect(siege.broker.address, clean("flood")).expect("accepted");
    let mut flood = |messages: usize| {
        for _ in 0..messages {
            let message = publish("flood", 1, vec![7; PAYLOAD]);
            publisher.send(message).expect("taken");
            assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));
        }
    };
    flood(MESSAGES);
    let growth = siege.growth();
    // Once all are full, a flood changes nothing.
    flood(MESSAGES / 2);
    let more = siege.growth().saturating_sub(growth);
    assert!(more < crate::RESERVE, "{growth} octets, and {more} more");
    siege.end(crowd.len(), growth, EACH);
}

#[test]
fn a_message_without_takers_is_held_by_nobody() {
    let siege = Siege::of("messages that nobody wants", "");
    let mut publisher = Peer::connect(siege.broker.address, clean("flood")).expect("accepted");
    let count = number(2_000, 100_000);
    for _ in 0..count {
        let delivery = mqttspec::packet::Delivery::AtMostOnce;
        publisher.send(Publish { delivery, ..publish("flood", 1, vec![7; 1024]) }).expect("taken");
    }
    publisher.send(publish("flood", 1, "the last")).expect("taken");
    assert!(matches!(publisher.receive(), Ok(Some(Packet::Puback(_)))));
    let growth = siege.growth();
    siege.end(count, growth, 0);
}
