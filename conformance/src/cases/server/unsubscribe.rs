//! 3.10 UNSUBSCRIBE and 3.11 UNSUBACK: the answer, and what does not come any more.
//!
//! Clauses: [MQTT-3.10.4-2], [MQTT-3.10.4-4] to [MQTT-3.10.4-6], [U-3.11.1-1], [U-3.11.3-1]. Not
//! here: which filters are removed, and messages already on their way.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Packet, Unsubscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "unsubscribe/gets-an-unsuback",
        title: "An UNSUBSCRIBE gets an UNSUBACK with its Packet Identifier.",
        statements: &["MQTT-3.10.4-4", "MQTT-2.3.1-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            for id in [1, 255, 256, 65_535] {
                client.subscribe(&topic, 0)?;
                client.send(Unsubscribe::new(id).filter(topic.as_str()))?;
                client.expect_unsuback(id)?;
            }
            Ok(())
        },
    },
    Case {
        address: "unsubscribe/unknown-filter-is-acknowledged",
        title: "An UNSUBSCRIBE gets its UNSUBACK even when no filter matches.",
        statements: &["MQTT-3.10.4-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Unsubscribe::new(9).filter(stage.topic("never")))?;
            client.expect_unsuback(9)
        },
    },
    Case {
        address: "unsubscribe/second-time-is-acknowledged",
        title: "An UNSUBSCRIBE from a filter that was removed before gets its UNSUBACK.",
        statements: &["MQTT-3.10.4-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 0)?;
            client.unsubscribe(&topic)?;
            client.send(Unsubscribe::new(9).filter(topic))?;
            client.expect_unsuback(9)
        },
    },
    Case {
        address: "unsubscribe/unsuback-is-an-identifier",
        title: "An UNSUBACK is two octets behind its fixed header, and no more.",
        statements: &["U-3.11.1-1", "U-3.11.3-1"],
        level: Level::Must,
        needs: &[],
        // The reader holds every packet against its length: here it gets to see this one.
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 0)?;
            client.subscribe(&other, 0)?;
            client.send(Unsubscribe::new(0x0102).filter(topic).filter(other))?;
            client.expect_unsuback(0x0102)
        },
    },
    Case {
        address: "unsubscribe/nothing-new-afterwards",
        title: "After the UNSUBACK no message comes for the filter that was removed.",
        statements: &["MQTT-3.10.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            nothing_comes(stage, &topic)
        },
    },
    Case {
        address: "unsubscribe/nothing-new-by-a-wildcard",
        title: "After the UNSUBACK no message comes for the wildcard filter that was removed.",
        statements: &["MQTT-3.10.4-2", "MQTT-3.10.4-1"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            nothing_comes(stage, &stage.topic("t/#"))?;
            nothing_comes(stage, &stage.topic("+"))
        },
    },
    Case {
        address: "unsubscribe/nothing-new-in-a-resumed-session",
        title: "A filter that was removed is not back when the Session is taken up again.",
        statements: &["MQTT-3.10.4-2"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&topic, 1)?;
            subscriber.subscribe(&other, 1)?;
            subscriber.unsubscribe(&topic)?;
            subscriber.disconnect()?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "while away")?;

            let mut subscriber = stage.resume("s")?;
            publisher.publish_qos1(topic.as_str(), "when back")?;
            subscriber.expect_no_message(&mut publisher, &other, 1)
        },
    },
    Case {
        address: "unsubscribe/removed-in-a-resumed-session",
        title: "A filter of a Session that is taken up again can be removed.",
        statements: &["MQTT-3.10.4-1", "MQTT-3.10.4-2"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&topic, 1)?;
            subscriber.subscribe(&other, 1)?;
            subscriber.disconnect()?;
            let mut subscriber = stage.resume("s")?;
            subscriber.unsubscribe(&topic)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "unwanted")?;
            subscriber.expect_no_message(&mut publisher, &other, 1)
        },
    },
    Case {
        address: "unsubscribe/subscriptions-of-others-stay",
        title: "An UNSUBSCRIBE of one Client leaves the same filter of another.",
        statements: &["MQTT-3.10.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut stays = stage.client("stays")?;
            stays.subscribe(&topic, 1)?;
            let mut leaves = stage.client("leaves")?;
            leaves.subscribe(&topic, 1)?;
            leaves.unsubscribe(&topic)?;
            stage.client("p")?.publish_qos1(topic.as_str(), "x")?;
            stays.expect_message(&Delivery::on(topic).payload("x"))?;
            Ok(())
        },
    },
    Case {
        address: "unsubscribe/many-get-one-unsuback",
        title: "An UNSUBSCRIBE of several filters, known or not, gets a single UNSUBACK.",
        statements: &["MQTT-3.10.4-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let names = ["a", "b", "c"].map(|name| stage.topic(name));
            let mut client = stage.client("a")?;
            client.subscribe(&names[0], 0)?;
            client.subscribe(&names[1], 0)?;
            client.send(
                names.iter().fold(Unsubscribe::new(9), |packet, name| packet.filter(name.as_str())),
            )?;
            client.expect_unsuback(9)?;
            let surplus = client.fence()?;
            match surplus.iter().find(|packet| matches!(packet, Packet::Unsuback(_))) {
                Some(second) => Err(Finding::fail("no second UNSUBACK", second)),
                None => Ok(()),
            }
        },
    },
    Case {
        address: "unsubscribe/many-are-all-removed",
        title: "Each of several filters in one UNSUBSCRIBE is removed, and no other.",
        statements: &["MQTT-3.10.4-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let names = ["a", "b", "c"].map(|name| stage.topic(name));
            let other = stage.topic("other");
            let mut subscriber = stage.client("s")?;
            for name in names.iter().chain([&other]) {
                subscriber.subscribe(name, 1)?;
            }
            subscriber.send(
                names
                    .iter()
                    .fold(Unsubscribe::new(99), |packet, name| packet.filter(name.as_str())),
            )?;
            subscriber
                .expect_unsuback(99)
                .map_err(|finding| finding.while_preparing("unsubscribe from several filters"))?;
            let mut publisher = stage.client("p")?;
            for name in &names {
                publisher.publish_qos1(name.as_str(), "unwanted")?;
            }
            subscriber.expect_no_message(&mut publisher, &other, 1)
        },
    },
];

/// Subscribes to `filter`, which matches the topic `t`, removes it, and expects nothing from there.
fn nothing_comes(stage: &Stage<'_>, filter: &str) -> Result<(), Finding> {
    let (topic, other) = (stage.topic("t"), stage.topic("some/other"));
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(filter, 1)?;
    subscriber.subscribe(&other, 1)?;
    let mut publisher = stage.client("p")?;
    publisher.publish_qos1(topic.as_str(), "before")?;
    subscriber
        .expect_message(&Delivery::on(topic.as_str()).payload("before"))
        .map_err(|finding| finding.while_preparing("receive by a subscription"))?;

    subscriber.unsubscribe(filter)?;
    publisher.publish_qos1(topic.as_str(), "after")?;
    subscriber.expect_no_message(&mut publisher, &other, 1)
}
