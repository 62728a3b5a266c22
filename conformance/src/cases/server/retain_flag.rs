//! 3.3.1.3 RETAIN: the flag in what a Server sends.
//!
//! It tells a subscriber why the message comes: 1 because the subscription is new, 0 because it is
//! there already.
//!
//! Clauses: [MQTT-3.3.1-8], [MQTT-3.3.1-9].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::Publish;

macro_rules! cleared {
    ($address:literal, $qos:literal) => {
        Case {
            address: $address,
            title: concat!(
                "A message published to be retained at QoS ",
                $qos,
                " reaches who is subscribed already with RETAIN 0."
            ),
            statements: &["MQTT-3.3.1-9"],
            level: Level::Must,
            needs: &[],
            run: |stage| cleared(stage, &stage.topic("t"), $qos),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    cleared!("retain/flag-cleared-for-established-subscriptions-at-qos-0", 0),
    cleared!("retain/flag-cleared-for-established-subscriptions-at-qos-1", 1),
    cleared!("retain/flag-cleared-for-established-subscriptions-at-qos-2", 2),
    Case {
        address: "retain/flag-cleared-for-established-wildcard-subscriptions",
        title: "A retained message reaches who is subscribed by a wildcard with RETAIN 0.",
        statements: &["MQTT-3.3.1-9"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| cleared(stage, &stage.topic("+"), 1),
    },
    Case {
        address: "retain/flag-tells-new-from-established",
        title: "One message has RETAIN 0 for who was there and RETAIN 1 for who comes later.",
        statements: &["MQTT-3.3.1-8", "MQTT-3.3.1-9"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let message = Delivery::on(topic.as_str()).payload("now");
            let mut early = stage.client("early")?;
            early.subscribe(&topic, 1)?;
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "now").retain())?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;

            // Which of the two is broken is told by the flag alone, not by a message that is
            // missing.
            let message = early
                .expect_message(&message)
                .map_err(|finding| finding.while_preparing("hear of it at once"))?;
            if message.retain {
                return Err(Finding::fail("RETAIN 0", message).of("MQTT-3.3.1-9"));
            }
            let message = late
                .expect_message(&Delivery::on(topic).payload("now"))
                .map_err(|finding| finding.while_preparing("hear of it later"))?;
            if message.retain {
                Ok(())
            } else {
                Err(Finding::fail("RETAIN 1", message).of("MQTT-3.3.1-8"))
            }
        },
    },
    Case {
        address: "retain/flag-cleared-for-who-was-away",
        title: "A message retained while a subscribed Client was away reaches it with RETAIN 0.",
        statements: &["MQTT-3.3.1-9"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut away = stage.connect(stage.persistent("away"))?;
            away.subscribe_at(&topic, 1)?;
            away.disconnect()?;
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "waits").retain())?;

            let waiting = stage
                .resume("away")?
                .expect_any_message()
                .map_err(|finding| finding.while_preparing("receive what has waited"))?;
            let expected = Delivery::on(topic).payload("waits").retain(false);
            if expected.is(&waiting) { Ok(()) } else { Err(Finding::fail(expected, waiting)) }
        },
    },
    Case {
        address: "retain/flag-stays-when-sent-again",
        title: "A retained message that is sent again on a new connection still has RETAIN 1.",
        statements: &["MQTT-3.3.1-8"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let kept = Delivery::on(topic.as_str()).payload("kept");
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe_at(&topic, 1)?;
            subscriber
                .expect_publish(&kept.clone().retain(true))
                .map_err(|finding| finding.while_preparing("receive the retained message"))?;
            subscriber.drop_connection()?;

            let again = stage
                .resume("s")?
                .sooner_or_later(None, Peer::expect_any_message)
                .map_err(|finding| finding.while_preparing("receive the message again"))?;
            let expected = kept.retain(true);
            if expected.is(&again) { Ok(()) } else { Err(Finding::fail(expected, again)) }
        },
    },
];

/// Subscribes to `filter`, and has a message published that is to be retained.
fn cleared(stage: &Stage<'_>, filter: &str, qos: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(filter, qos)?;
    let publish = Publish::at_qos(qos, 1, topic.as_str(), "now").retain();
    stage.client("p")?.complete(publish)?;
    let message = subscriber
        .expect_any_message()
        .map_err(|finding| finding.while_preparing("receive the message"))?;
    let expected = Delivery::on(topic).payload("now").retain(false);
    if expected.is(&message) { Ok(()) } else { Err(Finding::fail(expected, message)) }
}
