//! 3.1.2.4 Clean Session 1: what is left of the Session before, and what is left of this one.
//!
//! Clauses: [MQTT-3.1.2-6], [MQTT-3.1.4-3], [MQTT-3.2.2-3].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Connack, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "clean-session/discards-the-stored-one",
        title: "A CONNECT with Clean Session 1 ends the stored Session for good.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3", "MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            stage.client("a")?.disconnect()?;
            expect_no_session(stage).map(drop)
        },
    },
    Case {
        address: "clean-session/discards-subscriptions",
        title: "A CONNECT with Clean Session 1 discards the subscriptions of the stored Session.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let (old, new) = (stage.topic("old"), stage.topic("new"));
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe(&old, 1)?;
            client.disconnect()?;

            let mut client = stage.client("a")?;
            client.subscribe(&new, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(old.as_str(), "for nobody")?;
            client.expect_no_message(&mut publisher, &new, 1)
        },
    },
    Case {
        address: "clean-session/discards-waiting-messages",
        title: "A CONNECT with Clean Session 1 gets none of the messages that were kept.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe_at(&topic, 1)?;
            client.disconnect()?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "while away")?;

            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.expect_no_message(&mut publisher, &topic, 1)
        },
    },
    Case {
        address: "clean-session/discards-unacknowledged-messages",
        title: "A CONNECT with Clean Session 1 gets none of the messages that were on their way.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "not acknowledged")?;
            client.expect_any_publish().map_err(|f| f.while_preparing("get a message"))?;
            client.drop_connection()?;

            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.expect_no_message(&mut publisher, &topic, 1)
        },
    },
    Case {
        address: "clean-session/discards-received-packet-ids",
        title: "After Clean Session 1, a Packet Identifier of QoS 2 begins a new message.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        // The Server had received the identifier, and its PUBREL never came. Were it remembered,
        // the new message would be taken for the old one.
        run: |stage| {
            let topic = stage.topic("t");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let mut client = stage.connect(stage.persistent("a"))?;
            client.send(Publish::qos2(7, topic.as_str(), "old"))?;
            client.expect_pubrec(7).map_err(|f| f.while_preparing("begin an exchange"))?;
            client.drop_connection()?;

            let mut client = stage.client("a")?;
            client.send(Publish::qos2(7, topic.as_str(), "new"))?;
            client.expect_pubrec(7)?;
            client.send(Packet::Pubrel(7))?;
            client.expect_pubcomp(7)?;
            // The old one is there or not: when it is passed on is up to the Server.
            let messages = watcher.until_sentinel(&mut client, &topic, 2)?;
            let new = Delivery::on(topic).payload("new");
            match messages.iter().filter(|message| new.is(message)).count() {
                1 => Ok(()),
                copies => Err(Finding::fail(format!("one {new}"), format!("{copies} of them"))),
            }
        },
    },
    Case {
        address: "clean-session/ends-with-its-connection",
        title: "A Session of Clean Session 1 is not there any more when Clean Session 0 comes.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            stage.client("a")?.disconnect()?;
            expect_no_session(stage).map(drop)
        },
    },
    Case {
        address: "clean-session/ends-with-a-lost-connection",
        title: "A Session of Clean Session 1 ends also when its connection is lost.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            stage.client("a")?.drop_connection()?;
            expect_no_session(stage).map(drop)
        },
    },
    Case {
        address: "clean-session/leaves-no-subscriptions",
        title: "Subscriptions of Clean Session 1 end with its connection.",
        statements: &["MQTT-3.1.2-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (old, new) = (stage.topic("old"), stage.topic("new"));
            let mut client = stage.client("a")?;
            client.subscribe(&old, 1)?;
            client.disconnect()?;

            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe(&new, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(old.as_str(), "for nobody")?;
            client.expect_no_message(&mut publisher, &new, 1)
        },
    },
    Case {
        address: "clean-session/keeps-nothing-for-an-absent-client",
        title: "No message waits for a Client that left a Session of Clean Session 1.",
        statements: &["MQTT-3.1.2-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.disconnect()?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "while away")?;

            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe(&topic, 1)?;
            client.expect_no_message(&mut publisher, &topic, 1)
        },
    },
];

/// Connects with Clean Session 0 and expects a Session that has just begun.
fn expect_no_session(stage: &Stage<'_>) -> Result<Peer, Finding> {
    let mut peer = stage.peer("a")?;
    peer.send(stage.persistent("a"))?;
    peer.expect(Connack::accepted(false))?;
    Ok(peer)
}
