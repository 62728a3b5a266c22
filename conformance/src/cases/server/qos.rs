//! 4.3 Quality of Service levels.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "qos/2-sent-again-is-delivered-once",
        title: "A PUBLISH of QoS 2 sent again before its PUBREL is answered, and delivered once.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| sent_again(stage, 1),
    },
    Case {
        address: "qos/2-sent-again-and-again-is-delivered-once",
        title: "A PUBLISH of QoS 2 may be sent again any number of times before its PUBREL.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| sent_again(stage, 3),
    },
];

fn sent_again(stage: &Stage<'_>, times: usize) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&topic, 2)?;
    let mut publisher = stage.client("p")?;
    let publish = Publish::qos2(7, topic.as_str(), "once");
    publisher.send(&publish)?;
    publisher.expect_pubrec(7)?;
    for _ in 0..times {
        publisher.send(publish.clone().dup())?;
        publisher.expect_pubrec(7)?;
    }
    publisher.send(Packet::Pubrel(7))?;
    publisher.expect_pubcomp(7)?;

    let messages = subscriber.until_sentinel(&mut publisher, &topic, 2)?;
    match messages.len() {
        1 => Ok(()),
        copies => Err(Finding::fail("one message", format!("{copies} of them"))),
    }
}
