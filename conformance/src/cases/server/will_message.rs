//! 3.1.2.6, 3.1.2.7, 3.1.3.2, 3.1.3.3 The Will as a message: topic, payload, QoS, RETAIN.
//!
//! Clauses: [MQTT-3.1.2-9], [MQTT-3.1.2-16], [MQTT-3.1.2-17], [MQTT-3.1.2-5], U-3.1.3.3-1,
//! [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.2-2], [MQTT-3.8.4-6], [MQTT-4.7.1-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Connect, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "will/payload-is-the-message-alone",
        title: "The payload of a published Will is the Will Message without its length.",
        statements: &["U-3.1.3.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| payload_passes(stage, b"message"),
    },
    Case {
        address: "will/payload-is-data",
        title: "A Will Message of octets that are no text is published unchanged.",
        statements: &["U-3.1.3.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| payload_passes(stage, b"\xff\xfe\x00\xc0\x80\x00"),
    },
    Case {
        address: "will/payload-may-be-empty",
        title: "A Will Message of no octets is published.",
        statements: &["U-3.1.3.3-1", "MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            stage
                .connect(stage.clean("a").will(topic.as_str(), "", 0, false))?
                .drop_connection()?;
            watcher.expect_message(&Delivery::on(topic).payload(""))?;
            Ok(())
        },
    },
    Case {
        address: "will/payload-may-be-long",
        title: "A Will Message of 65,535 octets is published unchanged.",
        statements: &["U-3.1.3.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| payload_passes(stage, &[b'x'; 65_535]),
    },
    Case {
        address: "will/qos-0-is-delivered-so",
        title: "A Will of QoS 0 is delivered at QoS 0, whatever was granted.",
        statements: &["MQTT-3.1.2-9", "MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| delivered_by_qos(stage, 0),
    },
    Case {
        address: "will/qos-1-is-delivered-so",
        title: "A Will of QoS 1 is delivered at QoS 1, or at what was granted if that is less.",
        statements: &["MQTT-3.1.2-9", "MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| delivered_by_qos(stage, 1),
    },
    Case {
        address: "will/qos-2-is-delivered-so",
        title: "A Will of QoS 2 is delivered at what was granted.",
        statements: &["MQTT-3.1.2-9", "MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| delivered_by_qos(stage, 2),
    },
    Case {
        address: "will/waits-in-the-session-of-the-lost-client",
        title: "A Will reaches the lost Client itself, if its kept Session is subscribed to it.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("will");
            let connect = stage.persistent("a").will(topic.as_str(), "lost", 1, false);
            let mut client = stage.connect(connect)?;
            client.subscribe_at(&topic, 1)?;
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            client.drop_connection()?;
            watcher
                .expect_message(&Delivery::on(topic.as_str()).payload("lost"))
                .map_err(|finding| finding.while_preparing("have the Will published"))?;
            let mut client = stage.connect(stage.persistent("a"))?;
            client.expect_message(&Delivery::on(topic).payload("lost"))?;
            Ok(())
        },
    },
    Case {
        address: "will/not-retained-without-the-flag",
        title: "A Will without Will Retain is not retained.",
        statements: &["MQTT-3.1.2-16"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            lose(stage, &topic, "lost", false)?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 0)?;
            late.expect_no_message(&mut stage.client("p")?, &topic, 0)
        },
    },
    Case {
        address: "will/leaves-the-retained-message-without-the-flag",
        title: "A Will without Will Retain leaves the retained message of its topic as it was.",
        statements: &["MQTT-3.1.2-16"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("will");
            let retained = Publish::qos1(1, topic.as_str(), "kept").retain();
            stage.client("p")?.complete(retained)?;
            lose(stage, &topic, "lost", false)?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 0)?;
            late.expect_message(&Delivery::on(topic).payload("kept"))?;
            Ok(())
        },
    },
    Case {
        address: "will/retained-with-the-flag",
        title: "A Will with Will Retain reaches whoever subscribes later.",
        statements: &["MQTT-3.1.2-17"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("will");
            lose(stage, &topic, "kept", true)?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            late.expect_message(&Delivery::on(topic).payload("kept").retain(true))?;
            Ok(())
        },
    },
    Case {
        address: "will/retained-reaches-subscribers-without-retain",
        title: "A Will with Will Retain reaches those who are subscribed with RETAIN 0.",
        statements: &["MQTT-3.3.1-9"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let connect = stage.clean("a").will(topic.as_str(), "now", 1, true);
            stage.connect(connect)?.drop_connection()?;
            is_published(&mut watcher, &Delivery::on(topic).payload("now").retain(false))
        },
    },
    Case {
        address: "will/empty-and-retained-clears",
        title: "An empty Will with Will Retain removes the retained message of its topic.",
        statements: &["MQTT-3.1.2-17", "MQTT-3.3.1-10"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("will");
            let retained = Publish::qos1(1, topic.as_str(), "to be cleared").retain();
            stage.client("p")?.complete(retained)?;
            lose(stage, &topic, "", true)?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 0)?;
            late.expect_no_message(&mut stage.client("b")?, &topic, 0)
        },
    },
    Case {
        address: "will/topic-without-characters",
        title: "What becomes of a CONNECT with a Will Topic of no characters is seen.",
        statements: &["MQTT-4.7.3-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let taken = is_taken(stage, "")?.is_some();
            stage.observe("will-topic-without-characters", if taken { "taken" } else { "closes" });
            Ok(())
        },
    },
    Case {
        address: "will/topic-with-wildcards-is-not-published",
        title: "A Will Topic with a wildcard is refused, or its Will reaches nobody.",
        statements: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            ["#", "+", "a/+/b", "a#"]
                .into_iter()
                .try_for_each(|label| no_topic_name(stage, &stage.topic(label)))
        },
    },
];

