//! 3.3.1.3 RETAIN: what is kept for subscribers to come.
//!
//! Judged with QoS 1 and 2; what is published at QoS 0 may be dropped at any time.
//!
//! Clauses: [MQTT-3.3.1-5], [MQTT-3.3.1-6], with the QoS of [MQTT-3.8.4-6].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Packet, Publish};

/// A message retained at one QoS, for a subscriber who asks for another.
macro_rules! kept {
    ($address:literal, $stored:literal => $asked:literal) => {
        Case {
            address: $address,
            title: concat!(
                "A message retained at QoS ",
                $stored,
                " reaches who asks for QoS ",
                $asked,
                " later at the lower of this and what is granted."
            ),
            statements: &["MQTT-3.3.1-5", "MQTT-3.8.4-6"],
            level: Level::Must,
            needs: &[],
            run: |stage| kept(stage, $stored, $asked),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        address: "retain/kept-for-later-subscribers",
        title: "A retained message reaches whoever subscribes later, with RETAIN 1.",
        statements: &["MQTT-3.3.1-5", "MQTT-3.3.1-6", "MQTT-3.3.1-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            for label in ["late", "later"] {
                let mut subscriber = stage.client(label)?;
                subscriber.subscribe(&topic, 1)?;
                let kept = Delivery::on(topic.as_str()).payload("kept").retain(true);
                subscriber.expect_message(&kept)?;
            }
            Ok(())
        },
    },
    kept!("retain/qos-1-kept-for-qos-0", 1 => 0),
    kept!("retain/qos-1-kept-for-qos-1", 1 => 1),
    kept!("retain/qos-1-kept-for-qos-2", 1 => 2),
    kept!("retain/qos-2-kept-for-qos-0", 2 => 0),
    kept!("retain/qos-2-kept-for-qos-1", 2 => 1),
    kept!("retain/qos-2-kept-for-qos-2", 2 => 2),
    Case {
        address: "retain/last-one-is-kept",
        title: "Of several retained messages on a topic the last one is kept, and no other.",
        statements: &["MQTT-3.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            for payload in ["first", "second", "last"] {
                let id = publisher.fresh_id();
                publisher.complete(Publish::qos1(id, topic.as_str(), payload).retain())?;
            }
            only(stage, &topic, "last")
        },
    },
    Case {
        address: "retain/last-one-of-another-client-is-kept",
        title: "A retained message takes the place of the one from another Client.",
        statements: &["MQTT-3.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            for label in ["one", "other"] {
                let publish = Publish::qos1(1, topic.as_str(), label).retain();
                stage.client(label)?.complete(publish)?;
            }
            only(stage, &topic, "other")
        },
    },
    Case {
        address: "retain/last-one-at-another-qos-is-kept",
        title: "A retained message takes the place of the one before, whatever QoS they have.",
        statements: &["MQTT-3.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos2(1, topic.as_str(), "two").retain())?;
            publisher.complete(Publish::qos1(2, topic.as_str(), "one").retain())?;
            only(stage, &topic, "one")
        },
    },
    Case {
        address: "retain/last-one-of-a-burst-is-kept",
        title: "Of many retained messages sent at once the last one is kept.",
        statements: &["MQTT-3.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            for id in 1..=BURST {
                publisher.send(Publish::qos1(id, topic.as_str(), id.to_string()).retain())?;
            }
            for id in 1..=BURST {
                publisher
                    .expect(Packet::Puback(id))
                    .map_err(|finding| finding.while_preparing("publish many at once"))?;
            }
            only(stage, &topic, &BURST.to_string())
        },
    },
    Case {
        address: "retain/topics-are-kept-apart",
        title: "A subscription brings the retained message of its own topic alone.",
        statements: &["MQTT-3.3.1-6", "MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut publisher = stage.client("p")?;
            for name in ["t", "t/", "t/u", "T", "tt"] {
                let id = publisher.fresh_id();
                publisher.complete(Publish::qos1(id, stage.topic(name), name).retain())?;
            }
            only(stage, &stage.topic("t"), "t")
        },
    },
];

/// Messages in a burst. Few enough for any subject to take them without a pause.
const BURST: u16 = 20;

fn kept(stage: &Stage<'_>, stored: u8, asked: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let publish = Publish::at_qos(stored, 1, topic.as_str(), "kept").retain();
    stage.client("p")?.complete(publish)?;
    let mut late = stage.client("late")?;
    let qos = stored.min(late.subscribe(&topic, asked)?);
    late.expect_message_at_its_qos(&Delivery::on(topic).payload("kept").qos(qos))
}

/// Subscribes, and expects the retained message with this payload and no other.
///
/// A message with RETAIN 0 is none that was retained: a subject that passes messages on some time
/// after it has acknowledged them may still be about it.
fn only(stage: &Stage<'_>, topic: &str, payload: &str) -> Result<(), Finding> {
    let kept = Delivery::on(topic).payload(payload);
    let mut late = stage.client("late")?;
    late.subscribe(topic, 1)?;
    loop {
        let message = late.expect_any_message()?;
        if kept.is(&message) {
            break;
        }
        if message.retain {
            return Err(Finding::fail(kept, message));
        }
    }
    let more = late.until_sentinel(&mut stage.client("after")?, topic, 1)?;
    match more.into_iter().find(|message| message.retain && !kept.is(message)) {
        Some(other) => Err(Finding::fail("no other retained message", other)),
        None => Ok(()),
    }
}
