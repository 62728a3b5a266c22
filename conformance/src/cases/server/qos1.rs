//! 4.3.2 QoS 1: at least once.
//!
//! What is sent again, and when, is in `redelivery`.
//!
//! Clauses: [MQTT-4.3.2-1] of the Server as the sender, [MQTT-4.3.2-2] of it as the receiver.

use std::collections::BTreeSet;

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Octets, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "qos1/fresh-message-has-no-dup",
        title: "A message of QoS 1 is first sent at QoS 1 and without DUP.",
        statements: &["MQTT-4.3.2-1"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 1)?;
            stage.client("p")?.publish_qos1(topic.as_str(), "fresh")?;
            let fresh = Delivery::on(topic).payload("fresh").qos(1).dup(false);
            subscriber.expect_message(&fresh)?;
            Ok(())
        },
    },
    Case {
        address: "qos1/unacknowledged-messages-have-identifiers-of-their-own",
        title: "Messages of QoS 1 that wait for their PUBACK at once differ in their identifiers.",
        statements: &["MQTT-4.3.2-1", "MQTT-2.3.1-4"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            let mut ids = BTreeSet::new();
            for number in 0..5 {
                publisher.publish_qos1(topic.as_str(), [number])?;
                // A Server may have few messages on their way at once.
                let message =
                    subscriber.expect_publish(&Delivery::on(topic.as_str()).qos(1)).map_err(
                        |finding| finding.while_preparing("have five messages on their way"),
                    )?;
                if !ids.insert(message.id) {
                    return Err(Finding::fail("an identifier not in use", message));
                }
            }
            Ok(())
        },
    },
    Case {
        address: "qos1/each-publish-gets-its-puback",
        title: "Of many messages of QoS 1 sent at once, each gets one PUBACK of its identifier.",
        statements: &["MQTT-4.3.2-2", "U-4.3.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            let ids = [1, 2, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xfffe, 0xffff];
            let burst = ids.iter().map(|&id| Publish::qos1(id, topic.as_str(), "x").octets());
            publisher.send(burst.collect::<Vec<_>>().concat())?;
            for id in ids {
                publisher.expect_puback(id)?;
            }
            publisher.expect_nothing()
        },
    },
    Case {
        address: "qos1/same-identifier-again-is-a-new-message",
        title: "After its PUBACK, a PUBLISH with the same identifier is a new message.",
        statements: &["MQTT-4.3.2-2", "U-4.3.2-2"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| twice(stage, |publish| publish),
    },
    Case {
        address: "qos1/same-identifier-again-with-dup-is-a-new-message",
        title: "After its PUBACK, a PUBLISH with the same identifier is a new message despite DUP.",
        statements: &["MQTT-4.3.2-2"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| twice(stage, Publish::dup),
    },
    Case {
        address: "qos1/first-seen-with-dup-is-delivered",
        title: "A PUBLISH of QoS 1 with DUP that the Server has never seen is acknowledged and passed on.",
        statements: &["MQTT-4.3.2-2", "MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut subscriber, mut publisher, topic) = pair(stage)?;
            publisher.send(Publish::qos1(7, topic.as_str(), "the first was lost").dup())?;
            publisher.expect_puback(7)?;
            subscriber.expect_message(&Delivery::on(topic).payload("the first was lost"))?;
            Ok(())
        },
    },
    Case {
        address: "qos1/acknowledged-without-subscribers",
        title: "A PUBLISH of QoS 1 that nobody subscribes to is acknowledged too.",
        statements: &["MQTT-4.3.2-2", "MQTT-3.3.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut publisher = stage.client("p")?;
            publisher.send(Publish::qos1(1, stage.topic("nobody"), "x"))?;
            publisher.expect_puback(1)
        },
    },
];

/// A subscriber of QoS 1, a publisher, and their topic.
fn pair(stage: &Stage<'_>) -> Result<(Peer, Peer, String), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&topic, 1)?;
    Ok((subscriber, stage.client("p")?, topic))
}

/// Publishes twice under one identifier, the second time bent, and expects both.
fn twice(stage: &Stage<'_>, bend: fn(Publish) -> Publish) -> Result<(), Finding> {
    let (mut subscriber, mut publisher, topic) = pair(stage)?;
    let publish = Publish::qos1(7, topic.as_str(), "same");
    publisher.complete(publish.clone())?;
    publisher.send(bend(publish))?;
    publisher.expect_puback(7)?;
    let messages = subscriber.until_sentinel(&mut publisher, &topic, 1)?;
    match messages.len() {
        // More of them would be a message sent again, which is no breach at QoS 1.
        2.. => Ok(()),
        copies => Err(Finding::fail("two messages", format!("{copies} of them"))),
    }
}
