//! 1.5.3 and 4.7.3: which Topic Names a client has to take.

use super::prelude::*;
use super::receiving::{granted, subscribed};
use crate::wire::quoted;

/// A case in which messages come on these topics: each is acknowledged, and passed on with its
/// topic octet for octet.
macro_rules! taken {
    ($address:literal, $title:literal, $statements:expr, $topics:expr) => {
        for_each!($address, $title, $statements, NEEDS, wants_all, takes, $topics)
    };
}

const NEEDS: &[Ability] = &[Ability::Subscribe, Ability::Sequence];

pub(super) const CASES: &[ClientCase] = &[
    taken!(
        "receiving/topic-is-utf-8",
        "Topic Names with characters of one to four octets are passed on as they are.",
        ["MQTT-1.5.3-1"],
        ["é/日本/😀", "\u{7f}\u{80}\u{7ff}\u{800}", "\u{10000}\u{10fffd}"]
    ),
    taken!(
        "receiving/topic-keeps-a-byte-order-mark",
        "U+FEFF in a Topic Name is a character, wherever it stands.",
        ["MQTT-1.5.3-3"],
        ["\u{feff}a", "a\u{feff}", "a"]
    ),
    taken!(
        "receiving/topic-keeps-its-case-and-its-spaces",
        "Topic Names that differ in case or in spaces are passed on as they are.",
        ["U-4.7.3-3", "U-4.7.3-4"],
        ["A/b", "a/b", " a/b", "a/b ", " "]
    ),
    taken!(
        "receiving/topic-keeps-its-slashes",
        "A slash at the beginning or the end of a Topic Name, and two in a row, are passed on.",
        ["U-4.7.1.1-1", "U-4.7.3-5", "U-4.7.3-6"],
        ["/a", "a/", "/", "a//b"]
    ),
    taken!(
        "receiving/longest-topic",
        "A Topic Name of 65,535 octets is taken, and passed on.",
        ["U-1.5.3-3"],
        ["x".repeat(65_535)]
    ),
    taken!(
        "receiving/deepest-topic",
        "A Topic Name of 32,768 levels is taken, and passed on.",
        ["U-4.7.3-7"],
        ["a/".repeat(32_767) + "a"]
    ),
    ClientCase {
        address: "receiving/control-characters",
        title: "A client takes a control character in a Topic Name, or closes the connection over it.",
        statements: &["U-1.5.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.client()?;
            peer.client_fence(&stage.topic("own"))?;
            peer.send(Publish::qos1(62, "mqttspec/a\u{1}b", "m"))?;
            match peer.expect_puback(62) {
                Ok(()) => stage.observe("control-characters", "takes them"),
                Err(_) if peer.is_closed() => stage.observe("control-characters", "closes"),
                Err(finding) => return Err(finding),
            }
            Ok(())
        },
    },
];

/// A client that has a use for every message.
fn wants_all(stage: &mut ClientStage<'_>) -> Result<Peer, Finding> {
    let (peer, _) = subscribed(stage)?;
    stage.subscribe(&[("#", 2)])?;
    granted(peer)
}

/// Sends a message on this topic, and expects the client to pass it on.
fn takes(stage: &mut ClientStage<'_>, peer: &mut Peer, topic: &str) -> Result<(), Finding> {
    peer.send(Publish::qos1(61, topic, "m"))?;
    peer.expect_puback(61)?;
    let heard = stage.expect_message()?;
    if heard.topic == topic {
        return Ok(());
    }
    let (expected, seen) = (quoted(topic.as_bytes()), quoted(heard.topic.as_bytes()));
    Err(Finding::fail(format!("the topic {expected}"), seen))
}
