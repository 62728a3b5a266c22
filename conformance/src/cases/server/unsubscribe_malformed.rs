//! 3.10.1 and 3.10.3: an UNSUBSCRIBE that is none.
//!
//! Clauses: [MQTT-3.10.1-1], [MQTT-3.10.3-1], [MQTT-3.10.3-2]. Not here: text that is no UTF-8, see
//! 1.5.3, and Packet Identifier 0, see 2.3.1.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Framed, Kind, Octets, Unsubscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "unsubscribe/wrong-flags-close",
        title: "An UNSUBSCRIBE with other flags than 0010 closes the connection.",
        statements: &["MQTT-3.10.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            (0..16).filter(|&flags| flags != Kind::Unsubscribe.flags()).try_for_each(|flags| {
                let first = Kind::Unsubscribe.first_byte() & 0xf0 | flags;
                let unsubscribe = Unsubscribe::new(9).filter(stage.topic("t"));
                closes(stage, unsubscribe.with_first_byte(first))
            })
        },
    },
    Case {
        address: "unsubscribe/no-filter-closes",
        title: "An UNSUBSCRIBE without a filter closes the connection.",
        statements: &["MQTT-3.10.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Unsubscribe::new(9)),
    },
    Case {
        address: "unsubscribe/half-a-filter-closes",
        title: "An UNSUBSCRIBE that ends within its filter closes the connection.",
        statements: &["MQTT-3.10.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Unsubscribe::new(9).filter(stage.topic("t")).shorten(1)),
    },
    Case {
        address: "unsubscribe/gap-after-a-filter-closes",
        title: "An UNSUBSCRIBE with an octet behind its last filter closes the connection.",
        statements: &["MQTT-3.10.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| closes(stage, Unsubscribe::new(9).filter(stage.topic("t")).append(&[0])),
    },
];

fn closes(stage: &Stage<'_>, malformed: impl Octets) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(malformed)?;
    client.expect_closed()
}
