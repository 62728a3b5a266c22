//! 2.2.3 and 4.2: packets in a stream of octets.
//!
//! Where a packet ends is said by its Remaining Length and by nothing else: no segment of TCP,
//! no pause, no read. U-2.2.3-2 allows four octets of it, and every packet that long.
//!
//! A Remaining Length of five octets is in `header`.
//!
//! Clauses: U-2.2.3-1, U-2.2.3-2, U-4.2-1, [MQTT-7.1.1-1], U-3.1.4-5, [MQTT-3.2.0-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Framed, Octets, Packet, Publish, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "framing/one-octet-at-a-time",
        title: "A conversation of which each octet comes in a segment of its own is understood.",
        statements: &["U-4.2-1", "MQTT-7.1.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| in_pieces(stage, 1),
    },
    Case {
        address: "framing/three-octets-at-a-time",
        title: "Packets whose ends fall anywhere in a segment are understood.",
        statements: &["U-4.2-1", "MQTT-7.1.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| in_pieces(stage, 3),
    },
    Case {
        address: "framing/seventeen-octets-at-a-time",
        title: "Packets of which a segment holds the end of one and the beginning of the next are understood.",
        statements: &["U-4.2-1", "MQTT-7.1.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| in_pieces(stage, 17),
    },
    Case {
        address: "framing/many-packets-in-one-write",
        title: "Of forty packets that come at once, each is dealt with, in order.",
        statements: &["U-4.2-1", "MQTT-4.6.0-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 0)?;
            let message = |number: u8| Publish::qos0(topic.as_str(), [number]).octets();
            client.send((0..40).flat_map(message).collect::<Vec<_>>())?;
            for number in 0..40 {
                client.expect_message(&Delivery::on(topic.as_str()).payload([number]))?;
            }
            Ok(())
        },
    },
    Case {
        address: "framing/before-the-connack",
        title: "Packets sent right behind the CONNECT are dealt with, and the CONNACK comes first.",
        statements: &["U-3.1.4-5", "MQTT-3.2.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut peer = stage.peer("hasty")?;
            let rest = Subscribe::new(1)
                .filter(topic.as_str(), 0)
                .then(Publish::qos1(2, topic.as_str(), "at once").then(Packet::Pingreq));
            peer.send(stage.clean("hasty").then(rest))?;
            peer.expect_accepted()?;
            peer.expect_suback(1)?;
            peer.expect_puback(2)?;
            peer.expect_message(&Delivery::on(topic).payload("at once"))?;
            peer.expect_pingresp()
        },
    },
    Case {
        address: "framing/a-whole-life-in-one-write",
        title: "A message between CONNECT and DISCONNECT in one write is delivered.",
        statements: &["U-3.1.4-5", "U-4.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut peer = stage.peer("brief")?;
            let rest = Publish::qos1(1, topic.as_str(), "in passing").then(Packet::Disconnect);
            peer.send(stage.clean("brief").then(rest))?;
            subscriber.expect_message(&Delivery::on(topic).payload("in passing"))?;
            Ok(())
        },
    },
    Case {
        address: "framing/lengths-of-two-and-three-octets",
        title: "Packets at the edges of a Remaining Length of one, two and three octets get through.",
        statements: &["U-2.2.3-1", "U-2.2.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 0)?;
            for length in [127, 128, 129, 16_383, 16_384, 16_385, 65_536, 131_072] {
                let publish = of_length(&topic, length);
                client.send(&publish)?;
                client.expect_message(&Delivery::on(topic.as_str()).payload(publish.payload))?;
            }
            Ok(())
        },
    },
    Case {
        address: "framing/length-of-four-octets",
        title: "A packet of 2,097,152 octets, whose Remaining Length takes four, gets through.",
        statements: &["U-2.2.3-2"],
        level: Level::Must,
        needs: &[Need::PacketOctets(2_097_157)],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 0)?;
            // The longest of three octets tells a limit on the size from trouble with the fourth.
            for length in [2_097_151, 2_097_152] {
                let publish = of_length(&topic, length);
                client.send(&publish)?;
                let expected = Delivery::on(topic.as_str()).payload(publish.payload);
                match client.expect_message(&expected) {
                    Err(_) if length == 2_097_151 => {
                        return Err(Finding::unsupported("no packets of 2 MiB"));
                    }
                    outcome => outcome?,
                };
            }
            Ok(())
        },
    },
    Case {
        address: "framing/half-a-packet-is-none",
        title: "A PUBLISH whose connection ends before its last octet is neither delivered nor kept.",
        statements: &["U-2.2.3-1", "U-4.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let octets = Publish::qos0(topic.as_str(), "cut short").retain().octets();
            let half = &octets[..octets.len() - 1];
            let mut ends = stage.client("ends")?;
            ends.send_part(half)?;
            ends.drop_connection()?;
            let mut resets = stage.client("resets")?;
            resets.send_part(half)?;
            resets.reset();

            let mut publisher = stage.client("p")?;
            subscriber.expect_no_message(&mut publisher, &topic, 1)?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            late.expect_no_message(&mut publisher, &topic, 1)
        },
    },
    Case {
        address: "framing/end-of-one-direction",
        title: "A Client that ends its own direction alone gets its answer yet, or a close.",
        statements: &["U-4.2-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Publish::qos1(1, stage.topic("t"), "the last"))?;
            client.half_close()?;
            let behaviour = match client.expect_puback(1) {
                Ok(()) => "answer",
                Err(_) if client.is_closed() => "close",
                Err(finding) => return Err(finding),
            };
            stage.observe("publish-before-a-half-close", behaviour);
            Ok(())
        },
    },
];

/// A message on this topic in a packet of so many octets after its fixed header.
fn of_length(topic: &str, length: usize) -> Publish {
    let octets = (0..=u8::MAX).cycle().take(length - 2 - topic.len());
    Publish::qos0(topic, octets.collect::<Vec<_>>())
}

/// Connects, subscribes, publishes and leaves, in one stream of equal pieces.
fn in_pieces(stage: &Stage<'_>, size: usize) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut peer = stage.peer("a")?;
    peer.send_split(stage.clean("a"), size)?;
    peer.expect_accepted()?;
    let stream: [Packet; 4] = [
        Subscribe::new(1).filter(topic.as_str(), 0).into(),
        Publish::qos1(2, topic.as_str(), "one").into(),
        Publish::qos1(3, topic.as_str(), "two").into(),
        Packet::Pingreq,
    ];
    let octets: Vec<_> = stream.iter().flat_map(Octets::octets).collect();
    peer.send_split(octets, size)?;
    peer.expect_suback(1)?;
    peer.expect_puback(2)?;
    peer.expect_puback(3)?;
    peer.expect_pingresp()?;
    for payload in ["one", "two"] {
        peer.expect_message(&Delivery::on(topic.as_str()).payload(payload))?;
    }
    peer.send_split(Packet::Disconnect, size)
}
