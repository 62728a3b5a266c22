//! 3.14 DISCONNECT.
//!
//! A Server that minds the flags or the length of DISCONNECT and one that does not both close: what
//! tells them apart is the Will, and whether it is due then is not settled, so that is reported.
//!
//! Clauses: [MQTT-3.14.1-1], [MQTT-3.14.4-3], [U-3.14-1], [U-3.14.2-1], [U-3.14.3-1], [U-3.14.4-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Framed, Octets, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "disconnect/discards-the-will",
        title: "A Client that leaves by DISCONNECT leaves no Will behind.",
        statements: &["MQTT-3.14.4-3", "MQTT-3.1.2-10"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let connect = stage.clean("a").will(topic.as_str(), "unwanted", 0, false);
            stage.connect(connect)?.disconnect()?;
            watcher.expect_no_message(&mut stage.client("b")?, &topic, 0)
        },
    },
    Case {
        address: "disconnect/right-behind-connect-discards-the-will",
        title: "A DISCONNECT in one write with its CONNECT leaves no Will behind.",
        statements: &["MQTT-3.14.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let connect = stage.clean("a").will(topic.as_str(), "unwanted", 0, false);
            let mut hasty = stage.peer("a")?;
            hasty.send(connect.then(Packet::Disconnect))?;
            hasty
                .expect_accepted()
                .map_err(|finding| finding.while_preparing("connect and leave at once"))?;
            hasty.drop_connection()?;
            watcher.expect_no_message(&mut stage.client("b")?, &topic, 0)
        },
    },
    Case {
        address: "disconnect/discards-a-retained-will",
        title: "A Client that leaves by DISCONNECT leaves no Will retained.",
        statements: &["MQTT-3.14.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let connect = stage.clean("a").will(topic.as_str(), "unwanted", 1, true);
            stage.connect(connect)?.disconnect()?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            late.expect_no_message(&mut stage.client("b")?, &topic, 1)
        },
    },
    Case {
        address: "disconnect/server-closes",
        title: "After a DISCONNECT the Server closes the connection, if the Client does not.",
        statements: &["U-3.14.4-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Packet::Disconnect)?;
            client.expect_closed()
        },
    },
    Case {
        address: "disconnect/wrong-flags-close",
        title: "A DISCONNECT with flags closes the connection.",
        statements: &["MQTT-3.14.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            (1..16).try_for_each(|flags| {
                closes(stage, Packet::Disconnect.with_first_byte(0xe0 | flags))
            })
        },
    },
    Case {
        address: "disconnect/with-a-body-closes",
        title: "A DISCONNECT with octets behind its fixed header closes the connection.",
        statements: &["U-3.14.2-1", "U-3.14.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Packet::Disconnect.append(&[0])),
    },
    Case {
        address: "disconnect/will-after-wrong-flags",
        title: "Whether the Will is published after a DISCONNECT with flags.",
        statements: &["MQTT-3.14.1-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let outcome = will_after(stage, Packet::Disconnect.with_first_byte(0xe1))?;
            stage.observe("will-after-disconnect-with-wrong-flags", outcome);
            Ok(())
        },
    },
    Case {
        address: "disconnect/will-after-a-body",
        title: "Whether the Will is published after a DISCONNECT with a body.",
        statements: &["U-3.14.2-1", "U-3.14.3-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let outcome = will_after(stage, Packet::Disconnect.append(&[0]))?;
            stage.observe("will-after-disconnect-with-a-body", outcome);
            Ok(())
        },
    },
    Case {
        address: "disconnect/nothing-after-it-is-acted-on",
        title: "A PUBLISH in one write behind a DISCONNECT reaches nobody.",
        statements: &["U-3.14-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut talkative = stage.client("a")?;
            let late = Publish::qos1(9, topic.as_str(), "unwanted");
            talkative.send(Packet::Disconnect.then(late))?;
            talkative.drop_connection()?;
            subscriber.expect_no_message(&mut stage.client("b")?, &topic, 1)
        },
    },
    Case {
        address: "disconnect/message-right-before",
        title: "Whether a message of QoS 1 in one write with a DISCONNECT is passed on.",
        statements: &["U-3.3.5-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut hasty = stage.client("a")?;
            hasty.send(Publish::qos1(9, topic.as_str(), "last").then(Packet::Disconnect))?;
            hasty.drop_connection()?;
            let messages = subscriber.until_sentinel(&mut stage.client("b")?, &topic, 1)?;
            let outcome = if messages.is_empty() { "lost" } else { "passed on" };
            stage.observe("message-of-qos-1-right-before-a-disconnect", outcome);
            Ok(())
        },
    },
];

fn closes(stage: &Stage<'_>, disconnect: impl Octets) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(disconnect)?;
    client.expect_closed()
}

fn will_after(stage: &Stage<'_>, disconnect: impl Octets) -> Result<&'static str, Finding> {
    let topic = stage.topic("will");
    let mut watcher = stage.client("watcher")?;
    watcher.subscribe(&topic, 0)?;
    let connect = stage.clean("a").will(topic.as_str(), "will", 0, false);
    let mut client = stage.connect(connect)?;
    client.send_invalid(disconnect)?;
    client.expect_closed()?;
    let messages = watcher.until_sentinel(&mut stage.client("b")?, &topic, 0)?;
    Ok(if messages.is_empty() { "discarded" } else { "published" })
}
