//! What users of brokers have reported, where no other case comes to its point.
//!
//! `corpus/` has the reports, with their links. A case belongs here when it is the particular
//! circumstance that brought a bug to light: a publisher that came back in between, two filters of
//! which one is the beginning of the other, a subscriber who took a connection over.
//!
//! Clauses: [MQTT-3.1.2-8], [MQTT-3.1.4-2], [MQTT-3.3.1-6], [MQTT-3.3.2-3], [MQTT-3.8.4-6],
//! [MQTT-4.3.3-2], [MQTT-4.5.0-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "takeover/the-newer-one-can-subscribe",
        title: "Who takes over a connection can subscribe to what the older one had, and receives it.",
        statements: &["MQTT-4.5.0-1", "MQTT-3.1.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut older = stage.client("same")?;
            older.subscribe(&topic, 1)?;
            let mut newer = stage.client("same")?;
            older.expect_closed_eventually()?;
            newer.subscribe(&topic, 1)?;
            // The end of the older one must not take the newer one with it.
            newer.fence()?;
            stage.client("p")?.publish_qos1(topic.as_str(), "for the newer")?;
            newer.expect_message(&Delivery::on(topic).payload("for the newer"))?;
            Ok(())
        },
    },
    Case {
        address: "matching/filter-beside-a-longer-one",
        title: "Of two filters, one of them the beginning of the other, each brings its messages.",
        statements: &["MQTT-4.5.0-1", "U-4.7.1.3-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let mut client = stage.client("s")?;
            let mut publisher = stage.client("p")?;
            client.subscribe(&stage.topic("house/+/room"), 1)?;
            client.subscribe(&stage.topic("house/+/room/+"), 1)?;
            for name in ["house/1/room", "house/1/room/bed"] {
                let topic = stage.topic(name);
                publisher.publish_qos1(topic.as_str(), name)?;
                client.expect_message(&Delivery::on(topic).payload(name))?;
            }
            Ok(())
        },
    },
    Case {
        address: "retain/nothing-that-the-filter-does-not-match",
        title: "A new subscription brings no retained message that its filter does not match.",
        statements: &["MQTT-3.3.1-6", "MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let (kept, other) = (stage.topic("kept"), stage.topic("other"));
            stage.client("p")?.complete(Publish::qos1(1, kept, "kept").retain())?;
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&other, 1)?;
            match subscriber.until_own_sentinel(&other, 1)?.first() {
                None => Ok(()),
                Some(message) => Err(Finding::fail("no message", message)),
            }
        },
    },
    Case {
        address: "retain/hash-alone-brings-them",
        title: "A subscription to # brings retained messages as any other wildcard does.",
        statements: &["MQTT-3.3.1-6"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::Wildcards],
        run: |stage| {
            let topic = stage.topic("a/b");
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.client("s")?;
            subscriber.hear_only(stage.topics());
            subscriber.subscribe("#", 0)?;
            let kept = Delivery::on(topic).payload("kept").retain(true);
            subscriber.expect_message(&kept).map(|_| ())
        },
    },
    Case {
        address: "retain/qos-2-by-a-plus-filter-at-qos-0",
        title: "A retained message of QoS 2 reaches a subscription with + of QoS 0 at QoS 0.",
        statements: &["MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::Wildcards],
        run: |stage| retained_at_qos_0(stage, "a/+"),
    },
    Case {
        address: "retain/qos-2-by-a-hash-filter-at-qos-0",
        title: "A retained message of QoS 2 reaches a subscription with # of QoS 0 at QoS 0.",
        statements: &["MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::Wildcards],
        run: |stage| retained_at_qos_0(stage, "a/#"),
    },
    Case {
        address: "retain/qos-2-is-delivered-to-the-end",
        title: "The exchange that brings a retained message of QoS 2 goes on to its PUBCOMP.",
        statements: &["MQTT-4.3.3-1", "MQTT-3.3.1-5"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            stage.client("p")?.complete(Publish::qos2(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 2)?;
            let kept = Delivery::on(topic).payload("kept").qos(2).retain(true);
            let message = subscriber.expect_publish(&kept)?;
            let Some(id) = message.id else { return Err(Finding::fail("an identifier", message)) };
            subscriber.send(Packet::Pubrec(id))?;
            subscriber.expect_pubrel(id)?;
            subscriber.send(Packet::Pubcomp(id))?;
            subscriber.fence().map(|_| ())
        },
    },
    Case {
        address: "will/qos-2-reaches-subscriptions-of-qos-0",
        title: "A Will of QoS 2 is published, also to who is subscribed at QoS 0.",
        statements: &["MQTT-3.1.2-8", "MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut onlooker = stage.client("o")?;
            onlooker.subscribe(&topic, 0)?;
            let mortal = stage.clean("m").will(topic.as_str(), "lost", 2, false);
            stage.connect(mortal)?.drop_connection()?;
            onlooker.expect_message(&Delivery::on(topic).payload("lost").qos(0)).map(|_| ())
        },
    },
    Case {
        address: "qos2/released-after-reconnect-keeps-its-qos",
        title: "A message of QoS 2 that is released on a later connection goes on at its QoS.",
        statements: &["MQTT-4.3.3-2", "MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 2)?;
            release_later(stage, Publish::qos2(7, topic.as_str(), "late"))?;
            subscriber.expect_message(&Delivery::on(topic).payload("late").qos(2)).map(|_| ())
        },
    },
    Case {
        address: "qos2/released-after-reconnect-is-retained",
        title: "A message of QoS 2 that is released on a later connection is retained, if it is to be.",
        statements: &["MQTT-4.3.3-2", "MQTT-3.3.1-5"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher =
                release_later(stage, Publish::qos2(7, topic.as_str(), "late").retain())?;
            // What it publishes now is behind the message that was released.
            publisher.fence()?;
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 0)?;
            let kept = Delivery::on(topic).payload("late").retain(true);
            subscriber.expect_message(&kept).map(|_| ())
        },
    },
];

fn retained_at_qos_0(stage: &Stage<'_>, filter: &str) -> Result<(), Finding> {
    let topic = stage.topic("a/b");
    stage.client("p")?.complete(Publish::qos2(1, topic.as_str(), "kept").retain())?;
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&stage.topic(filter), 0)?;
    subscriber.expect_message(&Delivery::on(topic).payload("kept").qos(0)).map(|_| ())
}

/// Publishes at QoS 2 on one connection of a Session, under the identifier 7, and releases the
/// message on the next.
fn release_later(stage: &Stage<'_>, publish: Publish) -> Result<Peer, Finding> {
    let mut publisher = stage.connect(stage.persistent("p"))?;
    publisher.send(publish)?;
    publisher.expect_pubrec(7).map_err(|finding| finding.while_preparing("publish at QoS 2"))?;
    publisher.drop_connection()?;
    let mut publisher = stage.resume("p")?;
    publisher.send(Packet::Pubrel(7))?;
    publisher
        .expect_pubcomp(7)
        .map_err(|finding| finding.while_preparing("release the message"))?;
    Ok(publisher)
}
