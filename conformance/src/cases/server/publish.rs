//! 3.3 PUBLISH: what a Server answers, and whom it passes the message on to.
//!
//! The answers are asked for without a subscriber, so that they are those to the publisher alone.
//!
//! Clauses: [MQTT-3.3.4-1], [U-3.3.5-2], with the Packet Identifiers of [MQTT-2.3.1-6]. Not here:
//! flags, Topic Names, payloads, overlapping subscriptions, and [MQTT-3.3.5-2], which needs
//! access rules.

use crate::case::{Case, Level};
use crate::peer::Delivery;
use crate::wire::{Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "publish/qos-0-is-not-answered",
        title: "A PUBLISH of QoS 0 gets no answer.",
        statements: &["MQTT-3.3.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.publish_qos0(stage.topic("t"), "0")?;
            client.expect_nothing()
        },
    },
    Case {
        address: "publish/qos-1-gets-a-puback",
        title: "A PUBLISH of QoS 1 gets a PUBACK with its Packet Identifier.",
        statements: &["MQTT-3.3.4-1", "MQTT-2.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in IDS {
                client.send(Publish::qos1(id, stage.topic("t"), "1"))?;
                client.expect_puback(id)?;
            }
            client.expect_nothing()
        },
    },
    Case {
        address: "publish/qos-2-gets-a-pubrec-and-a-pubcomp",
        title: "A PUBLISH of QoS 2 gets a PUBREC, its PUBREL a PUBCOMP, of the same identifier.",
        statements: &["MQTT-3.3.4-1", "MQTT-2.3.1-6", "U-3.7.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in IDS {
                client.send(Publish::qos2(id, stage.topic("t"), "2"))?;
                client.expect_pubrec(id)?;
                client.send(Packet::Pubrel(id))?;
                client.expect_pubcomp(id)?;
            }
            client.expect_nothing()
        },
    },
    Case {
        address: "publish/reaches-every-subscriber",
        title: "A message reaches each Client that has a subscription which matches.",
        statements: &["U-3.3.5-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscribers = ["s1", "s2", "s3"].map(|label| stage.client(label));
            for subscriber in &mut subscribers {
                subscriber.as_mut().map_err(|finding| finding.clone())?.subscribe(&topic, 1)?;
            }
            stage.client("p")?.publish_qos1(topic.as_str(), "to all")?;
            for subscriber in subscribers {
                subscriber?.expect_message(&Delivery::on(topic.as_str()).payload("to all"))?;
            }
            Ok(())
        },
    },
    Case {
        address: "publish/reaches-its-own-publisher",
        title: "A message reaches its publisher too, if that has a subscription which matches.",
        statements: &["U-3.3.5-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.publish_qos1(topic.as_str(), "to me")?;
            client.expect_message(&Delivery::on(topic).payload("to me"))?;
            Ok(())
        },
    },
];

/// Packet Identifiers of either octet alone and of both.
const IDS: [u16; 4] = [1, 255, 256, 65_535];
