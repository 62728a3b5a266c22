//! 4.1 Storing state and 4.5 Message receipt: who gets a message.
//!
//! Clauses: [MQTT-4.1.0-1], [MQTT-4.1.0-2], [MQTT-4.5.0-1], U-4.3-1.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::wire::Publish;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "delivery/session-lasts-as-long-as-its-connection",
        title: "A subscription lives as long as its connection, whoever else comes and goes.",
        statements: &["MQTT-4.1.0-1", "MQTT-4.1.0-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            for number in 0..20 {
                let mut passer = stage.client("passer")?;
                passer.subscribe(&topic, 0)?;
                if number % 2 == 0 { passer.disconnect()? } else { passer.reset() }
            }
            stage.client("p")?.publish_qos1(topic.as_str(), "still there?")?;
            subscriber.expect_message(&Delivery::on(topic).payload("still there?"))?;
            Ok(())
        },
    },
    Case {
        address: "delivery/session-state-lasts-as-long-as-the-session",
        title: "A Session that was kept has its subscriptions, through several connections.",
        statements: &["MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let topics = ["a", "b", "c"].map(|name| stage.topic(name));
            for topic in &topics {
                let mut subscriber = stage.connect(stage.persistent("s"))?;
                subscriber.subscribe(topic, 1)?;
                subscriber.drop_connection()?;
            }
            let mut subscriber = stage.resume("s")?;
            let mut publisher = stage.client("p")?;
            for topic in topics {
                publisher.publish_qos1(topic.as_str(), "x")?;
                subscriber.expect_message(&Delivery::on(topic))?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/retained-until-deleted",
        title: "A retained message stays until a Client deletes it, however often it was fetched.",
        statements: &["U-4.1-1"],
        level: Level::Should,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            publisher.disconnect()?;
            for label in ["first", "second", "third"] {
                let mut late = stage.client(label)?;
                late.subscribe(&topic, 1)?;
                late.expect_message(&Delivery::on(topic.as_str()).payload("kept"))?;
                late.disconnect()?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/to-every-matching-subscription",
        title: "A message reaches every Client with a subscription that matches.",
        statements: &["MQTT-4.5.0-1", "U-4.7.3-9"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let filters = ["x/y", "x/y", "x/+", "+/y", "#", "x/y/#", "x/#"];
            let mut subscribers = Vec::new();
            for filter in filters {
                let mut subscriber = stage.client(&format!("s{}", subscribers.len()))?;
                subscriber.subscribe(&stage.topic(filter), 1)?;
                subscribers.push(subscriber);
            }
            let topic = stage.topic("x/y");
            stage.client("p")?.publish_qos1(topic.as_str(), "to all")?;
            for (mut subscriber, filter) in subscribers.into_iter().zip(filters) {
                subscriber
                    .expect_message(&Delivery::on(topic.as_str()).payload("to all"))
                    .map_err(|finding| by_filter(finding, filter))?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/to-absent-clients-with-matching-subscriptions",
        title: "A message of QoS 1 waits for every absent Client with a subscription that matches.",
        statements: &["MQTT-4.5.0-1", "MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions, Need::Wildcards],
        run: |stage| {
            let filters = [("s0", "x/y"), ("s1", "x/+"), ("s2", "x/#")];
            for (label, filter) in filters {
                let mut subscriber = stage.connect(stage.persistent(label))?;
                subscriber.subscribe_at(&stage.topic(filter), 1)?;
                subscriber.disconnect()?;
            }
            let topic = stage.topic("x/y");
            stage.client("p")?.publish_qos1(topic.as_str(), "later")?;
            for (label, filter) in filters {
                stage
                    .resume(label)?
                    .expect_message(&Delivery::on(topic.as_str()).payload("later"))
                    .map_err(|finding| by_filter(finding, filter))?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/to-nobody-else",
        title: "A message does not reach a Client whose subscriptions do not match.",
        statements: &["MQTT-4.5.0-1", "MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut bystander = stage.client("s")?;
            bystander.subscribe(&other, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic, "not for you")?;
            bystander.expect_no_message(&mut publisher, &other, 1)
        },
    },
    Case {
        address: "delivery/to-the-publisher-too",
        title: "A Client that subscribes to what it publishes gets its own messages.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.publish_qos1(topic.as_str(), "to myself")?;
            client.expect_message(&Delivery::on(topic).payload("to myself"))?;
            Ok(())
        },
    },
    Case {
        address: "delivery/from-the-suback-on",
        title: "A message published just after the SUBACK is delivered.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut publisher = stage.client("p")?;
            let mut subscriber = stage.client("s")?;
            for name in ["a", "b", "c", "d", "e"] {
                let topic = stage.topic(name);
                subscriber.subscribe(&topic, 1)?;
                publisher.publish_qos1(topic.as_str(), name)?;
                subscriber.expect_message(&Delivery::on(topic).payload(name))?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/when-the-publisher-is-gone",
        title: "A message whose PUBACK was sent is delivered though its publisher is gone.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut absent = stage.connect(stage.persistent("absent"))?;
            absent.subscribe_at(&topic, 1)?;
            absent.disconnect()?;
            let mut present = stage.client("present")?;
            present.subscribe(&topic, 1)?;

            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "last words")?;
            publisher.reset();
            let last = Delivery::on(topic).payload("last words");
            present.expect_message(&last)?;
            stage.resume("absent")?.expect_message(&last)?;
            Ok(())
        },
    },
    Case {
        address: "delivery/each-client-on-its-own",
        title: "A Client that acknowledges nothing does not keep messages from another.",
        statements: &["U-4.3-1"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut idle, mut diligent) = (stage.client("idle")?, stage.client("diligent")?);
            idle.subscribe_at(&topic, 1)?;
            diligent.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            for number in 0..60_u8 {
                publisher.publish_qos1(topic.as_str(), [number])?;
                diligent.expect_message(&Delivery::on(topic.as_str()).payload([number]))?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/held-back-messages-come-after-the-acknowledgements",
        title: "However few messages may be on their way at once, each acknowledged one makes room.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            // More than the twenty or so that many allow on their way, fewer than any queue holds.
            for number in 0..60_u8 {
                publisher.publish_qos1(topic.as_str(), [number])?;
            }
            for number in 0..60_u8 {
                subscriber.expect_message(&Delivery::on(topic.as_str()).payload([number]))?;
            }
            Ok(())
        },
    },
    Case {
        address: "delivery/to-fifty-clients",
        title: "A message reaches each of fifty subscribers, once.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscribers = Vec::new();
            for number in 0..50 {
                let mut subscriber = stage.client(&format!("s{number}"))?;
                subscriber.subscribe(&topic, 2)?;
                subscribers.push(subscriber);
            }
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(1, topic.as_str(), "to all"))?;
            for subscriber in &mut subscribers {
                subscriber.expect_message(&Delivery::on(topic.as_str()).payload("to all"))?;
            }
            // Behind the last of them each has had time for a second copy.
            subscribers.iter_mut().try_for_each(Peer::expect_nothing)
        },
    },
];

/// Says which filter brought nothing, or the wrong thing.
fn by_filter(finding: Finding, filter: &str) -> Finding {
    match finding {
        Finding::Fail(mismatch) if mismatch.statement.is_none() => {
            Finding::fail(format!("{} by {filter}", mismatch.expected), mismatch.seen)
        }
        other => other,
    }
}
