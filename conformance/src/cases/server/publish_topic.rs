//! 3.3.2.1 Topic Name: there, without wildcards, and one that the subscription matches.
//!
//! Wildcards stand below the levels of the case, never alone: a broker that passes such a message
//! on would otherwise trouble the cases beside this one.
//!
//! Clauses: [MQTT-3.3.2-1] to [MQTT-3.3.2-3], [U-3.3.2.1-1]. Not here: Topic Names that are no
//! UTF-8, see 1.5.3; which names match which filters, see 4.7.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::stage::Stage;
use crate::wire::{Frame, Framed, Kind, Publish};

/// A Topic Name with a wildcard: its place in words, and its end.
macro_rules! wildcard {
    ($address:literal, $place:literal, $end:literal) => {
        Case {
            address: $address,
            title: concat!("A PUBLISH to a Topic Name with ", $place, " closes the connection."),
            statements: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
            level: Level::Must,
            needs: &[],
            run: |stage| {
                let mut client = stage.client("a")?;
                client.send_invalid(Publish::qos1(1, stage.topic($end), "x"))?;
                client.expect_closed()
            },
        }
    };
}

pub(super) const CASES: &[Case] = &[
    wildcard!("publish/hash-level-in-topic-name-closes", "# for its last level", "a/#"),
    wildcard!("publish/hash-glued-to-topic-name-closes", "# at the end of a level", "a#"),
    wildcard!("publish/plus-level-in-topic-name-closes", "+ for a level", "a/+/b"),
    wildcard!("publish/plus-glued-to-topic-name-closes", "+ within a level", "a+b"),
    Case {
        address: "publish/wildcard-at-qos-0-closes",
        title: "A PUBLISH of QoS 0 to a Topic Name with a wildcard closes the connection.",
        statements: &["MQTT-3.3.2-2", "MQTT-4.7.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send_invalid(Publish::qos0(stage.topic("+"), "x"))?;
            client.expect_closed()
        },
    },
    Case {
        address: "publish/empty-topic-name-closes",
        title: "A PUBLISH to a Topic Name of no characters closes the connection.",
        statements: &["MQTT-4.7.3-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Publish::qos1(1, "", "x").frame()),
    },
    Case {
        address: "publish/no-topic-name-closes",
        title: "A PUBLISH that ends after its fixed header closes the connection.",
        statements: &["MQTT-3.3.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Frame::new(Kind::Publish.first_byte(), Vec::new())),
    },
    Case {
        address: "publish/half-a-topic-name-closes",
        title: "A PUBLISH that ends within its Topic Name closes the connection.",
        statements: &["MQTT-3.3.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Publish::qos0(stage.topic("t"), "").shorten(1)),
    },
    Case {
        address: "publish/topic-name-matches-the-filter",
        title: "The Topic Name of a message matches the Topic Filter of its subscriber.",
        statements: &["MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let received = topic_received(stage, &topic, &topic)?;
            // Without a wildcard, a filter matches the one name that is spelt as it is.
            if received.is_on(&topic) { Ok(()) } else { Err(unlike(&topic, &received)) }
        },
    },
    Case {
        address: "publish/topic-name-matches-the-wildcard-filter",
        title: "The Topic Name of a message matches the wildcard filter of its subscriber.",
        statements: &["MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| {
            let (filter, topic) = (stage.topic("+/c"), stage.topic("b/c"));
            let received = topic_received(stage, &filter, &topic)?;
            let level = received
                .topic
                .strip_prefix(stage.topics().as_bytes())
                .and_then(|rest| rest.strip_suffix(b"/c"));
            if level.is_some_and(|level| !level.contains(&b'/')) {
                Ok(())
            } else {
                Err(unlike(&filter, &received))
            }
        },
    },
    Case {
        address: "publish/nothing-that-no-filter-matches",
        title: "A Client receives no message, retained or new, that none of its filters matches.",
        statements: &["MQTT-3.3.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(7, topic.as_str(), "kept").retain())?;
            publisher.subscribe(&topic, 0)?;
            // Once it has come to somebody, the subject has it to send.
            publisher
                .expect_any_message()
                .map_err(|finding| finding.while_preparing("have a message retained"))?;
            let mut bystander = stage.client("b")?;
            bystander.subscribe(&other, 1)?;
            publisher.publish_qos1(topic.as_str(), "new")?;
            bystander.expect_no_message(&mut publisher, &other, 1)
        },
    },
    Case {
        address: "publish/topic-names-come-out",
        title: "Whether a Topic Name reaches the subscriber as it was published.",
        statements: &["U-3.3.2.1-1"],
        level: Level::Observe,
        needs: &[Need::Wildcards],
        run: |stage| {
            let (filter, topic) = (stage.topic("#"), stage.topic("as/it/is"));
            let kept = topic_received(stage, &filter, &topic)?.is_on(&topic);
            stage.observe("topic-names-come-out", if kept { "as they went in" } else { "changed" });
            Ok(())
        },
    },
];

fn closes(stage: &Stage<'_>, malformed: Frame) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(malformed)?;
    client.expect_closed()
}

/// What reaches a subscriber to `filter` when somebody publishes to `topic`.
fn topic_received(stage: &Stage<'_>, filter: &str, topic: &str) -> Result<Publish, Finding> {
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(filter, 1)?;
    stage.client("p")?.publish_qos1(topic, "x")?;
    subscriber
        .expect_any_message()
        .map_err(|finding| finding.while_preparing("receive the message"))
}

fn unlike(filter: &str, received: &Publish) -> Finding {
    Finding::fail(format!("a Topic Name that matches {filter}"), received)
}
