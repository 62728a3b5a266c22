//! 3.10.4: messages that are on their way when their subscription is removed.
//!
//! A message of a subscription that stays is left open beside the one in question: when that does
//! not come again either, the subject fails to send anything again, which other cases judge.
//!
//! Clauses: [MQTT-3.10.4-3], [U-3.10.4-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Framed, Packet, Publish, Unsubscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "unsubscribe/started-qos-2-goes-on",
        title: "A message of QoS 2 on its way when its filter is removed gets its PUBREL.",
        statements: &["MQTT-3.10.4-3"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 2)?;
            stage.client("p")?.publish_qos2(topic.as_str(), "started")?;
            let message = subscriber
                .expect_publish(&Delivery::on(topic.as_str()).qos(2))
                .map_err(|finding| finding.while_preparing("receive the message"))?;
            subscriber.unsubscribe(&topic)?;
            let Some(id) = message.id else { return Err(Finding::inconclusive("it has no id")) };
            subscriber.send(Packet::Pubrec(id))?;
            subscriber.expect_pubrel(id)?;
            subscriber.send(Packet::Pubcomp(id))
        },
    },
    Case {
        address: "unsubscribe/started-qos-1-is-sent-again",
        title: "A message of QoS 1 on its way when its filter is removed is sent again later.",
        statements: &["MQTT-3.10.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| sent_again(stage, 1),
    },
    Case {
        address: "unsubscribe/started-qos-2-is-sent-again",
        title: "A message of QoS 2 on its way when its filter is removed is sent again later.",
        statements: &["MQTT-3.10.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos2Subscriptions],
        run: |stage| sent_again(stage, 2),
    },
    Case {
        address: "unsubscribe/messages-that-waited",
        title: "Whether messages that waited for a Client come after it has unsubscribed.",
        statements: &["U-3.10.4-1"],
        level: Level::Observe,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe_at(&topic, 1)?;
            subscriber.disconnect()?;
            let mut publisher = stage.client("p")?;
            for _ in 0..3 {
                publisher.publish_qos1(topic.as_str(), "waits")?;
            }

            let mut subscriber = stage.peer("s")?;
            let unsubscribe = Unsubscribe::new(9).filter(topic);
            subscriber.send(stage.persistent("s").then(unsubscribe))?;
            subscriber.expect_accepted()?;
            subscriber.expect_unsuback(9)?;
            let packets = subscriber.fence()?;
            let count = packets.iter().filter(|p| matches!(p, Packet::Publish(_))).count();
            let outcome = if count > 0 { "come" } else { "do not come" };
            stage.observe("messages-that-waited-when-their-filter-is-removed", outcome);
            Ok(())
        },
    },
];

fn sent_again(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let (topic, other) = (stage.topic("t"), stage.topic("other"));
    let mut subscriber = stage.connect(stage.persistent("s"))?;
    subscriber.subscribe_at(&topic, qos)?;
    subscriber.subscribe_at(&other, qos)?;
    let mut publisher = stage.client("p")?;
    publisher.complete(Publish::at_qos(qos, 1, topic.as_str(), "removed"))?;
    publisher.complete(Publish::at_qos(qos, 2, other.as_str(), "stays"))?;
    for _ in [&topic, &other] {
        subscriber
            .expect_any_publish()
            .map_err(|finding| finding.while_preparing("receive two messages at once"))?;
    }
    subscriber.unsubscribe(&topic)?;
    subscriber.drop_connection()?;
    super::acknowledgements::until_sent_again(&mut stage.resume("s")?, &topic)
}
