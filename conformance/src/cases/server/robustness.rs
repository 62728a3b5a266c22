//! What a Server withstands: Clients that vanish or say nothing, and more than a few of anything.
//!
//! No rule has a number of its own here; each case keeps to amounts that a Server on the smallest
//! machine can bear, and judges only what is owed to the Clients that behave.
//!
//! Clauses: U-4.3-1, [MQTT-4.5.0-1], [MQTT-3.3.1-6].

use crate::case::{Case, Level};
use crate::need::Need;
use crate::peer::Delivery;
use crate::wire::{Octets, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "robustness/clients-that-vanish",
        title: "Clients that reset their connections in the midst of things harm nobody else.",
        statements: &["U-4.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            for number in 1..=20_u8 {
                let mut other = stage.peer("other")?;
                // Each a Client of its own: nobody may have noticed yet that the one before is gone.
                let connect = stage.clean(&format!("other{number}")).octets();
                // One gets no further than a few octets of its CONNECT, another is subscribed.
                let length = connect.len().min(usize::from(number) * 3);
                if length < connect.len() {
                    other.send_part(&connect[..length])?;
                } else {
                    other.send(connect)?;
                    other.expect_accepted()?;
                    other.subscribe(&topic, 1)?;
                }
                other.reset();
                client.publish_qos1(topic.as_str(), [number])?;
                client.expect_message(&Delivery::on(topic.as_str()).payload([number]))?;
            }
            Ok(())
        },
    },
    Case {
        address: "robustness/connections-that-say-nothing",
        title: "Connections on which nothing is said keep nobody from being served.",
        statements: &["U-4.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut silent = Vec::new();
            for _ in 0..30 {
                silent.push(stage.peer("silent")?);
            }
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.publish_qos1(topic.as_str(), "served")?;
            client.expect_message(&Delivery::on(topic).payload("served"))?;
            Ok(())
        },
    },
    Case {
        address: "robustness/many-retained-messages",
        title: "A hundred retained messages all come to a subscriber of all.",
        statements: &["MQTT-3.3.1-6", "MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::Wildcards, Need::Qos1Subscriptions],
        run: |stage| {
            let mut publisher = stage.client("p")?;
            for first in (0..100).step_by(20) {
                let ids = first + 1..=first + 20;
                let message = |id: u16| {
                    Publish::qos1(id, stage.topic(&id.to_string()), "kept").retain().octets()
                };
                publisher.send(ids.clone().flat_map(message).collect::<Vec<_>>())?;
                for id in ids {
                    publisher
                        .expect_puback(id)
                        .map_err(|finding| finding.while_preparing("have a message retained"))?;
                }
            }
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&stage.topic("+"), 1)?;
            let mut topics = std::collections::BTreeSet::new();
            while topics.len() < 100 {
                topics.insert(subscriber.expect_any_message()?.topic);
            }
            Ok(())
        },
    },
    Case {
        address: "robustness/many-subscriptions",
        title: "A Client with two hundred subscriptions hears of each topic.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for number in 0..200 {
                client.subscribe(&stage.topic(&format!("{number}/t")), 0)?;
            }
            for number in (0..200).step_by(7) {
                let topic = stage.topic(&format!("{number}/t"));
                client.publish_qos0(topic.as_str(), "x")?;
                client.expect_message(&Delivery::on(topic))?;
            }
            Ok(())
        },
    },
];
