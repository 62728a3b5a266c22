//! 3.8.1 and 3.8.3: a SUBSCRIBE that is none, or asks for what is not there to ask for.
//!
//! Clauses: [MQTT-3.8.1-1], [MQTT-3.8.3-3], [MQTT-3.8.3-4]. Not here: filters against the rules of
//! 4.7, text that is no UTF-8, see 1.5.3, Packet Identifier 0, see 2.3.1.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::stage::Stage;
use crate::wire::{Framed, Kind, Octets, Subscribe};

/// A SUBSCRIBE with this octet where the QoS belongs.
macro_rules! qos_octet {
    ($address:literal, $octet:literal, $what:literal) => {
        Case {
            address: $address,
            title: concat!("A SUBSCRIBE ", $what, " closes the connection."),
            statements: &["MQTT-3.8.3-4"],
            level: Level::Must,
            needs: &[],
            run: |stage| closes(stage, Subscribe::new(9).filter(stage.topic("t"), $octet)),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        address: "subscribe/wrong-flags-close",
        title: "A SUBSCRIBE with other flags than 0010 closes the connection.",
        statements: &["MQTT-3.8.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            (0..16).filter(|&flags| flags != Kind::Subscribe.flags()).try_for_each(|flags| {
                let first = Kind::Subscribe.first_byte() & 0xf0 | flags;
                let subscribe = Subscribe::new(9).filter(stage.topic("t"), 0);
                closes(stage, subscribe.with_first_byte(first))
            })
        },
    },
    Case {
        address: "subscribe/no-filter-closes",
        title: "A SUBSCRIBE without a filter closes the connection.",
        statements: &["MQTT-3.8.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Subscribe::new(9)),
    },
    Case {
        address: "subscribe/filter-without-qos-closes",
        title: "A SUBSCRIBE that ends before the QoS of its filter closes the connection.",
        statements: &["MQTT-3.8.3-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Subscribe::new(9).filter(stage.topic("t"), 0).shorten(1)),
    },
    Case {
        address: "subscribe/second-filter-without-qos-closes",
        title: "A SUBSCRIBE that ends before the QoS of its last filter closes the connection.",
        statements: &["MQTT-4.8.0-1", "U-3.8.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let whole = Subscribe::new(9).filter(stage.topic("t"), 0).filter(stage.topic("u"), 0);
            closes(stage, whole.shorten(1))
        },
    },
    qos_octet!("subscribe/qos-3-closes", 0x03, "that asks for QoS 3"),
    qos_octet!("subscribe/reserved-bit-2-closes", 0x04, "with bit 2 of a QoS octet set"),
    qos_octet!("subscribe/reserved-bit-3-closes", 0x08, "with bit 3 of a QoS octet set"),
    qos_octet!("subscribe/reserved-bit-4-closes", 0x10, "with bit 4 of a QoS octet set"),
    qos_octet!("subscribe/reserved-bit-5-closes", 0x20, "with bit 5 of a QoS octet set"),
    qos_octet!("subscribe/reserved-bit-6-closes", 0x40, "with bit 6 of a QoS octet set"),
    qos_octet!("subscribe/reserved-bit-7-closes", 0x80, "with bit 7 of a QoS octet set"),
    qos_octet!("subscribe/reserved-bit-beside-a-qos-closes", 0x41, "for QoS 1 with bit 6 set"),
    Case {
        address: "subscribe/qos-3-after-good-filters-closes",
        title: "A SUBSCRIBE whose last filter alone asks for QoS 3 closes the connection.",
        statements: &["MQTT-3.8.3-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let good = Subscribe::new(9).filter(stage.topic("t"), 0).filter(stage.topic("u"), 1);
            closes(stage, good.filter(stage.topic("v"), 3))
        },
    },
    Case {
        address: "subscribe/good-filters-of-a-malformed-packet",
        title: "Whether the good filters of a SUBSCRIBE that closes the connection are held then.",
        statements: &["MQTT-3.8.3-4"],
        level: Level::Observe,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let (good, control) = (stage.topic("good"), stage.topic("control"));
            let mut subscriber = stage.connect(stage.persistent("s"))?;
            subscriber.subscribe(&control, 1)?;
            let malformed = Subscribe::new(9).filter(good.as_str(), 1);
            subscriber.send_invalid(malformed.filter(stage.topic("bad"), 3))?;
            subscriber.expect_closed_eventually()?;

            let mut subscriber = stage.resume("s")?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(good.as_str(), "x")?;
            let messages = subscriber.until_sentinel(&mut publisher, &control, 1)?;
            let outcome = if messages.is_empty() { "not held" } else { "held" };
            stage.observe("good-filters-of-a-malformed-subscribe", outcome);
            Ok(())
        },
    },
];

fn closes(stage: &Stage<'_>, malformed: impl Octets) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(malformed)?;
    match client.expect_closed() {
        // A return code made of the wrong QoS breaks a rule of its own, but this one first.
        Err(Finding::Fail(mismatch)) => Err(Finding::fail("the connection closed", mismatch.seen)),
        outcome => outcome,
    }
}
