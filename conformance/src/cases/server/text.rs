//! 1.5.3 Text that is none: ill-formed UTF-8 and U+0000, in every field of text.
//!
//! A field is spoilt in several ways, each on a connection of its own. A CONNECT is to be closed
//! without an answer: return code 0x02 speaks of identifiers that are well-formed.
//!
//! Clauses: [MQTT-1.5.3-1], [MQTT-1.5.3-2] and those that make a field text.
//! Not here: what is text and must be kept as it is, in `data`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Connect, Publish, Subscribe, Unsubscribe};

/// What to put before and after a good text.
type Spoilt = (&'static [u8], &'static [u8]);

/// Characters in more octets than they need.
const OVERLONG: &[Spoilt] = &[
    (b"", b"\xc0\x80"),         // U+0000 in one too many
    (b"", b"\xc1\xbf"),         // U+007F in one too many
    (b"", b"\xe0\x80\xaf"),     // a slash in two too many
    (b"\xf0\x80\x80\xaf", b""), // in three too many
];

/// Halves of a pair, which UTF-16 needs and UTF-8 must not have.
const SURROGATES: &[Spoilt] = &[
    (b"", b"\xed\xa0\x80"),             // U+D800
    (b"\xed\xaf\xbf", b""),             // U+DBFF
    (b"", b"\xed\xbf\xbf"),             // U+DFFF
    (b"", b"\xed\xa0\xbd\xed\xb8\x80"), // both halves of U+1F600
];

/// Octets that begin no character, or not all of one, or one beyond the last.
const BROKEN: &[Spoilt] = &[
    (b"", b"\x80"),             // the second octet of nothing
    (b"\xc3", b""),             // a first octet, then a letter
    (b"", b"\xe2\x82"),         // two octets of three
    (b"", b"\xf4\x90\x80\x80"), // U+110000
    (b"", b"\xff"),             // never in UTF-8
];

/// U+0000 alone in front, inside, and at the end.
const NULL: &[Spoilt] = &[(b"\0", b""), (b"", b"\0b"), (b"", b"\0")];

macro_rules! closes {
    ($($address:literal: $title:literal, $statements:expr, $field:ident($spoilt:ident);)+) => {
        pub(super) const CASES: &[Case] = &[$(Case {
            address: $address,
            title: $title,
            statements: &$statements,
            level: Level::Must,
            needs: &[],
            run: |stage| $spoilt.iter().try_for_each(|&spoilt| $field(stage, spoilt)),
        }),+];
    };
}

