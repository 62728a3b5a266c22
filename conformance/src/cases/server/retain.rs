//! 3.3.1.3 RETAIN: messages for subscribers to come.

use crate::case::{Case, Level};
use crate::peer::Delivery;
use crate::wire::Publish;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "retain/kept-for-later-subscribers",
        title: "The last retained message reaches whoever subscribes later, with RETAIN 1.",
        statements: &["MQTT-3.3.1-5", "MQTT-3.3.1-6", "MQTT-3.3.1-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            for payload in ["first", "last"] {
                let id = publisher.fresh_id();
                publisher.complete(Publish::qos1(id, topic.as_str(), payload).retain())?;
            }
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            late.expect_message(&Delivery::on(topic.as_str()).payload("last").retain(true))?;
            late.expect_no_message(&mut publisher, &topic, 1)
        },
    },
    Case {
        address: "retain/flag-cleared-for-established-subscriptions",
        title: "A retained message reaches those who are subscribed already with RETAIN 0.",
        statements: &["MQTT-3.3.1-9"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            stage.client("p")?.complete(Publish::qos1(1, topic.as_str(), "now").retain())?;
            subscriber.expect_message(&Delivery::on(topic).payload("now").retain(false))?;
            Ok(())
        },
    },
    Case {
        address: "retain/empty-payload-clears",
        title: "A retained PUBLISH without a payload is delivered, and removes what was retained.",
        statements: &["MQTT-3.3.1-10", "MQTT-3.3.1-11"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            subscriber
                .expect_message(&Delivery::on(topic.as_str()).payload("kept"))
                .map_err(|finding| finding.while_preparing("have a message retained"))?;

            publisher.complete(Publish::qos1(2, topic.as_str(), "").retain())?;
            subscriber.expect_message(&Delivery::on(topic.as_str()).payload("").retain(false))?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            late.expect_no_message(&mut publisher, &topic, 1)
        },
    },
];
