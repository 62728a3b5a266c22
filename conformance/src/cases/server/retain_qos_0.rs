//! 3.3.1.3 RETAIN: messages of QoS 0, which a Server may drop, but not in favour of older ones.
//!
//! A subscriber who is there already shows when the subject has dealt with the message, since
//! nothing confirms it.
//!
//! Clauses: [MQTT-3.3.1-7].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::Publish;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "retain/qos-0-is-kept",
        title: "A message retained at QoS 0 reaches whoever subscribes later.",
        statements: &["MQTT-3.3.1-7"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            seen_by_another(stage, &mut publisher, Publish::qos0(topic.as_str(), "new").retain())?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 0)?;
            let messages = late.until_sentinel(&mut publisher, &topic, 0)?;
            let kept = Delivery::on(topic).payload("new").retain(true);
            if messages.iter().any(|message| kept.is(message)) {
                return Ok(());
            }
            Err(Finding::fail(kept, format!("{} retained messages", messages.len())))
        },
    },
    Case {
        address: "retain/qos-0-ends-the-one-before",
        title: "A message retained at QoS 0 ends what was retained for its topic before.",
        statements: &["MQTT-3.3.1-7"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            publisher.complete(Publish::qos1(7, topic.as_str(), "old").retain())?;
            seen_by_another(stage, &mut publisher, Publish::qos0(topic.as_str(), "new").retain())?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            let messages = late.until_sentinel(&mut publisher, &topic, 1)?;
            match messages.iter().find(|message| message.payload == b"old") {
                Some(old) => Err(Finding::fail("the older message gone", old)),
                None => Ok(()),
            }
        },
    },
    Case {
        address: "retain/qos-0-stays-qos-0",
        title: "A message retained at QoS 0 comes at QoS 0, whatever is asked for.",
        statements: &["MQTT-3.8.4-6"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let mut publisher = stage.client("p")?;
            seen_by_another(stage, &mut publisher, Publish::qos0(topic.as_str(), "new").retain())?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 2)?;
            let messages = late.until_sentinel(&mut publisher, &topic, 0)?;
            match messages.first() {
                Some(message) if message.qos == 0 => Ok(()),
                Some(message) => Err(Finding::fail("PUBLISH of QoS 0", message)),
                None => Err(Finding::inconclusive("the subject has not kept the message")),
            }
        },
    },
];

/// Publishes what nothing confirms, and waits until a subscriber has it.
fn seen_by_another(
    stage: &Stage<'_>,
    publisher: &mut Peer,
    publish: Publish,
) -> Result<(), Finding> {
    let mut witness = stage.client("witness")?;
    witness.subscribe(&String::from_utf8_lossy(&publish.topic), 0)?;
    let passed_on = Delivery::on(publish.topic.as_slice()).payload(publish.payload.as_slice());
    publisher.send(publish)?;
    loop {
        let message = witness
            .expect_any_message()
            .map_err(|finding| finding.while_preparing("see the message passed on"))?;
        // What was retained before comes first.
        if passed_on.is(&message) {
            return witness.disconnect();
        }
    }
}
