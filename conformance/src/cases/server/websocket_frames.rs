//! 6: the frames that MQTT travels in.
//!
//! Binary data both ways, and a close for every other kind of data. Ping, pong and close are no
//! data. That everything from the subject is binary is looked at in every case over WebSocket.
//!
//! Frames that RFC 6455 itself forbids are no matter of MQTT: what comes of them is reported.
//!
//! Clauses: [MQTT-6.0.0-1], [MQTT-3.1.2-8], [MQTT-3.14.4-3].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::websocket::Frame;
use crate::wire::{Octets, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "websocket/all-comes-in-binary-frames",
        title: "Every kind of packet that a Server sends comes in binary frames.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.websocket_client("a")?;
            let granted = client.subscribe(&topic, 2)?;
            for (qos, payload) in
                [(0, "zero"), (1, "one"), (2, "two")].into_iter().take(1 + usize::from(granted))
            {
                match qos {
                    0 => client.publish_qos0(topic.as_str(), payload)?,
                    1 => client.publish_qos1(topic.as_str(), payload)?,
                    _ => client.publish_qos2(topic.as_str(), payload)?,
                }
                client.expect_message(&Delivery::on(topic.as_str()).payload(payload))?;
            }
            client.unsubscribe(&topic)?;
            client.send(Packet::Pingreq)?;
            client.expect_pingresp()
        },
    },
    Case {
        address: "websocket/connect-in-a-text-frame-closes",
        title: "A CONNECT in a text frame closes the connection, without a CONNACK.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let mut peer = stage.websocket("a")?;
            // All its octets are below 128, so that the text is UTF-8 as text has to be.
            peer.send_invalid_frames([Frame::text(stage.clean("a").octets())])?;
            peer.expect_closed()
        },
    },
    Case {
        address: "websocket/text-frame-closes",
        title: "A PUBLISH in a text frame closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let publish = Publish::qos0(stage.topic("t"), "text").octets();
            closes(stage, [Frame::text(publish)])
        },
    },
    Case {
        address: "websocket/text-that-is-no-packet-closes",
        title: "A text frame that holds no packet closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| closes(stage, [Frame::text("hello")]),
    },
    Case {
        address: "websocket/empty-text-frame-closes",
        title: "A text frame without an octet in it closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| closes(stage, [Frame::text("")]),
    },
    Case {
        address: "websocket/text-in-fragments-closes",
        title: "A text message of several frames closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let publish = Publish::qos0(stage.topic("t"), "text").octets();
            closes(stage, Frame::fragments(Frame::TEXT, &publish, 4))
        },
    },
    Case {
        address: "websocket/reserved-data-frame-closes",
        title: "A data frame of a type that has no meaning yet closes the connection.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| closes(stage, [Frame::new(3, Packet::Pingreq.octets())]),
    },
    Case {
        address: "websocket/control-frames-are-no-data",
        title: "Pings, and pongs that nobody asked for, between packets leave the connection open.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let mut peer = stage.websocket("a")?;
            peer.send_frames([Frame::ping(""), Frame::pong("unasked")])?;
            let (mut client, _) = stage.connect_on(peer, stage.clean("a"))?;
            client.send_frames([Frame::ping("there?"), Frame::pong("")])?;
            client.send(Packet::Pingreq)?;
            client.expect_pingresp()?;
            let answer = Frame::pong("there?").unmasked();
            // Nothing says in which order, so that what has not come may be on its way.
            if client.control_frames().contains(&answer) {
                stage.observe("websocket-ping-before-a-pingreq", "answered before it");
            }
            Ok(())
        },
    },
    Case {
        address: "websocket/text-frame-publishes-the-will",
        title: "The Will of a Client that is cut off for a text frame is published.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.websocket_client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let connect = stage.clean("a").will(topic.as_str(), "gone", 0, false);
            let (mut client, _) = stage.connect_on(stage.websocket("a")?, connect)?;
            client.send_invalid_frames([Frame::text("hello")])?;
            client
                .expect_closed()
                .map_err(|finding| finding.while_preparing("be cut off for a text frame"))?;
            watcher.expect_message(&Delivery::on(topic).payload("gone"))?;
            Ok(())
        },
    },
    Case {
        address: "websocket/close-frame-publishes-the-will",
        title: "The Will of a Client that closes its WebSocket without a DISCONNECT is published.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.websocket_client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            // As when all is done, and as when a page is left.
            for status in [1000, 1001] {
                let payload = status.to_string();
                let connect = stage.clean("a").will(topic.as_str(), payload.as_str(), 0, false);
                let (mut client, _) = stage.connect_on(stage.websocket("a")?, connect)?;
                client.send_frames([Frame::close(status)])?;
                client.expect_closed_eventually().map_err(|finding| {
                    finding.while_preparing("see the WebSocket closed from the other side too")
                })?;
                watcher.expect_message(&Delivery::on(topic.as_str()).payload(payload))?;
            }
            Ok(())
        },
    },
    Case {
        address: "websocket/close-frame-after-disconnect-discards-the-will",
        title: "A Client that leaves by DISCONNECT and then a close frame leaves no Will behind.",
        statements: &["MQTT-3.14.4-3", "MQTT-3.1.2-10"],
        level: Level::Must,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.websocket_client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let connect = stage.clean("a").will(topic.as_str(), "unwanted", 0, false);
            let (mut client, _) = stage.connect_on(stage.websocket("a")?, connect)?;
            client.send_frames([Frame::binary(Packet::Disconnect.octets()), Frame::close(1000)])?;
            client.expect_closed_eventually().map_err(|finding| {
                finding.while_preparing("see the WebSocket closed from the other side too")
            })?;
            watcher.expect_no_message(&mut stage.websocket_client("b")?, &topic, 0)
        },
    },
    Case {
        address: "websocket/message-in-a-text-frame",
        title: "Whether a message in the text frame that closes the connection is passed on.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Observe,
        needs: &[Need::WebSocket],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.websocket_client("s")?;
            subscriber.subscribe(&topic, 0)?;
            let mut client = stage.websocket_client("a")?;
            let publish = Publish::qos0(topic.as_str(), "text").octets();
            client.send_invalid_frames([Frame::text(publish)])?;
            client.expect_closed()?;
            let mut publisher = stage.websocket_client("b")?;
            let messages = subscriber.until_sentinel(&mut publisher, &topic, 0)?;
            let outcome = if messages.is_empty() { "dropped" } else { "passed on" };
            stage.observe("message-in-a-text-frame", outcome);
            Ok(())
        },
    },
    Case {
        address: "websocket/broken-frames",
        title: "What comes of frames that no Client of WebSocket may send.",
        statements: &["MQTT-6.0.0-1"],
        level: Level::Observe,
        needs: &[Need::WebSocket],
        run: |stage| {
            let pingreq = || Frame::binary(Packet::Pingreq.octets());
            for (what, frame) in [
                ("unmasked-frame", pingreq().unmasked()),
                ("frame-with-a-reserved-bit", pingreq().with_reserved(4)),
                ("continuation-of-nothing", Frame::continuation(Packet::Pingreq.octets())),
                ("ping-frame-in-pieces", Frame::ping("").begun()),
                ("ping-frame-of-126-octets", Frame::ping([b'x'; 126])),
                ("control-frame-of-a-reserved-type", Frame::new(11, "")),
            ] {
                let mut client = stage.websocket_client("a")?;
                client.send_invalid_frames([frame])?;
                let outcome = match client.goes_on() {
                    Ok(true) => "goes on".to_owned(),
                    Ok(false) => "closes".to_owned(),
                    // Who is sent such a frame and sends one back breaks RFC 6455, and nothing here.
                    Err(Finding::Fail(breach)) => format!("answers by {}", breach.seen),
                    Err(finding) => return Err(finding),
                };
                stage.observe(what, outcome);
            }
            Ok(())
        },
    },
];

/// Connects, sends frames of which one is not binary data, and expects the end.
fn closes(stage: &Stage<'_>, frames: impl IntoIterator<Item = Frame>) -> Result<(), Finding> {
    let mut client = stage.websocket_client("a")?;
    client.send_invalid_frames(frames)?;
    client.expect_closed()
}
