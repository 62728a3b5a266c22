//! 3.3.1.1 DUP and 3.3.1.2 QoS: the flags of a PUBLISH.
//!
//! DUP 1 is demanded only of a packet that was read in full before, and DUP 0 only of a message
//! that is new on a connection which resumes nothing.
//!
//! Clauses: [MQTT-3.3.1-1] to [MQTT-3.3.1-4]. Not here: RETAIN, which is about what is kept.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::Publish;

/// A message published with DUP at one QoS, to a subscriber who asks for another.
macro_rules! dup_stays_behind {
    ($address:literal, $published:literal => $asked:literal, $statements:expr) => {
        Case {
            address: $address,
            title: concat!(
                "A message of QoS ",
                $published,
                " published with DUP reaches who asks for QoS ",
                $asked,
                " without DUP."
            ),
            statements: $statements,
            level: Level::Must,
            needs: &[],
            run: |stage| dup_stays_behind(stage, $published, $asked),
        }
    };
}

macro_rules! sent_again {
    ($address:literal, $qos:literal, $need:expr) => {
        Case {
            address: $address,
            title: concat!(
                "A message of QoS ",
                $qos,
                " that is sent again on a new connection has DUP set."
            ),
            statements: &["MQTT-3.3.1-1"],
            level: Level::Must,
            needs: &[Need::PersistentSessions, $need],
            run: |stage| sent_again_has_dup(stage, $qos),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    sent_again!("publish/qos-1-sent-again-has-dup", 1, Need::Qos1Subscriptions),
    sent_again!("publish/qos-2-sent-again-has-dup", 2, Need::Qos2Subscriptions),
    dup_stays_behind!("publish/dup-is-not-passed-on-at-qos-1", 1 => 1, &["MQTT-3.3.1-3"]),
    dup_stays_behind!("publish/dup-is-not-passed-on-at-qos-2", 2 => 2, &["MQTT-3.3.1-3"]),
    dup_stays_behind!(
        "publish/dup-is-not-passed-on-to-qos-0",
        1 => 0,
        &["MQTT-3.3.1-3", "MQTT-3.3.1-2"]
    ),
    Case {
        address: "publish/dup-with-qos-0",
        title: "What becomes of a PUBLISH of QoS 0 that has DUP set.",
        statements: &["MQTT-3.3.1-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send_invalid(Publish::qos0(stage.topic("t"), "x").dup())?;
            let outcome = if client.goes_on()? { "kept" } else { "closed" };
            stage.observe("connection-after-dup-with-qos-0", outcome);
            Ok(())
        },
    },
    Case {
        address: "publish/qos-3-closes",
        title: "A PUBLISH with both QoS bits set closes the connection.",
        statements: &["MQTT-3.3.1-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| qos_3_closes(stage, Some(1)),
    },
    Case {
        address: "publish/qos-3-without-identifier-closes",
        title: "A PUBLISH with both QoS bits set and no Packet Identifier closes the connection.",
        statements: &["MQTT-3.3.1-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| qos_3_closes(stage, None),
    },
];

fn dup_stays_behind(stage: &Stage<'_>, published: u8, asked: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&topic, asked)?;
    let publish = Publish::at_qos(published, 9, topic.as_str(), "again?").dup();
    stage.client("p")?.complete(publish)?;
    let message = subscriber
        .expect_any_message()
        .map_err(|finding| finding.while_preparing("receive the message"))?;
    let expected = Delivery::on(topic).payload("again?").dup(false);
    if expected.is(&message) { Ok(()) } else { Err(Finding::fail(expected, message)) }
}

/// A message is read, not acknowledged, and comes again when the Session is resumed.
fn sent_again_has_dup(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let message = Delivery::on(topic.as_str()).payload("again");
    let mut subscriber = stage.connect(stage.persistent("s"))?;
    subscriber.subscribe_at(&topic, qos)?;
    stage.client("p")?.complete(Publish::at_qos(qos, 1, topic.as_str(), "again"))?;
    subscriber
        .expect_publish(&message)
        .map_err(|finding| finding.while_preparing("receive the message"))?;
    subscriber.drop_connection()?;

    let mut subscriber = stage.resume("s")?;
    let again = subscriber
        .sooner_or_later(None, |subscriber| subscriber.expect_publish(&message))
        .map_err(|finding| finding.while_preparing("receive the message again"))?;
    subscriber.acknowledge(&again)?;
    if again.dup { Ok(()) } else { Err(Finding::fail("PUBLISH with DUP 1", again)) }
}

fn qos_3_closes(stage: &Stage<'_>, id: Option<u16>) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(Publish { qos: 3, id, ..Publish::qos0(stage.topic("t"), "x") })?;
    client.expect_closed()
}
