//! 6: how a client speaks over WebSocket.

use super::prelude::*;
use crate::websocket::Frame;
use crate::wire::Octets as _;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "client-websocket/offers-mqtt",
        title: "A client that opens a WebSocket offers the subprotocol mqtt.",
        statements: &["MQTT-6.0.0-3"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            stage.over_websocket()?;
            let peer = stage.dial(&stage.clean("first"))?;
            drop(peer);
            let offers = stage.offers();
            match offers.iter().any(|offer| offer == "mqtt") {
                true => Ok(()),
                false => Err(Finding::fail("mqtt among the subprotocols", format!("{offers:?}"))),
            }
        },
    },
    ClientCase {
        address: "client-websocket/any-uri",
        title: "A client speaks the same under whatever URI it opens the WebSocket.",
        statements: &["U-6-1"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            stage.over_websocket_at(ELSEWHERE)?;
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            if stage.asked_path() != Some(ELSEWHERE) {
                let asked = format!("the client asks for {:?}", stage.asked_path());
                return Err(Finding::inconclusive(asked));
            }
            peer.send(Publish::qos1(7, topic, "elsewhere"))?;
            peer.expect_puback(7)
        },
    },
    ClientCase {
        address: "client-websocket/all-comes-in-binary-frames",
        title: "What a client sends over a WebSocket comes in binary frames.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Ability::WebSocket, Ability::Publish, Ability::Sequence],
        run: |stage| {
            stage.over_websocket()?;
            let topic = stage.topic("t");
            let mut peer = stage.client()?;
            for (qos, payload) in [(0, "zero"), (1, "one"), (2, "two")] {
                stage.publish(&topic, payload, qos)?;
                let publish =
                    peer.expect_publish(&Delivery::on(topic.as_str()).payload(payload))?;
                peer.acknowledge(&publish)?;
            }
            peer.client_fence(&stage.topic("own")).map(drop)
        },
    },
    ClientCase {
        address: "client-websocket/packets-in-pieces",
        title: "A packet of which each octet comes in a frame of its own is taken like any other.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            let (mut peer, topic) = settled(stage)?;
            let octets = Publish::qos1(7, topic.as_str(), "in pieces").octets();
            peer.send_frames(octets.into_iter().map(|octet| Frame::binary([octet])))?;
            peer.expect_puback(7)
        },
    },
    ClientCase {
        address: "client-websocket/packets-across-frames",
        title: "A frame with two packets and the beginning of a third is taken, and the rest in the next.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            let (mut peer, topic) = settled(stage)?;
            let publish = |id| Publish::qos1(id, topic.as_str(), id.to_string()).octets();
            let (mut first, mut third) = (publish(1), publish(3));
            let rest = third.split_off(5);
            first.extend(publish(2));
            first.extend(third);
            peer.send_frames([Frame::binary(first), Frame::binary(rest)])?;
            (1..=3).try_for_each(|id| peer.expect_puback(id))
        },
    },
    ClientCase {
        address: "client-websocket/packet-in-fragments",
        title: "A packet in a message of several frames is taken like any other.",
        statements: &["MQTT-6.0.0-2"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            let (mut peer, topic) = settled(stage)?;
            let octets = Publish::qos1(7, topic.as_str(), "in fragments").octets();
            peer.send_frames(Frame::fragments(Frame::BINARY, &octets, 3))?;
            peer.expect_puback(7)
        },
    },
    ClientCase {
        address: "client-websocket/text-frame-closes",
        title: "A PUBLISH in a text frame closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            let (mut peer, topic) = settled(stage)?;
            peer.send_invalid_frames([Frame::text(Publish::qos0(topic, "text").octets())])?;
            peer.expect_client_closes()
        },
    },
    ClientCase {
        address: "client-websocket/connack-in-a-text-frame-closes",
        title: "A CONNACK in a text frame closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Ability::WebSocket],
        run: |stage| {
            stage.over_websocket()?;
            let (mut peer, _) = stage.greeted(&stage.clean("first"))?;
            let connack = Packet::from(Connack::accepted(false)).octets();
            peer.send_invalid_frames([Frame::text(connack)])?;
            peer.expect_client_closes()?;
            // It closes nothing by habit.
            let mut peer = stage.connected(&stage.clean("second"))?;
            peer.client_fence(&stage.topic("own")).map(drop)
        },
    },
];

/// A client that is connected over a WebSocket and at rest, and a topic to send it messages on.
fn settled(stage: &mut ClientStage<'_>) -> Result<(Peer, String), Finding> {
    stage.over_websocket()?;
    let (mut peer, topic) = (stage.client()?, stage.topic("own"));
    peer.client_fence(&topic)?;
    Ok((peer, topic))
}

/// A path that nobody has by habit.
const ELSEWHERE: &str = "/some/where/else?with=a&query";
