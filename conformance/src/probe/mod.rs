//! What a subject offers, found out before the cases run.
//!
//! Small conversations, all at once, each on connections of its own: yes or no, or how much. What
//! cannot be found out counts as offered, so that the cases about it run and say what is wrong.

mod found;
mod limits;

use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Connect, Publish, Suback, Subscribe};

pub use found::Found;
pub(crate) use limits::{QUICK, THOROUGH};

/// A need, and the conversation that finds out whether it is met.
pub(crate) type Probe = (Need, fn(&Stage<'_>) -> Result<bool, Finding>);

/// All that is asked of a subject.
pub(crate) const PROBES: &[Probe] = &[
    (Need::PersistentSessions, |stage| {
        let mut peer = stage.connect(stage.persistent("kept"))?;
        // Some keep no Session that is empty, or none that nothing waits for.
        peer.subscribe(&stage.topic("kept"), 1)?;
        peer.disconnect()?;
        let (peer, present) = stage.connect_present(stage.persistent("kept"))?;
        peer.disconnect()?;
        Ok(present)
    }),
    (Need::Qos1Subscriptions, |stage| grants(stage, "q1", 1)),
    (Need::Qos2Subscriptions, |stage| grants(stage, "q2", 2)),
    (Need::RetainedMessages, retains),
    (Need::Wildcards, |stage| Ok(grants(stage, "+/w", 0)? && grants(stage, "w/#", 0)?)),
    (Need::ZeroLengthClientId, |stage| {
        let mut peer = stage.peer("nameless")?;
        peer.send(stage.introduce(Connect::clean("")))?;
        Ok(peer.expect_connack()?.code == 0)
    }),
];

/// Whether a subscription to `filter` is granted at `qos`.
fn grants(stage: &Stage<'_>, filter: &str, qos: u8) -> Result<bool, Finding> {
    let mut peer = stage.client("grants")?;
    peer.send(Subscribe::new(1).filter(stage.topic(filter), qos))?;
    let codes = peer.expect_suback(1)?;
    peer.disconnect()?;
    Ok(codes != [Suback::FAILURE] && codes == [qos])
}

/// Whether a message of QoS 1 that is to be retained reaches a subscriber who comes later.
fn retains(stage: &Stage<'_>) -> Result<bool, Finding> {
    let topic = stage.topic("retained");
    let mut peer = stage.client("retains")?;
    peer.complete(Publish::qos1(1, topic.as_str(), "kept").retain())?;
    peer.subscribe(&topic, 0)?;
    let messages = peer.until_own_sentinel(&topic, 0)?;
    let kept = Delivery::on(topic).payload("kept");
    peer.disconnect()?;
    Ok(messages.iter().any(|message| kept.is(message)))
}
