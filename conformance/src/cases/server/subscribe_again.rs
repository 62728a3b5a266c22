//! 3.8.4: a filter that the Client holds already makes a new subscription in place of the old.
//!
//! Copies are counted at QoS 0, at which nothing is sent again.
//!
//! Clauses: [MQTT-3.8.4-3].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Publish, Subscribe};

macro_rules! qos_changes {
    ($address:literal, $before:literal => $after:literal) => {
        Case {
            address: $address,
            title: concat!(
                "A filter subscribed to at QoS ",
                $before,
                " and again at QoS ",
                $after,
                " brings messages by the new QoS at once."
            ),
            statements: &["MQTT-3.8.4-3"],
            level: Level::Must,
            needs: &[],
            run: |stage| qos_changes(stage, $before, $after),
        }
    };
}

macro_rules! brings_retained {
    ($address:literal, $before:literal => $after:literal, $title:literal) => {
        Case {
            address: $address,
            title: $title,
            statements: &["MQTT-3.8.4-3", "MQTT-3.3.1-6", "MQTT-3.3.1-8"],
            level: Level::Must,
            needs: &[Need::RetainedMessages],
            run: |stage| brings_retained(stage, $before, $after),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        address: "subscribe/again-is-still-one-subscription",
        title: "A filter subscribed to several times brings each message once.",
        statements: &["MQTT-3.8.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            for qos in [0, 1, 1, 0] {
                subscriber.subscribe(&topic, qos)?;
            }
            expect_one_copy(stage, &mut subscriber, &topic)
        },
    },
    Case {
        address: "subscribe/again-by-wildcard-is-still-one-subscription",
        title: "A wildcard filter subscribed to several times brings each message once.",
        statements: &["MQTT-3.8.4-3"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let mut subscriber = stage.client("s")?;
            for qos in [0, 1, 0] {
                subscriber.subscribe(&stage.topic("+"), qos)?;
            }
            expect_one_copy(stage, &mut subscriber, &stage.topic("t"))
        },
    },
    Case {
        address: "subscribe/again-in-a-resumed-session-is-still-one-subscription",
        title: "A filter of a Session that is taken up, subscribed to again, brings messages once.",
        statements: &["MQTT-3.8.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&topic, 1)?;
            subscriber.disconnect()?;
            let mut subscriber = stage.resume("s")?;
            subscriber.subscribe(&topic, 1)?;
            expect_one_copy(stage, &mut subscriber, &topic)
        },
    },
    Case {
        address: "subscribe/again-is-removed-by-one-unsubscribe",
        title: "A filter subscribed to several times is gone after one UNSUBSCRIBE.",
        statements: &["MQTT-3.8.4-3", "MQTT-3.10.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut subscriber = stage.client("s")?;
            for qos in [0, 1, 1] {
                subscriber.subscribe(&topic, qos)?;
            }
            subscriber.subscribe(&other, 1)?;
            subscriber.unsubscribe(&topic)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "unwanted")?;
            subscriber.expect_no_message(&mut publisher, &other, 1)
        },
    },
    qos_changes!("subscribe/again-raises-qos-0-to-1", 0 => 1),
    qos_changes!("subscribe/again-raises-qos-0-to-2", 0 => 2),
    qos_changes!("subscribe/again-raises-qos-1-to-2", 1 => 2),
    qos_changes!("subscribe/again-lowers-qos-1-to-0", 1 => 0),
    qos_changes!("subscribe/again-lowers-qos-2-to-0", 2 => 0),
    qos_changes!("subscribe/again-lowers-qos-2-to-1", 2 => 1),
    brings_retained!(
        "subscribe/again-brings-retained-messages-again",
        1 => 1,
        "A filter subscribed to again brings the retained messages again, with RETAIN 1."
    ),
    brings_retained!(
        "subscribe/again-at-another-qos-brings-retained-messages-again",
        0 => 1,
        "A filter subscribed to again at another QoS brings the retained messages again."
    ),
    Case {
        address: "subscribe/again-in-a-resumed-session-brings-retained-messages",
        title: "A filter of a Session that is taken up, subscribed to again, brings what is \
                retained.",
        statements: &["MQTT-3.8.4-3", "MQTT-3.3.1-6"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            let kept = Delivery::on(topic.as_str()).payload("kept").retain(true);
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&topic, 0)?;
            subscriber
                .expect_message(&kept)
                .map_err(|finding| finding.while_preparing("receive the retained message"))?;
            subscriber.disconnect()?;
            let mut subscriber = stage.resume("s")?;
            subscriber.subscribe(&topic, 0)?;
            subscriber.expect_message(&kept)?;
            Ok(())
        },
    },
    Case {
        address: "subscribe/again-and-again-loses-nothing",
        title: "No message is lost while its filter is subscribed to again.",
        statements: &["MQTT-3.8.4-3"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: loses_nothing,
    },
];

/// Publishes one message at QoS 0, and expects it once.
pub(super) fn expect_one_copy(
    stage: &Stage<'_>,
    subscriber: &mut Peer,
    topic: &str,
) -> Result<(), Finding> {
    let mut publisher = stage.client("p")?;
    publisher.publish_qos0(topic, "once")?;
    match subscriber.until_sentinel(&mut publisher, topic, 0)?.len() {
        0 => Err(Finding::inconclusive("a message of QoS 0 was lost")),
        1 => Ok(()),
        copies => Err(Finding::fail("one copy", format!("{copies} of them"))),
    }
}

fn qos_changes(stage: &Stage<'_>, before: u8, after: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    let first = subscriber.subscribe(&topic, before)?;
    let granted = subscriber.subscribe(&topic, after)?;
    if first == granted {
        return Err(Finding::unsupported("the subject grants both the same QoS"));
    }
    let published = before.max(after);
    stage.client("p")?.complete(Publish::at_qos(published, 1, topic.as_str(), "x"))?;
    let qos = published.min(granted);
    subscriber.expect_message(&Delivery::on(topic).payload("x").qos(qos))?;
    Ok(())
}

fn brings_retained(stage: &Stage<'_>, before: u8, after: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let kept = Delivery::on(topic.as_str()).payload("kept").retain(true);
    stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&topic, before)?;
    subscriber
        .expect_message(&kept)
        .map_err(|finding| finding.while_preparing("receive the retained message"))?;
    for _ in 0..2 {
        subscriber.subscribe(&topic, after)?;
        subscriber.expect_message(&kept)?;
    }
    Ok(())
}

/// Subscribes again between messages that come all the while, some of them with the SUBSCRIBE
/// still on its way.
fn loses_nothing(stage: &mut Stage<'_>) -> Result<(), Finding> {
    const ROUNDS: u16 = 20;
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe_at(&topic, 1)?;
    let mut publisher = stage.client("p")?;
    for round in 0..ROUNDS {
        let ids = [1, 2, 3].map(|nth| round * 3 + nth);
        let again = 1000 + round;
        for id in ids {
            publisher.send(Publish::qos1(id, topic.as_str(), id.to_string()))?;
            if id == ids[0] {
                subscriber.send(Subscribe::new(again).filter(topic.as_str(), 1))?;
            }
        }
        for id in ids {
            publisher
                .expect_puback(id)
                .map_err(|finding| finding.while_preparing("publish at QoS 1"))?;
        }
        subscriber
            .expect_suback(again)
            .map_err(|finding| finding.while_preparing("subscribe again"))?;
        let mut missing = ids.map(|id| id.to_string().into_bytes()).to_vec();
        while !missing.is_empty() {
            let message = subscriber.expect_any_message()?;
            missing.retain(|payload| *payload != message.payload);
        }
    }
    Ok(())
}
