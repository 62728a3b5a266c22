//! 3.8.4: a message arrives at the lower of the QoS published and the QoS granted.
//!
//! A subject that grants less than was asked for is held to what it granted.
//!
//! Clauses: [MQTT-3.8.4-6].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::Publish;

macro_rules! arrives {
    ($address:literal, $published:literal => $asked:literal) => {
        Case {
            address: $address,
            title: concat!(
                "A message of QoS ",
                $published,
                " reaches who asks for QoS ",
                $asked,
                " at the lower of this and what is granted."
            ),
            statements: &["MQTT-3.8.4-6"],
            level: Level::Must,
            needs: &[],
            run: |stage| arrives(stage, $published, $asked),
        }
    };
}

macro_rules! granted {
    ($address:literal, $asked:literal) => {
        Case {
            address: $address,
            title: concat!("Who asks for QoS ", $asked, " is granted no more than that."),
            statements: &["MQTT-3.8.4-6", "MQTT-3.8.4-5"],
            level: Level::Must,
            needs: &[],
            run: |stage| match stage.client("a")?.subscribe(&stage.topic("t"), $asked)? {
                0..=$asked => Ok(()),
                granted => Err(Finding::fail(
                    concat!("QoS ", $asked, " at most"),
                    format!("QoS {granted}"),
                )),
            },
        }
    };
}

pub(super) const CASES: &[Case] = &[
    granted!("qos-matrix/no-more-than-0-granted", 0),
    granted!("qos-matrix/no-more-than-1-granted", 1),
    arrives!("qos-matrix/published-0-subscribed-0", 0 => 0),
    arrives!("qos-matrix/published-0-subscribed-1", 0 => 1),
    arrives!("qos-matrix/published-0-subscribed-2", 0 => 2),
    arrives!("qos-matrix/published-1-subscribed-0", 1 => 0),
    arrives!("qos-matrix/published-1-subscribed-1", 1 => 1),
    arrives!("qos-matrix/published-1-subscribed-2", 1 => 2),
    arrives!("qos-matrix/published-2-subscribed-0", 2 => 0),
    arrives!("qos-matrix/published-2-subscribed-1", 2 => 1),
    arrives!("qos-matrix/published-2-subscribed-2", 2 => 2),
    Case {
        address: "qos-matrix/greatest-granted",
        title: "Which QoS is granted to who asks for QoS 2.",
        statements: &["MQTT-3.8.4-6"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let granted = stage.client("a")?.subscribe(&stage.topic("t"), 2)?;
            stage.observe("greatest-qos-granted", granted.to_string());
            Ok(())
        },
    },
];

fn arrives(stage: &Stage<'_>, published: u8, asked: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    let qos = published.min(subscriber.subscribe(&topic, asked)?);
    stage.client("p")?.complete(Publish::at_qos(published, 1, topic.as_str(), "x"))?;
    subscriber.expect_message(&Delivery::on(topic).payload("x").qos(qos))?;
    Ok(())
}
