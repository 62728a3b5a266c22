//! 6: frames are no borders of packets.
//!
//! What the segments of TCP are in `framing`, the frames of WebSocket are here, and the fragments
//! of a message beside them: a packet may be cut anywhere, and a frame may hold many.
//!
//! Clauses: [MQTT-6.0.0-2].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::websocket::Frame;
use crate::wire::{Framed, Octets, Packet, Publish, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "websocket/one-octet-a-frame",
        title: "A conversation of which each octet comes in a frame of its own is understood.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| in_frames(stage, |octets| messages(octets, 1)),
    },
    Case {
        address: "websocket/seven-octets-a-frame",
        title: "Packets whose ends fall anywhere in a frame are understood.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| in_frames(stage, |octets| messages(octets, 7)),
    },
    Case {
        address: "websocket/one-octet-a-fragment",
        title: "Packets in one message, of which each octet comes in a fragment of its own, are understood.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| in_frames(stage, |octets| Frame::fragments(Frame::BINARY, octets, 1)),
    },
    Case {
        address: "websocket/packets-across-messages-of-fragments",
        title: "Packets that begin in one message of fragments and end in another are understood.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            in_frames(stage, |octets| {
                let messages = octets.chunks(11);
                messages.flat_map(|piece| Frame::fragments(Frame::BINARY, piece, 3)).collect()
            })
        },
    },
    Case {
        address: "websocket/control-frames-between-the-pieces",
        title: "A ping between the fragments of a packet, and an empty frame beside them, change nothing.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            in_frames(stage, |octets| {
                let fragments = Frame::fragments(Frame::BINARY, octets, 5);
                let beside = fragments.into_iter().flat_map(|f| [f, Frame::ping("between")]);
                beside.chain([Frame::binary("")]).collect()
            })
        },
    },
    Case {
        address: "websocket/empty-frames",
        title: "Binary frames without an octet in them, between the pieces of a packet, change nothing.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            in_frames(stage, |octets| {
                messages(octets, 9).into_iter().flat_map(|f| [Frame::binary(""), f]).collect()
            })
        },
    },
    Case {
        address: "websocket/many-packets-in-one-frame",
        title: "Of forty packets in one frame, each is dealt with, in order.",
        statements: &["MQTT-6.0.0-2", "MQTT-4.6.0-6"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.websocket_client("a")?;
            client.subscribe(&topic, 0)?;
            let message = |number: u8| Publish::qos0(topic.as_str(), [number]).octets();
            client.send_frames([Frame::binary((0..40).flat_map(message).collect::<Vec<_>>())])?;
            for number in 0..40 {
                client.expect_message(&Delivery::on(topic.as_str()).payload([number]))?;
            }
            Ok(())
        },
    },
    Case {
        address: "websocket/a-whole-life-in-one-frame",
        title: "A message between CONNECT and DISCONNECT in one frame is delivered.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.websocket_client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut peer = stage.websocket("brief")?;
            let rest = Publish::qos1(1, topic.as_str(), "in passing").then(Packet::Disconnect);
            peer.send_frames([Frame::binary(stage.clean("brief").then(rest))])?;
            subscriber.expect_message(&Delivery::on(topic).payload("in passing"))?;
            Ok(())
        },
    },
    Case {
        address: "websocket/frame-ends-within-the-fixed-header",
        title: "A packet with a Remaining Length of three octets, each in a frame of its own, gets through.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            large(stage, 20_000, |octets| {
                let (header, rest) = octets.split_at(6);
                let mut frames = messages(header, 1);
                frames.push(Frame::binary(rest));
                frames
            })
        },
    },
    Case {
        address: "websocket/frames-of-every-length",
        title: "Packets in frames whose own length takes one, two and eight octets get through.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            // With their fixed headers 72, 125, 126, 65,535, 65,536 and 100,004 octets.
            for size in [70, 123, 124, 65_531, 65_532, 100_000] {
                large(stage, size, |octets| vec![Frame::binary(octets)])?;
            }
            Ok(())
        },
    },
    Case {
        address: "websocket/a-large-packet-in-many-frames",
        title: "A packet of 200,000 octets in two hundred frames gets through.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| large(stage, 200_000, |octets| messages(octets, 1_000)),
    },
];

/// Messages of so many octets each.
fn messages(octets: &[u8], size: usize) -> Vec<Frame> {
    octets.chunks(size).map(Frame::binary).collect()
}

/// Connects, subscribes, publishes and leaves, in frames that `cut` makes.
fn in_frames(stage: &Stage<'_>, cut: fn(&[u8]) -> Vec<Frame>) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut peer = stage.websocket("a")?;
    peer.send_frames(cut(&stage.clean("a").octets()))?;
    peer.expect_accepted()?;
    let stream: [Packet; 4] = [
        Subscribe::new(1).filter(topic.as_str(), 0).into(),
        Publish::qos1(2, topic.as_str(), "one").into(),
        Publish::qos1(3, topic.as_str(), "two").into(),
        Packet::Pingreq,
    ];
    let octets: Vec<_> = stream.iter().flat_map(Octets::octets).collect();
    peer.send_frames(cut(&octets))?;
    peer.expect_suback(1)?;
    peer.expect_puback(2)?;
    peer.expect_puback(3)?;
    peer.expect_pingresp()?;
    for payload in ["one", "two"] {
        peer.expect_message(&Delivery::on(topic.as_str()).payload(payload))?;
    }
    peer.send_frames(cut(&Packet::Disconnect.octets()))
}

/// Publishes a packet of so many octets after its fixed header, in frames that `cut` makes.
fn large(
    stage: &Stage<'_>,
    length: usize,
    cut: impl FnOnce(&[u8]) -> Vec<Frame>,
) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut client: Peer = stage.websocket_client("a")?;
    client.subscribe(&topic, 0)?;
    let payload: Vec<u8> = (0..=u8::MAX).cycle().take(length - 2 - topic.len()).collect();
    let publish = Publish::qos0(topic.as_str(), payload.as_slice());
    client.send_frames(cut(&publish.octets()))?;
    client.expect_message(&Delivery::on(topic).payload(payload))?;
    client.disconnect()
}
