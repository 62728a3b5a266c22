//! 3.3 PUBLISH.

use crate::case::{Case, Level};
use crate::peer::Delivery;
use crate::wire::{Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "publish/wildcard-in-topic-name-closes",
        title: "A PUBLISH to a Topic Name with a wildcard closes the connection.",
        statements: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for name in ["#", "+", "a/+/b", "a#"] {
                let mut client = stage.client("a")?;
                client.send(Publish::qos1(1, stage.topic(name), "x"))?;
                client.expect_closed()?;
            }
            Ok(())
        },
    },
    Case {
        address: "publish/answers-by-qos",
        title: "A PUBLISH of QoS 0 gets no answer, of QoS 1 a PUBACK, of QoS 2 a PUBREC.",
        statements: &["MQTT-3.3.4-1", "MQTT-2.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.send(Publish::qos0(topic.as_str(), "0"))?;
            client.expect_nothing()?;
            for id in [1, 255, 256, 65_535] {
                client.send(Publish::qos1(id, topic.as_str(), "1"))?;
                client.expect_puback(id)?;
            }
            for id in [1, 255, 256, 65_535] {
                client.send(Publish::qos2(id, topic.as_str(), "2"))?;
                client.expect_pubrec(id)?;
                client.send(Packet::Pubrel(id))?;
                client.expect_pubcomp(id)?;
            }
            client.expect_nothing()
        },
    },
    Case {
        address: "publish/dup-is-not-passed-on",
        title: "A message published with DUP reaches a subscriber without it.",
        statements: &["MQTT-3.3.1-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(9, topic.as_str(), "again?").dup())?;
            subscriber.expect_message(&Delivery::on(topic).payload("again?").dup(false))?;
            Ok(())
        },
    },
];
