//! 3.3.2 and 4.7: which Topic Names a client sends, and which it does not.

use super::prelude::*;

/// A case in which a client is told to publish on these topics: each arrives octet for octet.
macro_rules! arrives {
    ($address:literal, $title:literal, $statements:expr, $topics:expr) => {
        for_each!($address, $title, $statements, NEEDS, ClientStage::client, publishes, $topics)
    };
}

/// A case in which a client is told to publish on what is no Topic Name: it must not.
macro_rules! kept_back {
    ($address:literal, $title:literal, $statements:expr, $topic:expr) => {
        is_kept_back!($address, $title, $statements, NEEDS, tell, expect, $topic)
    };
}

const NEEDS: &[Ability] = &[Ability::Publish, Ability::Sequence];

pub(super) const CASES: &[ClientCase] = &[
    arrives!(
        "publishing/topic-is-utf-8",
        "A Topic Name with letters of many scripts arrives as UTF-8.",
        ["MQTT-3.3.2-1", "MQTT-1.5.3-1"],
        ["é/日本/😀", "ÿ/\u{10ffff}"]
    ),
    arrives!(
        "publishing/topic-keeps-a-byte-order-mark",
        "U+FEFF in a Topic Name is a character, and is sent.",
        ["MQTT-1.5.3-3"],
        ["\u{feff}a", "a\u{feff}"]
    ),
    arrives!(
        "publishing/topic-keeps-its-case-and-its-spaces",
        "Case and spaces of a Topic Name are sent as they are.",
        ["U-4.7.3-3", "U-4.7.3-4"],
        ["A/b", "a/B", " a b ", " "]
    ),
    arrives!(
        "publishing/topic-keeps-its-slashes",
        "A slash at the beginning or the end of a Topic Name, and two in a row, are sent as they are.",
        ["U-4.7.1.1-1", "U-4.7.3-5", "U-4.7.3-6"],
        ["/a", "a/", "/", "a//b"]
    ),
    kept_back!(
        "publishing/no-plus-in-a-topic-name",
        "A client that is told to publish on a name with + in it does not.",
        ["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        "mqttspec/+/b"
    ),
    kept_back!(
        "publishing/no-hash-in-a-topic-name",
        "A client that is told to publish on a name with # in it does not.",
        ["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        "mqttspec/#"
    ),
    kept_back!(
        "publishing/no-empty-topic-name",
        "A client that is told to publish on an empty name does not.",
        ["MQTT-4.7.3-1"],
        ""
    ),
    kept_back!(
        "publishing/no-null-in-a-topic-name",
        "A client that is told to publish on a name with U+0000 in it does not.",
        ["MQTT-1.5.3-2", "MQTT-4.7.3-2"],
        "mqttspec/a\0b"
    ),
    ClientCase {
        address: "publishing/control-characters",
        title: "A client had better not publish on a name with control characters in it.",
        statements: &["U-1.5.3-1"],
        // Whether to publish it was the program's decision, and so it is no warning.
        level: Level::Observe,
        needs: &[Ability::Publish, Ability::Sequence],
        run: |stage| {
            let mut peer = stage.client()?;
            stage.publish("mqttspec/a\u{1}b", "control", 0)?;
            let topic = stage.topic("t");
            stage.publish(&topic, "right", 0)?;
            let first = peer.expect_any_publish();
            if peer.is_closed() {
                return Ok(());
            }
            let first = first.map_err(|found| found.while_preparing("publish"))?;
            let does = if first.is_on(&topic) { "keeps them back" } else { "sends them" };
            stage.observe("control-characters-in-topic-names", does);
            Ok(())
        },
    },
];

fn tell(stage: &mut ClientStage<'_>, topic: &str, payload: &str) -> Result<(), Finding> {
    stage.publish(topic, payload, 0).map(drop)
}

fn expect(peer: &mut Peer, topic: &str) -> Result<Publish, Finding> {
    peer.expect_publish(&Delivery::on(topic))
}

/// Has the client publish, and expects the message.
fn publishes(stage: &mut ClientStage<'_>, peer: &mut Peer, topic: &str) -> Result<(), Finding> {
    tell(stage, topic, "m")?;
    peer.expect_publish(&Delivery::on(topic).payload("m")).map(drop)
}