closes! {
    "text/overlong-client-id-closes":
        "A CONNECT whose Client Identifier has an overlong character is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-4", "MQTT-3.1.4-1"], client_id(OVERLONG);
    "text/surrogate-in-client-id-closes":
        "A CONNECT whose Client Identifier has a surrogate is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-4", "MQTT-3.1.4-1"], client_id(SURROGATES);
    "text/broken-client-id-closes":
        "A CONNECT whose Client Identifier has octets of no character is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-4", "MQTT-3.1.4-1"], client_id(BROKEN);
    "text/null-in-client-id-closes":
        "A CONNECT whose Client Identifier has U+0000 is closed, unanswered.",
        ["MQTT-1.5.3-2", "MQTT-3.1.3-4", "MQTT-3.1.4-1"], client_id(NULL);

    "text/overlong-will-topic-closes":
        "A CONNECT whose Will Topic has an overlong character is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-10", "MQTT-3.1.4-1"], will_topic(OVERLONG);
    "text/surrogate-in-will-topic-closes":
        "A CONNECT whose Will Topic has a surrogate is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-10", "MQTT-3.1.4-1"], will_topic(SURROGATES);
    "text/broken-will-topic-closes":
        "A CONNECT whose Will Topic has octets of no character is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-10", "MQTT-3.1.4-1"], will_topic(BROKEN);
    "text/null-in-will-topic-closes":
        "A CONNECT whose Will Topic has U+0000 is closed, unanswered.",
        ["MQTT-1.5.3-2", "MQTT-3.1.3-10", "MQTT-3.1.4-1"], will_topic(NULL);

    "text/overlong-user-name-closes":
        "A CONNECT whose User Name has an overlong character is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-11", "MQTT-3.1.4-1"], user_name(OVERLONG);
    "text/surrogate-in-user-name-closes":
        "A CONNECT whose User Name has a surrogate is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-11", "MQTT-3.1.4-1"], user_name(SURROGATES);
    "text/broken-user-name-closes":
        "A CONNECT whose User Name has octets of no character is closed, unanswered.",
        ["MQTT-1.5.3-1", "MQTT-3.1.3-11", "MQTT-3.1.4-1"], user_name(BROKEN);
    "text/null-in-user-name-closes":
        "A CONNECT whose User Name has U+0000 is closed, unanswered.",
        ["MQTT-1.5.3-2", "MQTT-3.1.3-11", "MQTT-3.1.4-1"], user_name(NULL);

    "text/overlong-topic-name-closes":
        "A PUBLISH whose Topic Name has an overlong character closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.3.2-1"], topic_name(OVERLONG);
    "text/surrogate-in-topic-name-closes":
        "A PUBLISH whose Topic Name has a surrogate closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.3.2-1"], topic_name(SURROGATES);
    "text/broken-topic-name-closes":
        "A PUBLISH whose Topic Name has octets of no character closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.3.2-1"], topic_name(BROKEN);
    "text/null-in-topic-name-closes":
        "A PUBLISH whose Topic Name has U+0000 closes the connection.",
        ["MQTT-1.5.3-2", "MQTT-3.3.2-1", "MQTT-4.7.3-2"], topic_name(NULL);

    "text/overlong-topic-filter-closes":
        "A SUBSCRIBE whose Topic Filter has an overlong character closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.8.3-1"], subscribe(OVERLONG);
    "text/surrogate-in-topic-filter-closes":
        "A SUBSCRIBE whose Topic Filter has a surrogate closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.8.3-1"], subscribe(SURROGATES);
    "text/broken-topic-filter-closes":
        "A SUBSCRIBE whose Topic Filter has octets of no character closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.8.3-1"], subscribe(BROKEN);
    "text/null-in-topic-filter-closes":
        "A SUBSCRIBE whose Topic Filter has U+0000 closes the connection.",
        ["MQTT-1.5.3-2", "MQTT-3.8.3-1", "MQTT-4.7.3-2"], subscribe(NULL);

    "text/overlong-filter-to-unsubscribe-closes":
        "An UNSUBSCRIBE whose Topic Filter has an overlong character closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.10.3-1"], unsubscribe(OVERLONG);
    "text/surrogate-in-filter-to-unsubscribe-closes":
        "An UNSUBSCRIBE whose Topic Filter has a surrogate closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.10.3-1"], unsubscribe(SURROGATES);
    "text/broken-filter-to-unsubscribe-closes":
        "An UNSUBSCRIBE whose Topic Filter has octets of no character closes the connection.",
        ["MQTT-1.5.3-1", "MQTT-3.10.3-1"], unsubscribe(BROKEN);
    "text/null-in-filter-to-unsubscribe-closes":
        "An UNSUBSCRIBE whose Topic Filter has U+0000 closes the connection.",
        ["MQTT-1.5.3-2", "MQTT-3.10.3-1", "MQTT-4.7.3-2"], unsubscribe(NULL);
}

fn spoil(text: &str, (before, after): Spoilt) -> Vec<u8> {
    [before, text.as_bytes(), after].concat()
}

fn client_id(stage: &Stage<'_>, spoilt: Spoilt) -> Result<(), Finding> {
    closes_unanswered(stage, Connect::clean(spoil(&stage.id("a"), spoilt)))
}

fn will_topic(stage: &Stage<'_>, spoilt: Spoilt) -> Result<(), Finding> {
    let topic = spoil(&stage.topic("will"), spoilt);
    closes_unanswered(stage, Connect::clean(stage.id("a")).will(topic, "lost", 0, false))
}

fn user_name(stage: &Stage<'_>, spoilt: Spoilt) -> Result<(), Finding> {
    let mut peer = stage.peer("")?;
    let name = spoil("name", spoilt);
    peer.send_invalid(stage.clean("a").username(name).password("word"))?;
    peer.expect_closed_without_connack()
}

fn closes_unanswered(stage: &Stage<'_>, connect: Connect) -> Result<(), Finding> {
    let mut peer = stage.peer("")?;
    peer.send_invalid(stage.introduce(connect))?;
    peer.expect_closed_without_connack()
}

fn topic_name(stage: &Stage<'_>, spoilt: Spoilt) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(Publish::qos1(1, spoil(&stage.topic("t"), spoilt), "x"))?;
    client.expect_closed()
}

fn subscribe(stage: &Stage<'_>, spoilt: Spoilt) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(Subscribe::new(1).filter(spoil(&stage.topic("t"), spoilt), 0))?;
    client.expect_closed()
}

fn unsubscribe(stage: &Stage<'_>, spoilt: Spoilt) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(Unsubscribe::new(1).filter(spoil(&stage.topic("t"), spoilt)))?;
    client.expect_closed()
}
