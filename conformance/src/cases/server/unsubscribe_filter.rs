//! 3.10.4: an UNSUBSCRIBE removes the filter that is spelt alike, and no other.
//!
//! A filter that is not removed shows by what it still brings. Whether its UNSUBSCRIBE was answered
//! is for another case: a PINGRESP behind it will do.
//!
//! Clauses: [MQTT-3.10.4-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Publish, Unsubscribe};

/// The filter held, the filter named, and a topic that the former matches.
macro_rules! leaves {
    ($address:literal, $held:literal, $named:literal, $topic:literal, $needs:expr) => {
        Case {
            address: $address,
            title: concat!("An UNSUBSCRIBE from ", $named, " leaves the filter ", $held, "."),
            statements: &["MQTT-3.10.4-1"],
            level: Level::Must,
            needs: $needs,
            run: |stage| leaves(stage, $held, $named, $topic),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    leaves!("unsubscribe/plus-leaves-what-it-matches", "a/b", "a/+", "a/b", &[]),
    leaves!("unsubscribe/hash-leaves-what-it-matches", "a/b", "a/#", "a/b", &[]),
    leaves!("unsubscribe/hash-leaves-its-parent", "a", "a/#", "a", &[]),
    leaves!("unsubscribe/name-leaves-plus", "a/+", "a/b", "a/b", &[Need::Wildcards]),
    leaves!("unsubscribe/name-leaves-hash", "a/#", "a/b", "a/b", &[Need::Wildcards]),
    leaves!("unsubscribe/hash-leaves-plus", "a/+", "a/#", "a/b", &[Need::Wildcards]),
    leaves!("unsubscribe/plus-leaves-hash", "a/#", "a/+", "a/b", &[Need::Wildcards]),
    leaves!("unsubscribe/parent-leaves-child", "a/b", "a", "a/b", &[]),
    leaves!("unsubscribe/child-leaves-parent", "a", "a/b", "a", &[]),
    leaves!("unsubscribe/letters-of-another-case-leave-it", "a/b", "A/B", "a/b", &[]),
    leaves!("unsubscribe/slash-at-the-end-leaves-it", "a/b", "a/b/", "a/b", &[]),
    leaves!("unsubscribe/space-at-the-end-leaves-it", "a/b", "a/b ", "a/b", &[]),
    Case {
        address: "unsubscribe/overlapping-filter-stays",
        title: "Of two filters that match, the one that stays brings messages at its own QoS.",
        statements: &["MQTT-3.10.4-1"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let topic = stage.topic("a/b");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let stays = subscriber.subscribe(&stage.topic("a/+"), 0)?;
            subscriber.unsubscribe(&topic)?;
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "x"))?;
            subscriber.expect_message(&Delivery::on(topic).payload("x").qos(stays))?;
            Ok(())
        },
    },
    Case {
        address: "unsubscribe/filter-against-the-rules",
        title: "What becomes of an UNSUBSCRIBE from a filter with # inside.",
        statements: &["MQTT-3.10.4-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send_invalid(Unsubscribe::new(9).filter(stage.topic("a/#/b")))?;
            let outcome = if client.goes_on()? { "goes on" } else { "closed" };
            stage.observe("connection-after-unsubscribe-from-an-invalid-filter", outcome);
            Ok(())
        },
    },
];

fn leaves(stage: &Stage<'_>, held: &str, named: &str, topic: &str) -> Result<(), Finding> {
    let topic = stage.topic(topic);
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&stage.topic(held), 1)?;
    subscriber.send(Unsubscribe::new(9).filter(stage.topic(named)))?;
    subscriber.fence()?;
    stage.client("p")?.publish_qos1(topic.as_str(), "x")?;
    subscriber.expect_message(&Delivery::on(topic).payload("x"))?;
    Ok(())
}
