//! 3.3.1.3 RETAIN: which subscriptions bring retained messages.
//!
//! Every new one does, one by a wildcard for each topic it matches. Taking up a Session again makes
//! no subscription new. How many copies two filters of one SUBSCRIBE bring is reported only.
//!
//! Clauses: [MQTT-3.3.1-6], [U-3.8.4-2]. Not here: a filter that is subscribed to again, see 3.8.4.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Packet, Publish, Subscribe};

/// A wildcard filter, and which of the topics in [`KEPT`] it matches.
macro_rules! wildcard {
    ($address:literal, $filter:literal => [$($name:literal),*], $title:literal) => {
        Case {
            address: $address,
            title: $title,
            statements: &["MQTT-3.3.1-6"],
            level: Level::Must,
            needs: &[Need::RetainedMessages, Need::Wildcards],
            run: |stage| brings(stage, $filter, &[$($name),*]),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    wildcard!(
        "retain/plus-brings-each-topic-of-its-level",
        "a/+" => ["a/b", "a/c"],
        "A subscription with + brings what is retained for each topic of that level."
    ),
    wildcard!(
        "retain/plus-brings-each-topic-between",
        "+/b/+" => ["a/b/c", "d/b/e"],
        "A subscription with several + brings what is retained for each topic it matches."
    ),
    wildcard!(
        "retain/hash-brings-each-topic-below",
        "a/#" => ["a", "a/b", "a/b/c", "a/c"],
        "A subscription with # brings what is retained for each topic below, and for the parent."
    ),
    Case {
        address: "retain/second-filter-brings-it-too",
        title: "A second filter that matches brings the retained message once more.",
        statements: &["MQTT-3.3.1-6", "U-3.8.4-2"],
        level: Level::Must,
        needs: &[Need::RetainedMessages, Need::Wildcards],
        run: |stage| {
            let topic = stage.topic("a/b");
            let kept = Delivery::on(topic.as_str()).payload("kept").retain(true);
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            subscriber
                .expect_message(&kept)
                .map_err(|finding| finding.while_preparing("receive the retained message"))?;
            subscriber.subscribe(&stage.topic("a/+"), 1)?;
            subscriber.expect_message(&kept)?;
            Ok(())
        },
    },
    Case {
        address: "retain/new-subscription-after-the-old-was-removed-brings-it",
        title: "A filter that was removed and is subscribed to again brings the retained message.",
        statements: &["MQTT-3.3.1-6", "U-3.8.4-2"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let kept = Delivery::on(topic.as_str()).payload("kept").retain(true);
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            subscriber
                .expect_message(&kept)
                .map_err(|finding| finding.while_preparing("receive the retained message"))?;
            subscriber.unsubscribe(&topic)?;
            subscriber.subscribe(&topic, 1)?;
            subscriber.expect_message(&kept)?;
            Ok(())
        },
    },
    Case {
        address: "retain/each-filter-of-one-packet-brings-its-own",
        title: "Several filters in one SUBSCRIBE bring what is retained for each of them.",
        statements: &["MQTT-3.3.1-6", "MQTT-3.8.4-4"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            keep(stage)?;
            let mut late = stage.client("late")?;
            let filters = ["a/b", "a/c", "d/b/e"];
            let subscribe = filters
                .iter()
                .fold(Subscribe::new(9), |packet, name| packet.filter(stage.topic(name), 1));
            late.send(subscribe)?;
            late.expect_suback(9)
                .map_err(|finding| finding.while_preparing("subscribe to three filters"))?;
            expect_kept(stage, &mut late, &filters)
        },
    },
    Case {
        address: "retain/resumed-session-brings-none",
        title: "A Session that is taken up again brings no retained message by itself.",
        statements: &["MQTT-3.3.1-6"],
        level: Level::Should,
        needs: &[Need::RetainedMessages, Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&topic, 1)?;
            subscriber
                .expect_any_message()
                .and_then(|_| subscriber.fence())
                .map_err(|finding| finding.while_preparing("receive the retained message"))?;
            subscriber.disconnect()?;
            stage.resume("s")?.expect_no_message(&mut stage.client("after")?, &topic, 1)
        },
    },
    Case {
        address: "retain/overlapping-filters-in-one-packet",
        title: "How often two filters of one SUBSCRIBE bring a message that both match.",
        statements: &["MQTT-3.8.4-4"],
        level: Level::Observe,
        needs: &[Need::RetainedMessages, Need::Wildcards],
        run: |stage| {
            let topic = stage.topic("a/b");
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(7, topic.as_str(), "kept").retain())?;
            let mut late = stage.client("late")?;
            late.send(Subscribe::new(9).filter(topic.as_str(), 1).filter(stage.topic("a/+"), 1))?;
            late.expect_suback(9)?;
            let messages = late.until_sentinel(&mut publisher, &topic, 1)?;
            let copies = messages.iter().filter(|message| message.payload == b"kept").count();
            stage.observe("retained-copies-for-two-filters-in-one-packet", copies.to_string());
            Ok(())
        },
    },
    Case {
        address: "retain/before-or-after-the-suback",
        title: "Whether a retained message comes before the SUBACK or after it.",
        statements: &["U-3.8.4-1"],
        level: Level::Observe,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut late = stage.client("late")?;
            late.send(Subscribe::new(9).filter(topic, 0))?;
            let first = match late.expect_any()? {
                Packet::Publish(_) => "before the SUBACK",
                _ => "after the SUBACK",
            };
            stage.observe("retained-message-comes", first);
            Ok(())
        },
    },
];

/// Topics with a message retained for each.
const KEPT: [&str; 6] = ["a", "a/b", "a/b/c", "a/c", "d/b/e", "ab"];

/// Has a message retained for each of [`KEPT`], whose payload is the topic's name.
fn keep(stage: &Stage<'_>) -> Result<(), Finding> {
    let mut publisher = stage.client("p")?;
    for name in KEPT {
        let id = publisher.fresh_id();
        publisher.complete(Publish::qos1(id, stage.topic(name), name).retain())?;
    }
    Ok(())
}

fn brings(stage: &Stage<'_>, filter: &str, names: &[&str]) -> Result<(), Finding> {
    keep(stage)?;
    let mut late = stage.client("late")?;
    late.subscribe(&stage.topic(filter), 1)?;
    expect_kept(stage, &mut late, names)
}

/// Expects what is retained for these names, in any order, each with RETAIN 1.
fn expect_kept(stage: &Stage<'_>, late: &mut Peer, names: &[&str]) -> Result<(), Finding> {
    let mut missing = names.to_vec();
    while !missing.is_empty() {
        let expected = format!("what is retained for {}", missing.join(" and "));
        let message = match late.expect_any_message() {
            Err(Finding::Fail(mismatch)) if mismatch.statement.is_none() => {
                return Err(Finding::fail(expected, mismatch.seen));
            }
            outcome => outcome?,
        };
        let position = missing.iter().position(|name| {
            Delivery::on(stage.topic(name)).payload(*name).retain(true).is(&message)
        });
        let Some(position) = position else { return Err(Finding::fail(expected, message)) };
        missing.swap_remove(position);
    }
    Ok(())
}
