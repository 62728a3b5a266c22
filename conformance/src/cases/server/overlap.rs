//! 3.3.5 Actions: one message, several subscriptions of one Client that match.
//!
//! At least one copy is due, at the greatest QoS granted; up to one for each subscription may come.
//! Which it is, and at what QoS, is reported.
//!
//! Clauses: [MQTT-3.3.5-1], [U-3.3.5-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Peer;
use crate::stage::Stage;
use crate::wire::Publish;

/// Subscriptions in the order in which they are made, by their QoS: to the topic itself, by `+`,
/// by `#`.
macro_rules! greatest {
    ($address:literal, $published:literal => [$(($filter:literal, $asked:literal)),*]) => {
        Case {
            address: $address,
            title: concat!(
                "A message of QoS ",
                $published,
                " that matches several subscriptions,",
                $(" ", $filter, " at QoS ", $asked, ",",)*
                " comes at the greatest QoS granted, and not too often."
            ),
            statements: &["MQTT-3.3.5-1", "U-3.3.5-1"],
            level: Level::Must,
            needs: &[Need::Wildcards],
            run: |stage| greatest(stage, $published, &[$(($filter, $asked)),*]),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    greatest!("overlap/name-0-plus-1", 1 => [("a/b", 0), ("a/+", 1)]),
    greatest!("overlap/name-1-plus-0", 1 => [("a/b", 1), ("a/+", 0)]),
    greatest!("overlap/plus-1-name-0", 1 => [("a/+", 1), ("a/b", 0)]),
    greatest!("overlap/hash-1-plus-0", 1 => [("a/#", 1), ("+/b", 0)]),
    greatest!("overlap/plus-1-hash-2", 2 => [("+/b", 1), ("a/#", 2)]),
    greatest!("overlap/plus-2-hash-1", 2 => [("+/b", 2), ("a/#", 1)]),
    greatest!("overlap/name-0-plus-1-hash-2", 2 => [("a/b", 0), ("a/+", 1), ("a/#", 2)]),
    greatest!("overlap/name-2-plus-1-hash-0", 2 => [("a/b", 2), ("a/+", 1), ("a/#", 0)]),
    greatest!("overlap/published-below-the-greatest", 1 => [("a/b", 0), ("a/+", 2)]),
    Case {
        address: "overlap/copies",
        title: "How many copies of a message come for two subscriptions that match.",
        statements: &["U-3.3.5-1"],
        level: Level::Observe,
        needs: &[Need::Wildcards],
        run: |stage| {
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&stage.topic("a/b"), 0)?;
            subscriber.subscribe(&stage.topic("a/+"), 0)?;
            let mut publisher = stage.client("p")?;
            let topic = stage.topic("a/b");
            publisher.publish_qos0(topic.as_str(), "x")?;
            let copies = subscriber.until_sentinel(&mut publisher, &topic, 0)?.len();
            stage.observe("copies-for-two-subscriptions-that-match", copies.to_string());
            Ok(())
        },
    },
];

fn greatest(stage: &Stage<'_>, published: u8, subscriptions: &[(&str, u8)]) -> Result<(), Finding> {
    let mut subscriber = stage.client("s")?;
    let mut due = Vec::new();
    for &(filter, asked) in subscriptions {
        due.push(published.min(subscriber.subscribe(&stage.topic(filter), asked)?));
    }
    due.sort_unstable_by(|a, b| b.cmp(a));

    let topic = stage.topic("a/b");
    let mut publisher = stage.client("p")?;
    publisher.complete(Publish::at_qos(published, 7, topic.as_str(), "x"))?;
    let mut copies = copies_up_to(&mut subscriber, due[0])?;
    let more = subscriber.until_sentinel(&mut publisher, &topic, published)?;
    copies.extend(more.iter().map(|message| message.qos));
    copies.sort_unstable_by(|a, b| b.cmp(a));

    // What is delivered at QoS 0 of a message of QoS 1 may come more than once: [MQTT-3.8.4-6].
    let repeats_allowed = published == 1 && due.contains(&0);
    let too_many = copies.len() > due.len() && !repeats_allowed;
    // The n-th copy is for a subscription of its own.
    let too_high = copies.iter().zip(&due).any(|(copy, due)| copy > due);
    if too_many || too_high {
        let expected = format!("copies at QoS {due:?} at most");
        return Err(Finding::fail(expected, format!("copies at QoS {copies:?}")));
    }
    Ok(())
}

/// Takes copies until one has this QoS; gives the QoS of each.
fn copies_up_to(subscriber: &mut Peer, greatest: u8) -> Result<Vec<u8>, Finding> {
    let mut copies = Vec::new();
    while !copies.contains(&greatest) {
        match subscriber.expect_any_message() {
            Err(Finding::Fail(mismatch)) if mismatch.statement.is_none() => {
                let expected = format!("a copy at QoS {greatest}");
                let seen = format!("copies at QoS {copies:?}, then {}", mismatch.seen);
                return Err(Finding::fail(expected, seen).of("MQTT-3.3.5-1"));
            }
            outcome => copies.push(outcome?.qos),
        }
        if copies.iter().any(|&copy| copy > greatest) {
            let expected = format!("copies at QoS {greatest} at most");
            let seen = format!("copies at QoS {copies:?}");
            return Err(Finding::fail(expected, seen).of("MQTT-3.8.4-6"));
        }
    }
    Ok(copies)
}
