//! 3.1.2, 3.1.3 A CONNECT in bad order: reserved flag, fields that the flags do not announce,
//! fields that are missing.
//!
//! Some of the rules bind the Client alone. [MQTT-3.1.4-1] has the Server check them all, and
//! close without a CONNACK; one that refuses passes with a warning.
//!
//! Clauses: [MQTT-3.1.2-3], [MQTT-3.1.2-9], [MQTT-3.1.2-11], [MQTT-3.1.2-13] to
//! [MQTT-3.1.2-15], [MQTT-3.1.2-18] to [MQTT-3.1.2-22], [MQTT-3.1.3-3], [MQTT-3.1.4-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Connect, Framed, Octets};

/// Bits of the connect flags.
const RESERVED: u8 = 0x01;
const CLEAN: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_QOS_1: u8 = 0x08;
const WILL_QOS_2: u8 = 0x10;
const WILL_QOS_3: u8 = 0x18;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USER_NAME: u8 = 0x80;

macro_rules! closes {
    ($($address:literal: $title:literal, $statements:expr, |$stage:ident| $make:expr;)+) => {
        pub(super) const CASES: &[Case] = &[$(Case {
            address: $address,
            title: concat!("A CONNECT ", $title, " is closed, unanswered."),
            statements: &$statements,
            level: Level::Must,
            needs: &[],
            run: |$stage| $make.into_iter().try_for_each(|connect| closes($stage, connect)),
        }),+];
    };
}

closes! {
    "connect/reserved-flag-closes": "with the reserved connect flag set",
        ["MQTT-3.1.2-3", "MQTT-3.1.4-1"], |stage| {
            let connect = stage.clean("a");
            let flags = connect.flags_octet();
            [connect.flags(flags | RESERVED)]
        };
    "connect/no-client-id-closes": "that ends before the Client Identifier",
        ["MQTT-3.1.3-3", "MQTT-3.1.4-1"], |stage| {
            let length = stage.id("a").len();
            [plain(stage).shorten(2 + length)]
        };
    "connect/client-id-cut-short-closes": "that ends within the Client Identifier",
        ["MQTT-3.1.3-3", "MQTT-3.1.4-1"], |stage| {
            let length = stage.id("a").len();
            [plain(stage).shorten(1), plain(stage).shorten(length), plain(stage).shorten(length + 1)]
        };
    "connect/variable-header-cut-short-closes": "that ends within its variable header",
        ["MQTT-3.1.4-1"], |stage| {
            let length = stage.id("a").len();
            (3..=12).map(|missing| plain(stage).shorten(length + missing)).collect::<Vec<_>>()
        };
    "connect/surplus-octets-close": "with octets after its last field",
        ["MQTT-3.1.4-1"], |stage| {
            [plain(stage).append(b"\0"), plain(stage).append(b"\0\0"), plain(stage).append(b"\0\x01x")]
        };
    "connect/connect-of-no-octets-closes": "without variable header and payload",
        ["MQTT-3.1.4-1"], |stage| [plain(stage).shorten(usize::MAX)];

    "will/qos-without-will-closes": "with a Will QoS and no Will",
        ["MQTT-3.1.2-11", "MQTT-3.1.2-13", "MQTT-3.1.4-1"], |stage| {
            [WILL_QOS_1, WILL_QOS_2, WILL_QOS_3].map(|qos| plain(stage).flags(CLEAN | qos))
        };
    "will/retain-without-will-closes": "with Will Retain and no Will",
        ["MQTT-3.1.2-11", "MQTT-3.1.2-15", "MQTT-3.1.4-1"], |stage| {
            [plain(stage).flags(CLEAN | WILL_RETAIN)]
        };
    "will/unannounced-fields-close": "with the fields of a Will and no Will Flag",
        ["MQTT-3.1.2-11", "MQTT-3.1.4-1"], |stage| [with_will(stage, 0).flags(CLEAN)];
    "will/missing-fields-close": "with the Will Flag and no Will Topic",
        ["MQTT-3.1.2-9", "MQTT-3.1.4-1"], |stage| [plain(stage).flags(CLEAN | WILL)];
    "will/topic-cut-short-closes": "that ends within the Will Topic",
        ["MQTT-3.1.2-9", "MQTT-3.1.4-1"], |stage| {
            let message = 2 + MESSAGE.len();
            let topic = stage.topic("will").len();
            [with_will(stage, 0).shorten(message + 1), with_will(stage, 0).shorten(message + topic)]
        };
    "will/missing-message-closes": "with a Will Topic and no Will Message",
        ["MQTT-3.1.2-9", "MQTT-3.1.4-1"], |stage| {
            let missing = 2 + MESSAGE.len();
            [with_will(stage, 0).shorten(missing), with_will(stage, 0).shorten(missing - 1)]
        };
    "will/message-cut-short-closes": "that ends within the Will Message",
        ["MQTT-3.1.2-9", "MQTT-3.1.4-1"], |stage| [with_will(stage, 0).shorten(1)];
    "will/qos-3-closes": "with a Will of QoS 3",
        ["MQTT-3.1.2-14", "MQTT-3.1.4-1"], |stage| [with_will(stage, 3)];

    "credentials/missing-user-name-closes": "with the User Name Flag and no User Name",
        ["MQTT-3.1.2-19", "MQTT-3.1.4-1"], |stage| [plain(stage).flags(CLEAN | USER_NAME)];
    "credentials/user-name-cut-short-closes": "that ends within the User Name",
        ["MQTT-3.1.2-19", "MQTT-3.1.4-1"], |stage| {
            [plain(stage).username("name").shorten(1), plain(stage).username("name").shorten(5)]
        };
    "credentials/unannounced-user-name-closes": "with a User Name and no User Name Flag",
        ["MQTT-3.1.2-18", "MQTT-3.1.4-1"], |stage| [plain(stage).username("name").flags(CLEAN)];
    "credentials/missing-password-closes": "with the Password Flag and no Password",
        ["MQTT-3.1.2-21", "MQTT-3.1.4-1"], |stage| {
            [plain(stage).username("name").flags(CLEAN | USER_NAME | PASSWORD)]
        };
    "credentials/password-cut-short-closes": "that ends within the Password",
        ["MQTT-3.1.2-21", "MQTT-3.1.4-1"], |stage| {
            let connect = plain(stage).username("name").password("word");
            [connect.shorten(1), connect.shorten(5)]
        };
    "credentials/unannounced-password-closes": "with a Password and no Password Flag",
        ["MQTT-3.1.2-20", "MQTT-3.1.4-1"], |stage| {
            [plain(stage).username("name").password("word").flags(CLEAN | USER_NAME)]
        };
    "credentials/password-alone-closes": "with a Password and no User Name",
        ["MQTT-3.1.2-22", "MQTT-3.1.4-1"], |stage| [plain(stage).password("word")];
}

/// The payload of the Will in these cases.
const MESSAGE: &str = "message";

/// A CONNECT whose flags are known: what the subject asks of every Client is left out, so that
/// the one field in question is the last.
fn plain(stage: &Stage<'_>) -> Connect {
    Connect::clean(stage.id("a"))
}

fn with_will(stage: &Stage<'_>, qos: u8) -> Connect {
    plain(stage).will(stage.topic("will"), MESSAGE, qos, false)
}

fn closes(stage: &Stage<'_>, connect: impl Octets) -> Result<(), Finding> {
    let mut peer = stage.peer("")?;
    peer.send_invalid(connect)?;
    peer.expect_closed_without_connack()
}
