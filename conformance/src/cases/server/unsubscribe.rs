//! 3.10 UNSUBSCRIBE and 3.11 UNSUBACK.

use crate::case::{Case, Level};
use crate::peer::Delivery;
use crate::wire::Unsubscribe;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "unsubscribe/nothing-new-afterwards",
        title: "After the UNSUBACK no message comes for the filter that was removed.",
        statements: &["MQTT-3.10.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            subscriber.subscribe(&other, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "before")?;
            subscriber
                .expect_message(&Delivery::on(topic.as_str()).payload("before"))
                .map_err(|finding| finding.while_preparing("receive by a subscription"))?;

            subscriber.unsubscribe(&topic)?;
            publisher.publish_qos1(topic.as_str(), "after")?;
            subscriber.expect_no_message(&mut publisher, &other, 1)
        },
    },
    Case {
        address: "unsubscribe/unknown-filter-is-acknowledged",
        title: "An UNSUBSCRIBE gets its UNSUBACK even when no filter matches.",
        statements: &["MQTT-3.10.4-4", "MQTT-3.10.4-5", "MQTT-2.3.1-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in [1, 255, 256, 65_535] {
                client.send(Unsubscribe::new(id).filter(stage.topic("never")))?;
                client.expect_unsuback(id)?;
            }
            Ok(())
        },
    },
];
