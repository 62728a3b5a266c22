//! 4.7.1 and 4.7.3: what is a Topic Name, and what is a Topic Filter.
//!
//! The rules bind who writes them; that a Server closes on a breach follows from
//! [MQTT-4.8.0-1]. A SUBACK that refuses the filter keeps it out as well: that is a warning.
//!
//! Clauses: [MQTT-4.7.1-2], [MQTT-4.7.1-3], [MQTT-4.7.3-1], U-4.7.3-7. Names with wildcards are in
//! `publish_topic`, U+0000 in `text`, filters to unsubscribe from in `unsubscribe_filter`.

use crate::case::{Case, Level};
use crate::finding::{Finding, Mismatch};
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Publish, Suback, Subscribe};

/// A case for one rule of a Topic Filter, with filters that break it.
macro_rules! refused {
    ($address:literal, $title:literal, $statement:literal, $filters:expr) => {
        Case {
            address: $address,
            title: $title,
            statements: &[$statement, "MQTT-4.8.0-1"],
            level: Level::Must,
            needs: &[],
            run: |stage| refuses(stage, &$filters),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    refused!(
        "topics/hash-is-the-last-character",
        "A Topic Filter with a # before its end is not granted.",
        "MQTT-4.7.1-2",
        ["#/a", "a/#/b", "a/#/", "#/#"]
    ),
    refused!(
        "topics/hash-is-alone-in-its-level",
        "A Topic Filter with a # beside other characters in its level is not granted.",
        "MQTT-4.7.1-2",
        ["a#", "a/b#", "a/+#", "##"]
    ),
    refused!(
        "topics/plus-is-alone-in-its-level",
        "A Topic Filter with a + beside other characters in its level is not granted.",
        "MQTT-4.7.1-3",
        ["+a", "a+", "a/b+", "a/b+/c", "a/+b/c", "++"]
    ),
    Case {
        address: "topics/empty-filter-in-subscribe",
        title: "A Topic Filter without a character is not granted.",
        statements: &["MQTT-4.7.3-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send_invalid(Subscribe::new(1).filter("", 0))?;
            refused_or_closed(stage, &mut client, "\"\"")
        },
    },
    Case {
        address: "topics/empty-name-in-publish",
        title: "A PUBLISH to a Topic Name without a character closes the connection.",
        statements: &["MQTT-4.7.3-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send_invalid(Publish::qos1(1, "", "x"))?;
            client.expect_closed()
        },
    },
    Case {
        address: "topics/hundred-levels",
        title: "A Topic Name and a Topic Filter may have a hundred levels.",
        statements: &["U-4.7.3-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic(&"/".repeat(97));
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.publish_qos1(topic.as_str(), "deep")?;
            client.expect_message(&Delivery::on(topic).payload("deep"))?;
            Ok(())
        },
    },
    Case {
        address: "topics/deepest",
        title: "How many levels a Topic Name may have is told, up to as many as there can be.",
        statements: &["U-4.7.3-7"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut deepest = "fewer than 200";
            for (levels, name) in
                [(200, "200"), (1_000, "1,000"), (10_000, "10,000"), (65_000, "65,000")]
            {
                let topic = stage.topic(&"/".repeat(levels));
                match accepts(&mut stage.client(&format!("a{levels}"))?, &topic) {
                    Ok(()) => deepest = name,
                    Err(_) => break,
                }
            }
            stage.observe("levels-of-a-topic-at-least", deepest);
            Ok(())
        },
    },
    Case {
        address: "topics/longest-name-and-filter",
        title: "A Topic Name of 65,535 octets, where it is accepted, reaches its subscriber unchanged.",
        statements: &["MQTT-4.5.0-1", "MQTT-4.7.3-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let prefix = stage.topics();
            let topic = format!("{prefix}{}", "x".repeat(65_535 - prefix.len()));
            let mut client = stage.client("a")?;
            accepts(&mut client, &topic).map_err(|finding| {
                Finding::unsupported(format!("no Topic Name of 65,535 octets: {finding}"))
            })?;
            let message = client.expect_any_message().map_err(|finding| match finding {
                // What does not arrive has not been changed.
                Finding::Fail(Mismatch { statement: None, .. }) => finding.of("MQTT-4.5.0-1"),
                other => other,
            })?;
            let expected = Delivery::on(topic).payload("long");
            if expected.is(&message) { Ok(()) } else { Err(Finding::fail(expected, message)) }
        },
    },
];

/// Subscribes to the topic and publishes on it.
fn accepts(client: &mut Peer, topic: &str) -> Result<(), Finding> {
    client.subscribe(topic, 1)?;
    client.publish_qos1(topic, "long")
}

fn refuses(stage: &Stage<'_>, filters: &[&str]) -> Result<(), Finding> {
    for filter in filters {
        let mut client = stage.client("a")?;
        client.send_invalid(Subscribe::new(1).filter(stage.topic(filter), 0))?;
        refused_or_closed(stage, &mut client, filter)?;
    }
    Ok(())
}

/// The SUBSCRIBE just sent closes the connection, or else its filter is refused.
fn refused_or_closed(stage: &Stage<'_>, client: &mut Peer, filter: &str) -> Result<(), Finding> {
    let expected = format!("the connection closed for the filter {filter}");
    match client.expect_suback(1) {
        Ok(codes) if codes == [Suback::FAILURE] => {
            stage.warn(expected, "a SUBACK that refuses it");
            Ok(())
        }
        Ok(codes) => Err(Finding::fail(expected, Suback::new(1, codes))),
        Err(_) if client.is_closed() => client.expect_closed(),
        Err(_) => Err(Finding::fail(expected, "neither that nor a SUBACK")),
    }
}
