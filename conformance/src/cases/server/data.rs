//! 1.5 Data representations: numbers, and text that is to be kept as it is.
//!
//! Clauses: [MQTT-1.5.3-1] where it allows, [MQTT-1.5.3-3], U-1.5.2-1, U-1.5.3-2, U-1.5.3-3.
//! Not here: what is no text, in `text`; data that is no text, beside its fields.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Connect, Framed, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "data/integers-begin-with-the-high-octet",
        title: "A Packet Identifier 01 00 comes back as 01 00, and 00 01 as 00 01.",
        statements: &["U-1.5.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in [0x0100, 0x0001, 0xff00, 0x1234] {
                client.send(Publish::qos1(id, stage.topic("t"), "x"))?;
                client.expect_puback(id)?;
            }
            Ok(())
        },
    },
    Case {
        address: "data/characters-of-every-length-are-kept",
        title: "Characters of two, three and four octets pass unchanged in topics.",
        statements: &["MQTT-1.5.3-1"],
        level: Level::Must,
        needs: &[],
        // The ends of each range, the gap of the surrogates included; no control characters and
        // no non-characters, over which a Server may close.
        run: |stage| {
            passes(stage, "\u{a0}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10fffd}/é€😀")
        },
    },
    Case {
        address: "data/u-feff-within-a-topic-is-kept",
        title: "U+FEFF within a topic is a character like any other.",
        statements: &["MQTT-1.5.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| passes(stage, "a\u{feff}b"),
    },
    Case {
        address: "data/u-feff-before-a-topic-is-kept",
        title: "U+FEFF at the start of a topic is delivered, and is part of what matches.",
        statements: &["MQTT-1.5.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let plain = stage.topic("t");
            let marked = format!("\u{feff}{plain}");
            let mut subscriber = stage.client("marked")?;
            subscriber.subscribe(&marked, 0)?;
            let mut other = stage.client("plain")?;
            other.subscribe(&plain, 0)?;

            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(marked.as_str(), "x")?;
            subscriber.expect_message(&Delivery::on(marked))?;
            other.expect_no_message(&mut publisher, &plain, 1)
        },
    },
    Case {
        address: "data/u-feff-tells-client-ids-apart",
        title: "Two Client Identifiers that differ by U+FEFF alone have two Sessions.",
        statements: &["MQTT-1.5.3-3", "MQTT-3.1.3-2"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut peer = stage.peer("marked")?;
            let id = format!("\u{feff}{}", stage.id("a"));
            peer.send(stage.introduce(Connect::persistent(id)))?;
            let connack = peer.expect_connack().map_err(|f| f.while_preparing("use such an id"))?;
            match (connack.code, connack.session_present) {
                (0, false) => Ok(()),
                (0, true) => Err(Finding::fail("no Session present", connack)),
                _ => Err(Finding::unsupported("the subject takes no client id with U+FEFF")),
            }
        },
    },
    Case {
        address: "data/longest-text-is-taken",
        title: "A topic of 65,535 octets, the most that the length can tell, passes unchanged.",
        statements: &["U-1.5.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let rest = usize::from(u16::MAX) - stage.topics().len();
            passes(stage, &"x".repeat(rest))
        },
    },
    Case {
        address: "data/control-characters",
        title: "What becomes of control characters in a Topic Name is seen.",
        statements: &["U-1.5.3-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let taken = taken_in_topic(stage, ["\u{1}", "\u{1f}", "\u{7f}", "\u{9f}"])?;
            stage.observe("control-characters-in-a-topic-name", taken);
            Ok(())
        },
    },
    Case {
        address: "data/non-characters",
        title: "What becomes of Unicode non-characters in a Topic Name is seen.",
        statements: &["U-1.5.3-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let taken = taken_in_topic(stage, ["\u{fdd0}", "\u{ffff}", "\u{1fffe}", "\u{10ffff}"])?;
            stage.observe("non-characters-in-a-topic-name", taken);
            Ok(())
        },
    },
];

/// Publishes to a topic that ends so, and expects the message under the very same name.
fn passes(stage: &Stage<'_>, label: &str) -> Result<(), Finding> {
    let topic = stage.topic(label);
    let mut client = stage.client("a")?;
    client.subscribe(&topic, 0)?;
    client.publish_qos1(topic.as_str(), "x")?;
    client.expect_message(&Delivery::on(topic))?;
    Ok(())
}

/// Which of these characters the subject takes in a Topic Name, and over which it closes.
fn taken_in_topic(stage: &Stage<'_>, characters: [&str; 4]) -> Result<String, Finding> {
    let mut answers = Vec::new();
    for (label, character) in ["a", "b", "c", "d"].into_iter().zip(characters) {
        // Each a Client of its own: some brokers hold up one that comes back too often.
        let mut client = stage.client(label)?;
        let topic = stage.topic(&format!("a{character}b"));
        client.send(Publish::qos0(topic, "x").then(Packet::Pingreq))?;
        let answer = match client.expect_pingresp() {
            Ok(()) => "taken",
            Err(_) if client.is_closed() => "closes",
            Err(finding) => return Err(finding),
        };
        answers.push(format!("{} {answer}", character.escape_unicode()));
    }
    Ok(answers.join(", "))
}
