//! 4.4 Message delivery retry: what a Session still owes comes again with the next connection.
//!
//! Only what was read before is expected again, and only with DUP if it was. When the Client is
//! back is the one moment at which the standard demands it.
//!
//! Clauses: [MQTT-4.4.0-1], [MQTT-3.3.1-1], and of [MQTT-4.3.2-1] and [MQTT-4.3.3-1] how long a
//! message counts as unacknowledged.

use std::time::Instant;

use crate::case::{Case, Level};
use crate::finding::{Finding, Mismatch};
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Packet, Publish};

use super::acknowledgements::until_sent_again;

const AT_1: &[Need] = &[Need::PersistentSessions, Need::Qos1Subscriptions];
const AT_2: &[Need] = &[Need::PersistentSessions, Need::Qos2Subscriptions];

pub(super) const CASES: &[Case] = &[
    Case {
        address: "redelivery/qos-1-without-puback",
        title: "A message of QoS 1 without its PUBACK comes again, under the same identifier.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.3.2-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| again(stage, 1),
    },
    Case {
        address: "redelivery/qos-2-without-pubrec",
        title: "A message of QoS 2 without its PUBREC comes again, under the same identifier.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| again(stage, 2),
    },
    Case {
        address: "redelivery/qos-1-has-dup",
        title: "A message of QoS 1 that comes again has DUP set.",
        statements: &["MQTT-3.3.1-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| has_dup(stage, 1),
    },
    Case {
        address: "redelivery/qos-2-has-dup",
        title: "A message of QoS 2 that comes again has DUP set.",
        statements: &["MQTT-3.3.1-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| has_dup(stage, 2),
    },
    Case {
        address: "redelivery/until-acknowledged",
        title: "A message of QoS 1 comes again with every connection until it is acknowledged.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.3.2-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| {
            let (mut subscriber, message) = unacknowledged(stage, 1)?;
            for _ in 0..3 {
                subscriber.drop_connection()?;
                subscriber = stage.resume("s")?;
                let begin = Instant::now();
                expect_again(&mut subscriber, &message)?;
                if begin.elapsed() > stage.patience() {
                    // Late each time, it would take minutes.
                    break;
                }
            }
            subscriber.acknowledge(&message)
        },
    },
    Case {
        address: "redelivery/after-disconnect",
        title: "A message of QoS 1 comes again also to a Client that left by DISCONNECT.",
        statements: &["MQTT-4.4.0-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| {
            let (subscriber, message) = unacknowledged(stage, 1)?;
            subscriber.disconnect()?;
            expect_again(&mut stage.resume("s")?, &message)
        },
    },
    Case {
        address: "redelivery/after-takeover",
        title: "A message of QoS 1 comes again to a connection that takes over the Session.",
        statements: &["MQTT-4.4.0-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| {
            let (_older, message) = unacknowledged(stage, 1)?;
            expect_again(&mut stage.resume("s")?, &message)
        },
    },
    Case {
        address: "redelivery/acknowledged-at-qos-1",
        title: "A message of QoS 1 that was acknowledged does not come again.",
        statements: &["MQTT-4.3.2-1"],
        // At least once is at least once: nothing forbids it in so many words.
        level: Level::Should,
        needs: AT_1,
        run: |stage| not_again(stage, 1),
    },
    Case {
        address: "redelivery/completed-at-qos-2",
        title: "A message of QoS 2 whose exchange is complete does not come again.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| not_again(stage, 2),
    },
    Case {
        address: "redelivery/pubrel-without-pubcomp",
        title: "A PUBREL without its PUBCOMP comes again, under the same identifier.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| {
            let (mut subscriber, id) = received(stage)?;
            for _ in 0..2 {
                subscriber.drop_connection()?;
                subscriber = stage.resume("s")?;
                let begin = Instant::now();
                subscriber
                    .sooner_or_later(Some(SENT_AGAIN), |s| s.expect_pubrel(id))
                    .map_err(only_not_sent_again)?;
                if begin.elapsed() > stage.patience() {
                    break;
                }
            }
            subscriber.send(Packet::Pubcomp(id))
        },
    },
    Case {
        address: "redelivery/no-publish-after-pubrel",
        title: "A PUBLISH of QoS 2 does not come again once its PUBREL was sent.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| {
            let (subscriber, id) = received(stage)?;
            subscriber.drop_connection()?;
            let mut subscriber = stage.resume("s")?;
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            // Whoever sends no PUBREL here fails elsewhere.
            subscriber.send(Packet::Pubcomp(id))?;
            let messages = subscriber.until_sentinel(&mut publisher, &topic, 2)?;
            match messages.first() {
                Some(message) => Err(Finding::fail("no PUBLISH", message)),
                None => Ok(()),
            }
        },
    },
    Case {
        address: "redelivery/pubrec-that-may-be-lost",
        title: "After a PUBREC that may have been lost, the same PUBLISH or its PUBREL comes.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| {
            let (mut subscriber, message) = unacknowledged(stage, 2)?;
            let id = message.id.unwrap_or_default();
            subscriber.send(Packet::Pubrec(id))?;
            subscriber.reset();
            let mut subscriber = stage.resume("s")?;
            match subscriber.sooner_or_later(Some(SENT_AGAIN), Peer::expect_any)? {
                Packet::Pubrel(again) if again == id => subscriber.send(Packet::Pubcomp(id)),
                Packet::Publish(publish) if is_same(&publish, &message) => {
                    subscriber.acknowledge(&publish)
                }
                other => {
                    let expected = format!("PUBREL id={id}, or the PUBLISH of that id");
                    Err(Finding::fail(expected, other))
                }
            }
        },
    },
    Case {
        address: "redelivery/puback-ends-no-qos-2",
        title: "A PUBACK does not acknowledge a message of QoS 2: it comes again, if not at once a close.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| not_ended(stage, 2, Packet::Puback),
    },
    Case {
        address: "redelivery/pubcomp-ends-no-qos-2",
        title: "A PUBCOMP before any PUBREC does not end the exchange: the message comes again.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| not_ended(stage, 2, Packet::Pubcomp),
    },
    Case {
        address: "redelivery/puback-of-another-identifier",
        title: "A PUBACK of another identifier acknowledges nothing: the message comes again.",
        statements: &["MQTT-4.3.2-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| not_ended(stage, 1, |id| Packet::Puback(id ^ 0x0100)),
    },
];

