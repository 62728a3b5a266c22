//! 1.5 Data representations: text.

use crate::case::{Case, Level};
use crate::wire::{Connect, Publish, Subscribe};

/// Octets that begin no character, or end too early, or say what must not be said in UTF-8.
const ILL_FORMED: [&[u8]; 6] = [
    b"\xc0\x80",         // U+0000 in one octet too many
    b"\xe0\x80\xaf",     // a slash in two octets too many
    b"\xed\xa0\x80",     // U+D800, half of a pair
    b"\xed\xbf\xbf",     // U+DFFF, the other half
    b"\xf4\x90\x80\x80", // beyond U+10FFFF
    b"\x80",             // the second octet of nothing
];

pub(super) const CASES: &[Case] = &[
    Case {
        address: "text/ill-formed-client-id-closes",
        title: "A CONNECT whose Client Identifier is not UTF-8 closes the connection, unanswered.",
        statements: &["MQTT-1.5.3-1", "MQTT-3.1.3-4", "MQTT-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for octets in ILL_FORMED {
                let mut peer = stage.peer("")?;
                let id = [stage.id("a").as_bytes(), octets].concat();
                peer.send(stage.introduce(Connect::clean(id)))?;
                peer.expect_closed_without_connack()?;
            }
            Ok(())
        },
    },
    Case {
        address: "text/ill-formed-topic-name-closes",
        title: "A PUBLISH whose Topic Name is not UTF-8 closes the connection.",
        statements: &["MQTT-1.5.3-1", "MQTT-3.3.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for octets in ILL_FORMED {
                let mut client = stage.client("a")?;
                let topic = [stage.topic("t").as_bytes(), octets].concat();
                client.send(Publish::qos1(1, topic, "x"))?;
                client.expect_closed()?;
            }
            Ok(())
        },
    },
    Case {
        address: "text/null-in-topic-filter-closes",
        title: "A SUBSCRIBE with U+0000 in its Topic Filter closes the connection.",
        statements: &["MQTT-1.5.3-2", "MQTT-4.7.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for filter in ["\0", "a\0b", "a/\0"] {
                let mut client = stage.client("a")?;
                client.send(Subscribe::new(1).filter(stage.topic(filter), 0))?;
                client.expect_closed()?;
            }
            Ok(())
        },
    },
];
