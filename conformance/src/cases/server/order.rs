//! 4.6 Message ordering.
//!
//! The order is promised to one subscriber, for one topic at one QoS from one publisher: these
//! cases compare nothing else. Only first copies count; acknowledgements go out in order.
//!
//! Clauses: [MQTT-4.6.0-5], [MQTT-4.6.0-6], which puts [MQTT-4.6.0-1] on the Server as well. The
//! order of answers is in `order_answers`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Octets, Packet, Publish};

const AT_1: &[Need] = &[Need::PersistentSessions, Need::Qos1Subscriptions];
const AT_2: &[Need] = &[Need::PersistentSessions, Need::Qos2Subscriptions];

pub(super) const CASES: &[Case] = &[
    Case {
        address: "order/live-at-qos-0",
        title: "Messages of QoS 0 from one publisher on one topic arrive in order.",
        statements: &["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| live(stage, 0),
    },
    Case {
        address: "order/live-at-qos-1",
        title: "Messages of QoS 1 from one publisher on one topic arrive in order.",
        statements: &["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| live(stage, 1),
    },
    Case {
        address: "order/live-at-qos-2",
        title: "Messages of QoS 2 from one publisher on one topic arrive in order.",
        statements: &["MQTT-4.6.0-5", "MQTT-4.6.0-6"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| live(stage, 2),
    },
    Case {
        address: "order/from-each-of-two-publishers",
        title: "Messages of two publishers on one topic arrive in the order of each of them.",
        statements: &["MQTT-4.6.0-6"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 1)?;
            let (mut one, mut other) = (stage.client("p1")?, stage.client("p2")?);
            for number in 0..COUNT {
                one.publish_qos1(topic.as_str(), [b'1', number])?;
                other.publish_qos1(topic.as_str(), [b'2', number])?;
            }
            let mut next = [0, 0];
            for _ in 0..2 * COUNT {
                let message = subscriber.expect_any_message()?;
                let [publisher, number] = message.payload[..] else {
                    return Err(Finding::fail("a message of two octets", message));
                };
                let next = &mut next[usize::from(publisher == b'2')];
                check(&message, number, *next)?;
                *next += 1;
            }
            Ok(())
        },
    },
    Case {
        address: "order/kept-for-an-absent-client-at-qos-1",
        title: "Messages of QoS 1 that waited for their Client come in the order of their publishing.",
        statements: &["MQTT-4.6.0-6"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| absent(stage, 1),
    },
    Case {
        address: "order/kept-for-an-absent-client-at-qos-2",
        title: "Messages of QoS 2 that waited for their Client come in the order of their publishing.",
        statements: &["MQTT-4.6.0-6"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| absent(stage, 2),
    },
    Case {
        address: "order/kept-before-live",
        title: "What waited for its Client comes before what is published after its return.",
        statements: &["MQTT-4.6.0-6"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| {
            let (topic, mut publisher) = left(stage, 1)?;
            publish(&mut publisher, &topic, 1, 0..10)?;
            let mut subscriber = stage.resume("s")?;
            publish(&mut publisher, &topic, 1, 10..20)?;
            in_order(&mut subscriber, &topic, 0..20)
        },
    },
    Case {
        address: "order/sent-again-at-qos-1",
        title: "Messages of QoS 1 are sent again in the order in which they were sent.",
        statements: &["MQTT-4.6.0-6", "MQTT-4.6.0-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| sent_again(stage, 1),
    },
    Case {
        address: "order/sent-again-at-qos-2",
        title: "Messages of QoS 2 are sent again in the order in which they were sent.",
        statements: &["MQTT-4.6.0-6", "MQTT-4.6.0-1"],
        level: Level::Must,
        needs: AT_2,
        run: |stage| sent_again(stage, 2),
    },
    Case {
        address: "order/sent-again-before-kept",
        title: "What is sent again comes before what was published while the Client was away.",
        statements: &["MQTT-4.6.0-6", "MQTT-4.6.0-1"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| {
            let (topic, subscriber, mut publisher) = owed(stage, 1, 3)?;
            subscriber.drop_connection()?;
            publish(&mut publisher, &topic, 1, 3..8)?;
            no_overtaking(&mut stage.resume("s")?, &topic, 8)
        },
    },
    Case {
        address: "order/the-rest-of-what-was-acknowledged",
        title: "Of five messages, two of them acknowledged, the other three come again in order.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.6.0-6"],
        level: Level::Must,
        needs: AT_1,
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe_at(&topic, 1)?;
            publish(&mut stage.client("p")?, &topic, 1, 0..5)?;
            let messages = take(&mut subscriber, &topic, 5)?;
            subscriber.acknowledge(&messages[0])?;
            subscriber.acknowledge(&messages[1])?;
            subscriber.fence()?;
            subscriber.drop_connection()?;
            let mut subscriber = stage.resume("s")?;
            for expected in &messages[2..] {
                let message = subscriber
                    .sooner_or_later(None, Peer::expect_any_message)
                    .map_err(|finding| finding.while_preparing("have them all sent again"))?;
                if (message.id, &message.payload) != (expected.id, &expected.payload) {
                    return Err(Finding::fail(format!("{expected} again"), message));
                }
            }
            Ok(())
        },
    },
];

/// Messages in a row: many enough to overtake each other, few enough for any queue.
const COUNT: u8 = 50;

/// Publishes ten in one write, and again.
fn live(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe_at(&topic, qos)?;
    let mut publisher = stage.client("p")?;
    for first in (0..COUNT).step_by(10) {
        let numbers = first..first + 10;
        let message =
            |number| Publish::at_qos(qos, u16::from(number) + 1, topic.as_str(), [number]).octets();
        publisher.send(numbers.clone().flat_map(message).collect::<Vec<_>>())?;
        if qos == 2 {
            let ids = numbers.clone().map(|number| u16::from(number) + 1);
            ids.clone()
                .try_for_each(|id| publisher.expect_pubrec(id))
                .map_err(|finding| finding.while_preparing("publish at QoS 2"))?;
            publisher.send(ids.flat_map(|id| Packet::Pubrel(id).octets()).collect::<Vec<_>>())?;
        }
        in_order(&mut subscriber, &topic, numbers)?;
    }
    Ok(())
}

/// Publishes while the subscriber is away.
fn absent(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let (topic, mut publisher) = left(stage, qos)?;
    publish(&mut publisher, &topic, qos, 0..COUNT)?;
    in_order(&mut stage.resume("s")?, &topic, 0..COUNT)
}

fn sent_again(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let (topic, subscriber, _) = owed(stage, qos, 5)?;
    subscriber.drop_connection()?;
    again_in_order(&mut stage.resume("s")?, &topic, 0..5)
}

/// A subscriber that has subscribed and left: the topic, and a publisher.
fn left(stage: &Stage<'_>, qos: u8) -> Result<(String, Peer), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.connect(stage.persistent("s"))?;
    subscriber.subscribe_at(&topic, qos)?;
    subscriber.disconnect()?;
    Ok((topic, stage.client("p")?))
}

/// A subscriber that has read so many messages and answered none: the topic, it, a publisher.
fn owed(stage: &Stage<'_>, qos: u8, count: u8) -> Result<(String, Peer, Peer), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.connect(stage.persistent("s"))?;
    subscriber.subscribe_at(&topic, qos)?;
    let mut publisher = stage.client("p")?;
    publish(&mut publisher, &topic, qos, 0..count)?;
    take(&mut subscriber, &topic, count)?;
    Ok((topic, subscriber, publisher))
}

/// Publishes these numbers one after the other.
fn publish(
    publisher: &mut Peer,
    topic: &str,
    qos: u8,
    mut numbers: std::ops::Range<u8>,
) -> Result<(), Finding> {
    numbers.try_for_each(|number| {
        let id = publisher.fresh_id();
        publisher.complete(Publish::at_qos(qos, id, topic, [number]))
    })
}

/// Takes so many messages without an answer. A Server may have fewer on their way at once.
fn take(subscriber: &mut Peer, topic: &str, count: u8) -> Result<Vec<Publish>, Finding> {
    let take = |_| subscriber.expect_publish(&Delivery::on(topic));
    (0..count)
        .map(take)
        .collect::<Result<_, _>>()
        .map_err(|finding| finding.while_preparing(format!("have {count} messages on their way")))
}

/// Takes messages, acknowledges them, and expects these numbers.
fn in_order(
    subscriber: &mut Peer,
    topic: &str,
    numbers: std::ops::Range<u8>,
) -> Result<(), Finding> {
    for expected in numbers {
        let message = subscriber.expect_message(&Delivery::on(topic))?;
        check(&message, message.payload.first().copied().unwrap_or(u8::MAX), expected)?;
    }
    Ok(())
}

/// The same for what is owed. Whoever does not send it again, or late, fails elsewhere.
fn again_in_order(
    subscriber: &mut Peer,
    topic: &str,
    numbers: std::ops::Range<u8>,
) -> Result<(), Finding> {
    for expected in numbers {
        let message = subscriber
            .sooner_or_later(None, |subscriber| subscriber.expect_message(&Delivery::on(topic)))
            .map_err(|finding| finding.while_preparing("have them all sent again"))?;
        check(&message, message.payload.first().copied().unwrap_or(u8::MAX), expected)?;
    }
    Ok(())
}

/// The messages from 0 on, so many of them, all come within the patience, and none before an
/// earlier one. Who sends again late, or never, has not let anything overtake: that is judged
/// elsewhere.
fn no_overtaking(subscriber: &mut Peer, topic: &str, count: u8) -> Result<(), Finding> {
    let mut messages = Vec::new();
    for _ in 0..count {
        let message = subscriber
            .expect_message(&Delivery::on(topic))
            .map_err(|finding| finding.while_preparing("have all of them at once"))?;
        messages.push(message);
    }
    (0..).zip(&messages).try_for_each(|(expected, message)| {
        check(message, message.payload.first().copied().unwrap_or(u8::MAX), expected)
    })
}

fn check(message: &Publish, seen: u8, expected: u8) -> Result<(), Finding> {
    if seen == expected {
        return Ok(());
    }
    Err(Finding::fail(format!("message {expected}"), format!("message {seen}: {message}")))
}
