//! 3.3.1.3 RETAIN: what takes a retained message away, and what leaves it alone.
//!
//! Each message goes past a subscriber who is there already: once that has it, the subject has
//! dealt with it, also at QoS 0, and whoever subscribes then must see the effect.
//!
//! Clauses: [MQTT-3.3.1-10] to [MQTT-3.3.1-12], [U-3.3.1.3-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::Publish;

/// A rule for a message of each QoS: `run` takes the stage and the QoS.
macro_rules! for_each_qos {
    ($([$q0:literal, $q1:literal, $q2:literal] $title:literal, $statements:expr, $run:expr;)*) => {
        &[$(
            for_each_qos!(@ $q0, 0, $title, $statements, $run),
            for_each_qos!(@ $q1, 1, $title, $statements, $run),
            for_each_qos!(@ $q2, 2, $title, $statements, $run),
        )*]
    };
    (@ $address:literal, $qos:literal, $title:literal, $statements:expr, $run:expr) => {
        Case {
            address: $address,
            title: concat!("At QoS ", $qos, $title),
            statements: $statements,
            level: Level::Must,
            needs: &[Need::RetainedMessages],
            run: |stage| $run(stage, $qos),
        }
    };
}

pub(super) const CASES: &[Case] = for_each_qos! {
    [
        "retain/empty-payload-is-delivered-at-qos-0",
        "retain/empty-payload-is-delivered-at-qos-1",
        "retain/empty-payload-is-delivered-at-qos-2"
    ]
    " a retained PUBLISH without a payload reaches who is subscribed, with RETAIN 0.",
    &["MQTT-3.3.1-10", "U-3.3.1.3-1"],
    empty_is_delivered;

    [
        "retain/empty-payload-clears-at-qos-0",
        "retain/empty-payload-clears-at-qos-1",
        "retain/empty-payload-clears-at-qos-2"
    ]
    " a retained PUBLISH without a payload removes what was retained for its topic.",
    &["MQTT-3.3.1-10"],
    empty_clears;

    [
        "retain/empty-payload-is-not-kept-at-qos-0",
        "retain/empty-payload-is-not-kept-at-qos-1",
        "retain/empty-payload-is-not-kept-at-qos-2"
    ]
    " a retained PUBLISH without a payload is not kept where nothing was.",
    &["MQTT-3.3.1-11"],
    empty_is_not_kept;

    [
        "retain/empty-payload-leaves-other-topics-at-qos-0",
        "retain/empty-payload-leaves-other-topics-at-qos-1",
        "retain/empty-payload-leaves-other-topics-at-qos-2"
    ]
    " a retained PUBLISH without a payload leaves what is retained for other topics.",
    &["MQTT-3.3.1-6"],
    empty_leaves_others;

    [
        "retain/cleared-topic-can-be-set-again-at-qos-0",
        "retain/cleared-topic-can-be-set-again-at-qos-1",
        "retain/cleared-topic-can-be-set-again-at-qos-2"
    ]
    " a topic can be cleared, and a message be retained for it again.",
    &["MQTT-3.3.1-5"],
    set_again;

    [
        "retain/flag-0-is-not-kept-at-qos-0",
        "retain/flag-0-is-not-kept-at-qos-1",
        "retain/flag-0-is-not-kept-at-qos-2"
    ]
    " a PUBLISH with RETAIN 0 is not kept.",
    &["MQTT-3.3.1-12"],
    unretained_is_not_kept;

    [
        "retain/flag-0-does-not-replace-at-qos-0",
        "retain/flag-0-does-not-replace-at-qos-1",
        "retain/flag-0-does-not-replace-at-qos-2"
    ]
    " a PUBLISH with RETAIN 0 does not replace what is retained.",
    &["MQTT-3.3.1-12"],
    unretained_does_not_replace;

    [
        "retain/flag-0-does-not-clear-at-qos-0",
        "retain/flag-0-does-not-clear-at-qos-1",
        "retain/flag-0-does-not-clear-at-qos-2"
    ]
    " a PUBLISH with RETAIN 0 and no payload does not clear what is retained.",
    &["MQTT-3.3.1-12"],
    unretained_does_not_clear;
};

fn empty_is_delivered(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let topic = stage.topic("t");
    let mut early = stage.client("early")?;
    early.subscribe(&topic, qos)?;
    let publish = Publish::at_qos(qos, 1, topic.as_str(), "").retain();
    stage.client("p")?.complete(publish)?;
    early.expect_message(&Delivery::on(topic).payload("").retain(false))?;
    Ok(())
}

