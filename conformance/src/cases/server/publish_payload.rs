//! 3.3.2 Variable header and 3.3.3 Payload: where the message begins, and that it comes through.
//!
//! A Packet Identifier too many or too few shows as two octets of payload more or less.
//!
//! Clauses: [U-3.3.2-1], [U-3.3.2.2-1], [U-3.3.3-1]. Not here: packets at the limits of Remaining
//! Length, see 2.2.3.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::stage::Stage;
use crate::wire::Publish;

macro_rules! begins_behind_the_header {
    ($address:literal, $qos:literal) => {
        Case {
            address: $address,
            title: concat!(
                "Where a message of QoS ",
                $qos,
                " reaches its subscriber, the payload follows the last field of the header."
            ),
            statements: &["U-3.3.2-1", "U-3.3.2.2-1"],
            level: Level::Must,
            needs: &[],
            run: |stage| comes_through(stage, $qos, b"\0\x09\0\x01t"),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    begins_behind_the_header!("publish/payload-follows-the-topic-at-qos-0", 0),
    begins_behind_the_header!("publish/payload-follows-the-identifier-at-qos-1", 1),
    begins_behind_the_header!("publish/payload-follows-the-identifier-at-qos-2", 2),
    Case {
        address: "publish/empty-payload-is-delivered",
        title: "A message without a payload is delivered like any other.",
        statements: &["U-3.3.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| comes_through(stage, 1, b""),
    },
    Case {
        address: "publish/every-octet-comes-through",
        title: "A payload of all 256 octets reaches the subscriber as it was published.",
        statements: &["U-3.3.5-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| comes_through(stage, 1, &every_octet()),
    },
    Case {
        address: "publish/64-kib-come-through",
        title: "A payload of 64 KiB reaches the subscriber as it was published.",
        statements: &["U-3.3.5-2"],
        level: Level::Must,
        needs: &[Need::PacketOctets(65_700)],
        run: |stage| large_comes_through(stage, &every_octet().repeat(256)),
    },
    Case {
        address: "publish/256-kib-come-through",
        title: "A payload of 256 KiB reaches the subscriber as it was published.",
        statements: &["U-3.3.5-2"],
        level: Level::Must,
        needs: &[Need::PacketOctets(262_300)],
        run: |stage| large_comes_through(stage, &every_octet().repeat(1024)),
    },
];

/// 0 to 255.
fn every_octet() -> Vec<u8> {
    (0..=u8::MAX).collect()
}

fn comes_through(stage: &Stage<'_>, qos: u8, payload: &[u8]) -> Result<(), Finding> {
    same(received(stage, qos, payload)?, payload)
}

/// As [`comes_through`], for what may be more than the subject is set up to take.
fn large_comes_through(stage: &Stage<'_>, payload: &[u8]) -> Result<(), Finding> {
    let received = received(stage, 1, payload)
        .map_err(|finding| finding.while_preparing("pass a message of that size on"))?;
    same(received, payload)
}

fn received(stage: &Stage<'_>, qos: u8, payload: &[u8]) -> Result<Publish, Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&topic, qos)?;
    stage.client("p")?.complete(Publish::at_qos(qos, 1, topic, payload))?;
    subscriber.expect_any_message()
}

fn same(received: Publish, payload: &[u8]) -> Result<(), Finding> {
    if received.payload == payload {
        return Ok(());
    }
    let expected = match payload.len() {
        0..=48 => format!("payload \"{}\"", payload.escape_ascii()),
        length => format!("the {length} octets that were published"),
    };
    Err(Finding::fail(expected, received))
}