/// By it a message comes again with the next connection; when, it does not say.
const SENT_AGAIN: &str = "MQTT-4.4.0-1";

/// A subscriber with a Session that is kept, and a message it has read and not answered.
fn unacknowledged(stage: &Stage<'_>, qos: u8) -> Result<(Peer, Publish), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.connect(stage.persistent("s"))?;
    subscriber.subscribe_at(&topic, qos)?;
    let mut publisher = stage.client("p")?;
    let id = publisher.fresh_id();
    publisher.complete(Publish::at_qos(qos, id, topic.as_str(), "owed"))?;
    let message = subscriber
        .expect_publish(&Delivery::on(topic).payload("owed").qos(qos))
        .map_err(|finding| finding.while_preparing("receive the message"))?;
    Ok((subscriber, message))
}

/// A subscriber that has answered PUBREC and read the PUBREL, and the Packet Identifier.
fn received(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    let (mut subscriber, message) = unacknowledged(stage, 2)?;
    let id = message.id.unwrap_or_default();
    subscriber.send(Packet::Pubrec(id))?;
    subscriber
        .expect_pubrel(id)
        .map_err(|finding| finding.while_preparing("receive the PUBREL"))?;
    Ok((subscriber, id))
}

/// The connection ends, and the message comes again on the next.
fn again(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let (subscriber, message) = unacknowledged(stage, qos)?;
    subscriber.drop_connection()?;
    let mut subscriber = stage.resume("s")?;
    expect_again(&mut subscriber, &message)?;
    subscriber.acknowledge(&message)
}

/// An answer that does not fit does not keep the message from coming again.
///
/// Another message is not answered at all: when that does not come again either, the subject
/// sends nothing again, or late, and has not been shown to take the answer for the right one.
fn not_ended(stage: &Stage<'_>, qos: u8, answer: fn(u16) -> Packet) -> Result<(), Finding> {
    let other = stage.topic("other");
    let (mut subscriber, message) = unacknowledged(stage, qos)?;
    subscriber.subscribe_at(&other, qos)?;
    stage.client("q")?.complete(Publish::at_qos(qos, 1, other.as_str(), "not answered"))?;
    subscriber
        .expect_publish(&Delivery::on(other).qos(qos))
        .map_err(|finding| finding.while_preparing("receive two messages at once"))?;
    wrong_answer(&mut subscriber, answer(message.id.unwrap_or_default()))?;
    subscriber.drop_connection()?;
    until_sent_again(&mut stage.resume("s")?, &stage.topic("t"))
}

/// Sends an answer that does not fit, and waits until it has been read: the Server may well
/// close, but must not take it for the right one.
fn wrong_answer(subscriber: &mut Peer, answer: Packet) -> Result<(), Finding> {
    subscriber.send(answer)?;
    match subscriber.fence() {
        Err(finding) if !subscriber.is_closed() => Err(finding),
        _ => Ok(()),
    }
}

fn has_dup(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let (subscriber, message) = unacknowledged(stage, qos)?;
    subscriber.drop_connection()?;
    let mut subscriber = stage.resume("s")?;
    let repeat = subscriber
        .sooner_or_later(None, Peer::expect_any_publish)
        .map_err(|finding| finding.while_preparing("receive the message again"))?;
    if !is_same(&repeat, &message) {
        return Err(Finding::inconclusive(format!("it was {repeat} that came again")));
    }
    if repeat.dup { Ok(()) } else { Err(Finding::fail("DUP set", repeat)) }
}

fn not_again(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let (mut subscriber, message) = unacknowledged(stage, qos)?;
    subscriber.acknowledge(&message)?;
    subscriber.fence()?;
    subscriber.drop_connection()?;
    let mut publisher = stage.client("q")?;
    stage.resume("s")?.expect_no_message(&mut publisher, &stage.topic("t"), qos)
}

/// The message comes again: with what makes it the same, whatever its DUP.
///
/// When nothing comes it may still count as unacknowledged: only the re-sending failed.
fn expect_again(subscriber: &mut Peer, message: &Publish) -> Result<(), Finding> {
    let repeat = subscriber
        .sooner_or_later(Some(SENT_AGAIN), Peer::expect_any_publish)
        .map_err(only_not_sent_again)?;
    if is_same(&repeat, message) {
        return Ok(());
    }
    Err(Finding::fail(format!("{message} again"), repeat))
}

/// Narrows a breach to the one statement that what did not come again breaks.
fn only_not_sent_again(finding: Finding) -> Finding {
    match finding {
        Finding::Fail(Mismatch { statement: None, .. }) => finding.of(SENT_AGAIN),
        other => other,
    }
}

fn is_same(repeat: &Publish, message: &Publish) -> bool {
    (repeat.id, repeat.qos, &repeat.topic, &repeat.payload)
        == (message.id, message.qos, &message.topic, &message.payload)
}