fn empty_clears(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let mut scene = Scene::new(stage)?;
    scene.retain("kept")?;
    scene.publish(Publish::at_qos(qos, 7, scene.topic.as_str(), "").retain())?;
    scene.nothing_for_later_subscribers(stage)
}

fn empty_is_not_kept(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let mut scene = Scene::new(stage)?;
    scene.publish(Publish::at_qos(qos, 7, scene.topic.as_str(), "").retain())?;
    scene.nothing_for_later_subscribers(stage)
}

fn empty_leaves_others(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let mut scene = Scene::new(stage)?;
    let others = ["t/below", "tt", "t/"].map(|name| stage.topic(name));
    for other in &others {
        let id = scene.publisher.fresh_id();
        scene.publisher.complete(Publish::qos1(id, other.as_str(), "stays").retain())?;
    }
    scene.publish(Publish::at_qos(qos, 7, scene.topic.as_str(), "").retain())?;
    let mut late = stage.client("late")?;
    for other in &others {
        late.subscribe(other, 1)?;
        late.expect_message(&Delivery::on(other.as_str()).payload("stays"))?;
    }
    Ok(())
}

fn set_again(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let mut scene = Scene::new(stage)?;
    scene.retain("before")?;
    scene.publish(Publish::at_qos(qos, 7, scene.topic.as_str(), "").retain())?;
    scene.retain("again")?;
    scene.kept_for_later_subscribers(stage, "again")
}

fn unretained_is_not_kept(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    let mut scene = Scene::new(stage)?;
    scene.publish(Publish::at_qos(qos, 7, scene.topic.as_str(), "passing"))?;
    scene.nothing_for_later_subscribers(stage)
}

fn unretained_does_not_replace(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    leaves_alone(stage, qos, "passing")
}

fn unretained_does_not_clear(stage: &Stage<'_>, qos: u8) -> Result<(), Finding> {
    leaves_alone(stage, qos, "")
}

fn leaves_alone(stage: &Stage<'_>, qos: u8, payload: &str) -> Result<(), Finding> {
    let mut scene = Scene::new(stage)?;
    scene.retain("kept")?;
    scene.publish(Publish::at_qos(qos, 7, scene.topic.as_str(), payload))?;
    scene.kept_for_later_subscribers(stage, "kept")
}

/// A topic, who publishes to it, and who sees all that is published.
struct Scene {
    topic: String,
    publisher: Peer,
    witness: Peer,
}

impl Scene {
    fn new(stage: &Stage<'_>) -> Result<Self, Finding> {
        let topic = stage.topic("t");
        let mut witness = stage.client("witness")?;
        witness.subscribe(&topic, 2)?;
        Ok(Self { topic, publisher: stage.client("p")?, witness })
    }

    fn publish(&mut self, publish: Publish) -> Result<(), Finding> {
        let passed_on = Delivery::on(self.topic.as_str()).payload(publish.payload.as_slice());
        self.publisher.complete(publish)?;
        self.witness
            .expect_message(&passed_on)
            .map_err(|finding| finding.while_preparing("see the message passed on"))?;
        Ok(())
    }

    fn retain(&mut self, payload: &str) -> Result<(), Finding> {
        let id = self.publisher.fresh_id();
        self.publish(Publish::qos1(id, self.topic.as_str(), payload).retain())
    }

    fn nothing_for_later_subscribers(mut self, stage: &Stage<'_>) -> Result<(), Finding> {
        let mut late = stage.client("late")?;
        late.subscribe(&self.topic, 1)?;
        late.expect_no_message(&mut self.publisher, &self.topic, 1)
    }

    fn kept_for_later_subscribers(
        mut self,
        stage: &Stage<'_>,
        payload: &str,
    ) -> Result<(), Finding> {
        let mut late = stage.client("late")?;
        late.subscribe(&self.topic, 1)?;
        let kept = Delivery::on(self.topic.as_str()).payload(payload);
        late.expect_message(&kept)?;
        let more = late.until_sentinel(&mut self.publisher, &self.topic, 1)?;
        match more.into_iter().find(|message| !kept.is(message)) {
            Some(other) => Err(Finding::fail("no other message", other)),
            None => Ok(()),
        }
    }
}
