//! 3.8.3: a Server serves filters with wildcards, or refuses them.
//!
//! Clauses: [MQTT-3.8.3-2], [U-3.8.3-1]. Not here: what a wildcard matches, see 4.7.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Suback, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "subscribe/plus-is-supported",
        title: "A filter with + is granted.",
        statements: &["U-3.8.3-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| granted(stage, "a/+"),
    },
    Case {
        address: "subscribe/hash-is-supported",
        title: "A filter with # is granted.",
        statements: &["U-3.8.3-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| granted(stage, "a/#"),
    },
    Case {
        address: "subscribe/plus-is-served-or-refused",
        title: "A filter with + brings what it matches, or is refused.",
        statements: &["MQTT-3.8.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| served_or_refused(stage, "a/+"),
    },
    Case {
        address: "subscribe/hash-is-served-or-refused",
        title: "A filter with # brings what it matches, or is refused.",
        statements: &["MQTT-3.8.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| served_or_refused(stage, "a/#"),
    },
];

fn granted(stage: &Stage<'_>, filter: &str) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send(Subscribe::new(9).filter(stage.topic(filter), 0))?;
    let codes = client.expect_suback(9)?;
    if codes.contains(&Suback::FAILURE) {
        return Err(Finding::fail(format!("{filter} granted"), "return code 0x80"));
    }
    Ok(())
}

/// What is granted has to be served, not taken as plain text.
fn served_or_refused(stage: &Stage<'_>, filter: &str) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send(Subscribe::new(9).filter(stage.topic(filter), 0))?;
    if client.expect_suback(9)?.contains(&Suback::FAILURE) {
        return Ok(());
    }
    let topic = stage.topic("a/b");
    client.publish_qos1(topic.as_str(), "x")?;
    client.expect_message(&Delivery::on(topic).payload("x"))?;
    Err(Finding::unsupported("the subject serves wildcards, which leaves nothing to refuse"))
}