/// Loses a Client with this Will of QoS 1, and sees it published.
fn lose(stage: &Stage<'_>, topic: &str, message: &str, retain: bool) -> Result<(), Finding> {
    let mut watcher = stage.client("watcher")?;
    watcher.subscribe(topic, 0)?;
    // What was retained before may come first.
    let mut publisher = stage.client("before")?;
    watcher.until_sentinel(&mut publisher, topic, 0)?;
    stage.connect(stage.clean("a").will(topic, message, 1, retain))?.drop_connection()?;
    watcher
        .expect_message(&Delivery::on(topic).payload(message))
        .map_err(|finding| finding.while_preparing("have the Will published"))?;
    watcher.disconnect()
}

/// Expects this Will and no other. That any is published at all is judged in `will`.
fn is_published(watcher: &mut Peer, will: &Delivery) -> Result<(), Finding> {
    let message = watcher
        .expect_any_message()
        .map_err(|finding| finding.while_preparing("have the Will published"))?;
    match will {
        will if will.is(&message) => Ok(()),
        // It was published as it should be, and delivered as it should not.
        will if will.is_but_for_its_qos(&message) => {
            Err(Finding::fail(will, message).of("MQTT-3.8.4-6"))
        }
        will => Err(Finding::fail(will, message)),
    }
}

fn payload_passes(stage: &Stage<'_>, payload: &[u8]) -> Result<(), Finding> {
    let topic = stage.topic("will");
    let mut watcher = stage.client("watcher")?;
    watcher.subscribe(&topic, 0)?;
    let connect = stage.clean("a").will(topic.as_str(), payload, 0, false);
    stage.connect(connect)?.drop_connection()?;
    is_published(&mut watcher, &Delivery::on(topic).payload(payload))
}

/// Publishes a Will of this QoS to subscriptions of all three.
fn delivered_by_qos(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let topic = stage.topic("will");
    let mut watchers = Vec::new();
    for (label, asked) in [("w0", 0), ("w1", 1), ("w2", 2)] {
        let mut watcher = stage.client(label)?;
        let granted = watcher.subscribe(&topic, asked)?;
        watchers.push((watcher, granted));
    }
    let connect = stage.clean("a").will(topic.as_str(), "lost", qos, false);
    stage.connect(connect)?.drop_connection()?;
    let lost = Delivery::on(topic).payload("lost");
    watchers.iter_mut().try_for_each(|(watcher, granted)| {
        is_published(watcher, &lost.clone().qos(qos.min(*granted)))
    })
}

/// Has a Client with a Will Topic that is no Topic Name be lost.
///
/// The reader finds the Will if it is published under that name.
fn no_topic_name(stage: &Stage<'_>, topic: &str) -> Result<(), Finding> {
    let mut watcher = stage.client("watcher")?;
    watcher.subscribe(&format!("{}#", stage.topics()), 0)?;
    let Some(client) = is_taken(stage, topic)? else { return Ok(()) };
    client.drop_connection()?;
    let mut publisher = stage.client("p")?;
    watcher
        .expect_no_message(&mut publisher, &stage.topic("sentinel"), 0)
        .map_err(Finding::of_the_case)
}

/// Connects with this Will Topic; `None` when the subject closes, with or without an answer.
fn is_taken(stage: &Stage<'_>, will_topic: &str) -> Result<Option<Peer>, Finding> {
    let connect = Connect::clean(stage.id("a")).will(will_topic, "lost", 0, false);
    let mut peer = stage.peer("a")?;
    peer.send_invalid(stage.introduce(connect))?;
    match peer.expect_connack() {
        Ok(connack) if connack.code == 0 => Ok(Some(peer)),
        Ok(_) => Ok(None),
        Err(_) if peer.is_closed() => Ok(None),
        Err(finding) => Err(finding.while_preparing("have the CONNECT answered")),
    }
}
