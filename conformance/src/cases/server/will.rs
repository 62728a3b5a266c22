//! 3.1.2.5 When the Will is published, and when it is not.
//!
//! Any end of the connection but a DISCONNECT makes the Will due. When within that end it comes
//! is open, so the cases wait for it and look for a second one only behind a later message.
//!
//! Clauses: [MQTT-3.1.2-8], [MQTT-3.1.2-10], [MQTT-3.1.2-12], U-3.1.2.5-1, U-3.1.2.5-3.
//! Not here: an expired Keep Alive, in `keep_alive`; what the Will consists of, in
//! `will_message`; the form of its fields, in `connect_form`.

use std::time::{Duration, Instant};

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Framed, Octets, Packet, Publish, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "will/published-when-the-connection-drops",
        title: "The Will is published when the connection ends without a DISCONNECT.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| published_after(stage, |_, client| client.drop_connection()),
    },
    Case {
        address: "will/published-when-the-connection-is-reset",
        title: "The Will is published when the connection is reset.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            published_after(stage, |_, client| {
                client.reset();
                Ok(())
            })
        },
    },
    Case {
        address: "will/published-when-the-connection-ends-within-a-packet",
        title: "The Will is published when the connection ends in the middle of a packet.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            published_after(stage, |stage, mut client| {
                let half = Publish::qos0(stage.topic("t"), "never complete").octets();
                client.send_part(&half[..half.len() / 2])?;
                client.drop_connection()
            })
        },
    },
    Case {
        address: "will/published-after-a-second-connect",
        title: "The Will is published when a second CONNECT ends the connection.",
        statements: &["MQTT-3.1.2-8", "U-3.1.2.5-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            published_after(stage, |stage, mut client| {
                client.send_out_of_place(stage.clean("a"))?;
                has_closed(client)
            })
        },
    },
    Case {
        address: "will/published-after-a-reserved-type",
        title: "The Will is published when a packet of a reserved type ends the connection.",
        statements: &["MQTT-3.1.2-8", "U-3.1.2.5-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| published_after(stage, |_, client| closed_over(client, [0xf0, 0])),
    },
    Case {
        address: "will/published-after-ill-formed-text",
        title: "The Will is published when ill-formed text ends the connection.",
        statements: &["MQTT-3.1.2-8", "U-3.1.2.5-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            published_after(stage, |stage, client| {
                let topic = [stage.topic("t").as_bytes(), b"\xff"].concat();
                closed_over(client, Publish::qos0(topic, "x"))
            })
        },
    },
    Case {
        address: "will/published-after-qos-3",
        title: "The Will is published when a PUBLISH of QoS 3 ends the connection.",
        statements: &["MQTT-3.1.2-8", "U-3.1.2.5-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            published_after(stage, |stage, client| {
                let publish = Publish::qos2(1, stage.topic("t"), "x");
                closed_over(client, publish.with_first_byte(0x36))
            })
        },
    },
    Case {
        address: "will/published-after-wrong-flags",
        title: "The Will is published when wrong flags end the connection.",
        statements: &["MQTT-3.1.2-8", "U-3.1.2.5-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            published_after(stage, |stage, client| {
                let subscribe = Subscribe::new(1).filter(stage.topic("t"), 0);
                closed_over(client, subscribe.with_first_byte(0x80))
            })
        },
    },
    Case {
        address: "will/published-after-a-takeover",
        title: "The Will is published when another connection takes the Client Identifier.",
        statements: &["MQTT-3.1.2-8", "MQTT-3.1.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let mut older = with_will(stage, &topic, "of the older")?;
            let newer = with_will(stage, &topic, "of the newer")?;
            older.expect_closed().map_err(|f| f.while_preparing("be displaced"))?;
            watcher.expect_message(&Delivery::on(topic.as_str()).payload("of the older"))?;
            newer.drop_connection()?;
            watcher.expect_message(&Delivery::on(topic.as_str()).payload("of the newer"))?;
            watcher.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
    Case {
        address: "will/published-of-a-kept-session",
        title: "The Will is published of a Client with Clean Session 0 too.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let connect = stage.persistent("a").will(topic.as_str(), "lost", 0, false);
            stage.connect(connect)?.drop_connection()?;
            watcher.expect_message(&Delivery::on(topic).payload("lost"))?;
            Ok(())
        },
    },
    Case {
        address: "will/published-promptly",
        title: "The Will is published within a second of the end of the connection.",
        statements: &["U-3.1.2.5-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let client = with_will(stage, &topic, "lost")?;
            let begin = Instant::now();
            client.reset();
            watcher
                .expect_message(&Delivery::on(topic).payload("lost"))
                .map_err(|finding| finding.while_preparing("have the Will published"))?;
            match begin.elapsed() {
                soon if soon < Duration::from_secs(1) => Ok(()),
                late => Err(Finding::fail("the Will at once", format!("{} ms", late.as_millis()))),
            }
        },
    },
    Case {
        address: "will/published-once",
        title: "The Will is published once, and not again when the Client comes back and is lost.",
        statements: &["MQTT-3.1.2-10", "MQTT-3.1.2-12"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let connect = stage.persistent("a").will(topic.as_str(), "lost", 0, false);
            stage.connect(connect)?.drop_connection()?;
            watcher
                .expect_message(&Delivery::on(topic.as_str()).payload("lost"))
                .map_err(|finding| finding.while_preparing("have the Will published"))?;
            stage.connect(stage.persistent("a"))?.drop_connection()?;
            watcher.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
    Case {
        address: "will/removed-by-disconnect",
        title: "DISCONNECT removes the Will, also for later connections of the Client.",
        statements: &["MQTT-3.1.2-10", "MQTT-3.1.2-12"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let connect = stage.persistent("a").will(topic.as_str(), "unwanted", 0, false);
            stage.connect(connect)?.disconnect()?;
            stage.connect(stage.persistent("a"))?.drop_connection()?;
            watcher.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
    Case {
        address: "will/removed-by-disconnect-right-behind-connect",
        title: "DISCONNECT removes the Will also when it comes in one write with CONNECT.",
        statements: &["MQTT-3.1.2-10"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let connect = stage.clean("a").will(topic.as_str(), "unwanted", 0, false);
            let mut peer = stage.peer("a")?;
            peer.send(connect.then(Packet::Disconnect))?;
            peer.drop_connection()?;
            watcher.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
    Case {
        address: "will/none-without-the-flag",
        title: "Nothing is published when a connection without a Will is lost.",
        statements: &["MQTT-3.1.2-12"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            stage.client("a")?.drop_connection()?;
            watcher.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
    Case {
        address: "will/of-the-latest-connect",
        title: "Each connection has the Will of its own CONNECT.",
        statements: &["MQTT-3.1.2-8", "MQTT-3.1.2-10"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            with_will(stage, &topic, "of before")?.disconnect()?;
            with_will(stage, &topic, "of now")?.drop_connection()?;
            watcher.expect_message(&Delivery::on(topic).payload("of now"))?;
            Ok(())
        },
    },
    Case {
        address: "will/none-of-a-refused-connect",
        title: "The Will of a CONNECT that was refused is not published.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = watcher(stage, &topic)?;
            let connect = stage.clean("a").will(topic.as_str(), "unwanted", 0, false);
            let mut peer = stage.peer("a")?;
            peer.send_invalid(connect.level(100))?;
            peer.expect_closed_eventually().map_err(|f| f.while_preparing("be refused"))?;
            watcher.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
];

/// A Client that hears what is published on this topic.
fn watcher(stage: &Stage<'_>, topic: &str) -> Result<Peer, Finding> {
    let mut watcher = stage.client("watcher")?;
    watcher.subscribe(topic, 0)?;
    Ok(watcher)
}

/// The Client of these cases, with this for its Will.
fn with_will(stage: &Stage<'_>, topic: &str, message: &str) -> Result<Peer, Finding> {
    stage.connect(stage.clean("a").will(topic, message, 0, false))
}

/// Ends a connection in the way given, and expects its Will.
fn published_after(
    stage: &Stage<'_>,
    end: impl FnOnce(&Stage<'_>, Peer) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let topic = stage.topic("will");
    let mut watcher = watcher(stage, &topic)?;
    let client = with_will(stage, &topic, "lost")?;
    end(stage, client)?;
    watcher.expect_message(&Delivery::on(topic).payload("lost"))?;
    Ok(())
}

/// Sends a packet over which the subject closes; that it does is judged elsewhere.
fn closed_over(mut client: Peer, packet: impl Octets) -> Result<(), Finding> {
    client.send_invalid(packet)?;
    has_closed(client)
}

/// Waits for the subject to close the connection; that it does is judged elsewhere.
fn has_closed(mut client: Peer) -> Result<(), Finding> {
    client
        .expect_closed_eventually()
        .map_err(|finding| finding.while_preparing("have the connection closed"))
}
