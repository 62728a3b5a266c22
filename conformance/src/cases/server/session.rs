//! 3.1.2.4 Clean Session 0: what outlives a connection.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-3.1.2-7], U-3.1.2.4-1, U-3.1.2.4-3.
//! Not here: messages that were on their way when the connection ended, which chapter 4 is about.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Connack, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "session/exists-without-content",
        title: "A Session without subscriptions and messages is kept like any other.",
        statements: &["U-3.1.2.4-3", "MQTT-3.1.2-4", "MQTT-3.2.2-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.persistent("a"))?;
            peer.expect(Connack::accepted(true))
        },
    },
    Case {
        address: "session/subscriptions-outlive-a-disconnect",
        title: "Subscriptions hold after DISCONNECT and CONNECT, without another SUBSCRIBE.",
        statements: &["MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| still_subscribed(stage, Peer::disconnect),
    },
    Case {
        address: "session/subscriptions-outlive-a-lost-connection",
        title: "Subscriptions hold after a connection that ended without a DISCONNECT.",
        statements: &["MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| still_subscribed(stage, Peer::drop_connection),
    },
    Case {
        address: "session/subscriptions-outlive-many-connections",
        title: "Subscriptions hold over connection after connection.",
        statements: &["MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            still_subscribed(stage, |client| {
                client.disconnect()?;
                for _ in 0..4 {
                    stage.connect(stage.persistent("a"))?.disconnect()?;
                }
                Ok(())
            })
        },
    },
    Case {
        address: "session/unsubscription-outlives-the-connection",
        title: "What was unsubscribed stays so after the next CONNECT.",
        statements: &["MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let (gone, kept) = (stage.topic("gone"), stage.topic("kept"));
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe(&gone, 1)?;
            client.subscribe(&kept, 1)?;
            client.unsubscribe(&gone)?;
            client.disconnect()?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(gone.as_str(), "away")?;
            let mut client = stage.connect(stage.persistent("a"))?;
            publisher.publish_qos1(gone.as_str(), "back")?;
            client.expect_no_message(&mut publisher, &kept, 1)
        },
    },
    Case {
        address: "session/messages-wait-for-an-absent-client",
        title: "Messages of QoS 1 reach a Client that was away when they were published.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| waits(stage, "t", 1, Peer::disconnect),
    },
    Case {
        address: "session/messages-of-qos-2-wait-for-an-absent-client",
        title: "Messages of QoS 2 reach a Client that was away when they were published.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| waits(stage, "t", 2, Peer::disconnect),
    },
    Case {
        address: "session/messages-wait-by-a-plus-filter",
        title: "Messages that match a filter with + reach a Client that was away.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions, Need::Wildcards],
        run: |stage| waits(stage, "+", 1, Peer::disconnect),
    },
    Case {
        address: "session/messages-wait-by-a-hash-filter",
        title: "Messages that match a filter with # reach a Client that was away.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions, Need::Wildcards],
        run: |stage| waits(stage, "#", 1, Peer::disconnect),
    },
    Case {
        address: "session/messages-wait-after-a-lost-connection",
        title: "Messages reach a Client whose connection had ended without a DISCONNECT.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| waits(stage, "t", 1, Peer::drop_connection),
    },
    Case {
        address: "session/messages-wait-right-after-a-reset",
        title: "Messages reach a Client even if nobody had noticed yet that it was gone.",
        statements: &["MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            waits(stage, "t", 1, |client| {
                client.reset();
                Ok(())
            })
        },
    },
    Case {
        address: "session/messages-of-qos-0-for-an-absent-client",
        title: "Whether messages of QoS 0 are kept for a Client that is away is seen.",
        statements: &["U-3.1.2.4-1"],
        level: Level::Observe,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe_at(&topic, 1)?;
            client.disconnect()?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos0(topic.as_str(), "while away")?;
            publisher.fence()?;
            let mut client = stage.connect(stage.persistent("a"))?;
            let messages = client.until_sentinel(&mut publisher, &topic, 1)?;
            let answer = if messages.is_empty() { "dropped" } else { "kept" };
            stage.observe("qos-0-for-an-absent-client", answer);
            Ok(())
        },
    },
    Case {
        address: "session/retained-messages-outlive-a-disconnect",
        title: "A retained message is there after the Session of its publisher has ended.",
        statements: &["MQTT-3.1.2-7"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| still_retained(stage, Peer::disconnect),
    },
    Case {
        address: "session/retained-messages-outlive-a-lost-connection",
        title: "A retained message is there after the connection of its publisher was lost.",
        statements: &["MQTT-3.1.2-7"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| still_retained(stage, Peer::drop_connection),
    },
    Case {
        address: "session/retained-messages-outlive-a-discarded-session",
        title: "A retained message is there after a CONNECT that discards its publisher's Session.",
        statements: &["MQTT-3.1.2-7"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.connect(stage.persistent("p"))?;
            publisher.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            publisher.disconnect()?;
            stage.client("p")?.disconnect()?;
            expect_retained(stage, &topic)
        },
    },
];

/// Subscribes, leaves in the way given, comes back, and only then has something published.
fn still_subscribed(
    stage: &Stage<'_>,
    leave: impl FnOnce(Peer) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut client = stage.connect(stage.persistent("a"))?;
    client.subscribe(&topic, 1)?;
    leave(client)?;
    let mut client = stage.connect(stage.persistent("a"))?;
    // Messages that it never asked for are another rule.
    client.hear_only(stage.topics());
    stage.client("p")?.publish_qos1(topic.as_str(), "back")?;
    client.expect_message(&Delivery::on(topic).payload("back"))?;
    Ok(())
}

/// Subscribes to a filter of this label, leaves in the way given, and comes back for what was
/// published meanwhile.
fn waits(
    stage: &Stage<'_>,
    label: &str,
    qos: u8,
    leave: impl FnOnce(Peer) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut client = stage.connect(stage.persistent("a"))?;
    client.subscribe_at(&stage.topic(label), qos)?;
    leave(client)?;

    let mut publisher = stage.client("p")?;
    for (id, payload) in [(1, "one"), (2, "two")] {
        publisher.complete(Publish::at_qos(qos, id, topic.as_str(), payload))?;
    }
    let mut client = stage.connect(stage.persistent("a"))?;
    client.hear_only(stage.topics());
    for payload in ["one", "two"] {
        client.expect_message(&Delivery::on(topic.as_str()).payload(payload).qos(qos))?;
    }
    Ok(())
}

/// Retains a message, leaves in the way given, and looks for it as somebody else.
fn still_retained(
    stage: &Stage<'_>,
    leave: impl FnOnce(Peer) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut publisher = stage.client("p")?;
    publisher.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
    leave(publisher)?;
    expect_retained(stage, &topic)
}

fn expect_retained(stage: &Stage<'_>, topic: &str) -> Result<(), Finding> {
    let mut late = stage.client("late")?;
    late.subscribe(topic, 0)?;
    late.expect_message(&Delivery::on(topic).payload("kept"))?;
    Ok(())
}
