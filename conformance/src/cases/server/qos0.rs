//! 4.3.1 QoS 0: at most once.
//!
//! A message may get lost, so these cases count what comes too often, never what is missing.
//!
//! Clauses: [MQTT-4.3.1-1], U-4.3.1-1.

use std::collections::BTreeSet;

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::wire::Publish;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "qos0/sent-without-dup-or-identifier",
        title: "A message of QoS 0 is sent at QoS 0, without DUP, and its payload follows its topic.",
        statements: &["MQTT-4.3.1-1", "MQTT-2.3.1-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 2)?;
            // A payload that begins like a Packet Identifier shows one that was put in or taken out.
            let payload = b"\x00\x01 after two octets";
            stage.client("p")?.publish_qos0(topic.as_str(), payload)?;
            let message = subscriber
                .expect_any_message()
                .map_err(|finding| finding.while_preparing("receive the message"))?;
            // With a QoS of its own it rightly has an identifier.
            if message.qos > 0 {
                return Err(Finding::fail("PUBLISH of QoS 0", message).of("MQTT-4.3.1-1"));
            }
            let expected = Delivery::on(topic).payload(payload).dup(false);
            if expected.is(&message) { Ok(()) } else { Err(Finding::fail(expected, message)) }
        },
    },
    Case {
        address: "qos0/not-answered",
        title: "A PUBLISH of QoS 0 gets no answer.",
        statements: &["U-4.3.1-1", "MQTT-3.3.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            for number in 0..3 {
                publisher.publish_qos0(topic.as_str(), [number])?;
            }
            publisher.expect_nothing()
        },
    },
    Case {
        address: "qos0/delivered-at-most-once",
        title: "No message of QoS 0 arrives twice.",
        statements: &["U-4.3.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            for number in 0..20 {
                publisher.publish_qos0(topic.as_str(), [number])?;
            }
            let messages = subscriber.until_sentinel(&mut publisher, &topic, 0)?;
            no_repeats(&messages)
        },
    },
    Case {
        address: "qos0/not-sent-again-on-reconnect",
        title: "A message of QoS 0 that was delivered does not come again when the Client is back.",
        statements: &["U-4.3.1-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos0(topic.as_str(), "once at most")?;
            subscriber
                .expect_message(&Delivery::on(topic.as_str()).payload("once at most"))
                .map_err(|finding| finding.while_preparing("receive a message of QoS 0"))?;
            subscriber.drop_connection()?;
            stage.resume("s")?.expect_no_message(&mut publisher, &topic, 1)
        },
    },
];

/// All payloads differ.
fn no_repeats(messages: &[Publish]) -> Result<(), Finding> {
    let mut seen = BTreeSet::new();
    match messages.iter().find(|message| !seen.insert(&message.payload)) {
        Some(repeat) => Err(Finding::fail("each message once at most", format!("{repeat} twice"))),
        None => Ok(()),
    }
}
