//! 4.1 What is left when the Server has been stopped and started again.
//!
//! The standard lets a Server lose all of it. A profile may promise more, and then has to keep its
//! promise; in any case what the Server says of a Session must be true of it.
//!
//! These cases run last and one by one, since they end everybody's connections.
//!
//! Clauses: [MQTT-4.1.0-1], U-4.1-1, [MQTT-3.2.2-2], [MQTT-3.2.2-3], U-3.1.2.5-2.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::stage::Stage;
use crate::wire::Publish;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "restart/session-present-tells-the-truth",
        title: "After a restart, Session Present is set if and only if subscriptions are alive.",
        statements: &["MQTT-3.2.2-2", "MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[Need::Restart, Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            leave_session(stage, &topic)?;
            stage.restart_subject()?;
            let (mut client, present) = stage.connect_present(stage.persistent("kept"))?;
            // Both ways to end: the message, and the sentinel that is behind it.
            let sentinel = stage.topic("s");
            client.subscribe(&sentinel, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "still subscribed?")?;
            let alive = !client.until_sentinel(&mut publisher, &sentinel, 1)?.is_empty();
            match (present, alive) {
                (true, false) => {
                    let seen = "Session Present 1, and its subscription brings nothing";
                    Err(Finding::fail("a Session with its subscription", seen).of("MQTT-3.2.2-2"))
                }
                (false, true) => {
                    let seen = "Session Present 0, and its old subscription is alive";
                    Err(Finding::fail("no trace of the Session", seen).of("MQTT-3.2.2-3"))
                }
                _ => Ok(()),
            }
        },
    },
    Case {
        address: "restart/sessions-are-kept",
        title: "Sessions outlive a restart, as promised.",
        statements: &["MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Need::Restart, Need::DurableSessions],
        run: |stage| {
            leave_session(stage, &stage.topic("t"))?;
            stage.restart_subject()?;
            match stage.connect_present(stage.persistent("kept"))? {
                (_, true) => Ok(()),
                (_, false) => Err(Finding::fail("CONNACK session=1", "CONNACK session=0")),
            }
        },
    },
    Case {
        address: "restart/messages-are-kept",
        title: "Acknowledged messages for an absent Client outlive a restart, as promised.",
        statements: &["MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Need::Restart, Need::DurableMessages],
        run: |stage| {
            let topic = stage.topic("t");
            leave_session(stage, &topic)?;
            let mut publisher = stage.client("p")?;
            for number in 0..MESSAGES {
                publisher.publish_qos1(topic.as_str(), number.to_string())?;
            }
            stage.restart_subject()?;
            let mut client = stage.resume("kept")?;
            for number in 0..MESSAGES {
                let message = client.expect_any_message()?;
                if message.payload != number.to_string().into_bytes() {
                    return Err(Finding::fail(format!("message {number}"), message));
                }
            }
            Ok(())
        },
    },
    Case {
        address: "restart/retained-are-kept",
        title: "Retained messages outlive a restart, as promised.",
        statements: &["U-4.1-1"],
        level: Level::Must,
        needs: &[Need::Restart, Need::DurableRetained, Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            retain(stage, &topic)?;
            stage.restart_subject()?;
            match is_retained(stage, &topic)? {
                true => Ok(()),
                false => Err(Finding::fail("the retained message", "none")),
            }
        },
    },
    Case {
        address: "restart/what-is-left",
        title: "What is left after a restart, and what becomes of the Will of who was connected.",
        statements: &["MQTT-4.1.0-1", "U-4.1-1", "U-3.1.2.5-2"],
        level: Level::Observe,
        needs: &[Need::Restart, Need::PersistentSessions],
        run: |stage| {
            let (topic, retained, will) = (stage.topic("t"), stage.topic("r"), stage.topic("w"));
            let mut heir = stage.connect(stage.persistent("kept"))?;
            heir.subscribe(&topic, 1)?;
            heir.subscribe(&will, 1)?;
            heir.disconnect()?;
            stage.client("p")?.publish_qos1(topic.as_str(), "waits")?;
            retain(stage, &retained)?;
            let connected =
                stage.connect(stage.clean("will").will(will.as_str(), "will", 1, false))?;
            stage.restart_subject()?;
            drop(connected);
            let (mut heir, present) = stage.connect_present(stage.persistent("kept"))?;
            let sentinel = stage.topic("s");
            heir.subscribe(&sentinel, 1)?;
            let left = heir.until_own_sentinel(&sentinel, 1)?;
            let has = |topic: &str| left.iter().any(|message| message.topic == topic.as_bytes());
            let kept = |is_kept| if is_kept { "kept" } else { "lost" };
            stage.observe("sessions-after-a-restart", kept(present));
            stage.observe("messages-that-waited-after-a-restart", kept(has(&topic)));
            stage
                .observe("retained-messages-after-a-restart", kept(is_retained(stage, &retained)?));
            let published = if has(&will) { "published" } else { "not published" };
            stage.observe("will-of-who-was-connected-at-a-restart", published);
            Ok(())
        },
    },
];

/// Leaves a Session with one subscription.
fn leave_session(stage: &Stage<'_>, topic: &str) -> Result<(), Finding> {
    let mut client = stage.connect(stage.persistent("kept"))?;
    client.subscribe(topic, 1)?;
    client.disconnect()
}

fn retain(stage: &Stage<'_>, topic: &str) -> Result<(), Finding> {
    stage.client("owner")?.complete(Publish::qos1(1, topic, "retained").retain())
}

fn is_retained(stage: &Stage<'_>, topic: &str) -> Result<bool, Finding> {
    let mut client = stage.client("reader")?;
    client.subscribe(topic, 1)?;
    let messages = client.until_own_sentinel(topic, 1)?;
    Ok(messages.iter().any(|message| message.payload == b"retained"))
}

/// Enough to see an order in.
const MESSAGES: usize = 10;
