//! What a subject offers, found out before the cases run.
//!
//! Small conversations, all at once, each on connections of its own: yes or no, or how much. What cannot be found out counts as
//! offered, so that the cases about it run and say what is wrong.

use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::profile::Limits;
use crate::stage::Stage;
use crate::wire::{Connect, Publish, Suback, Subscribe};

/// A need, and the conversation that finds out whether it is met.
pub(crate) type Probe = (Need, fn(&Stage<'_>) -> Result<bool, Finding>);

/// All that is asked of a subject.
pub(crate) const PROBES: &[Probe] = &[
    (Need::PersistentSessions, |stage| {
        let mut peer = stage.connect(stage.persistent("kept"))?;
        // Some keep no Session that is empty.
        peer.subscribe(&stage.topic("kept"), 0)?;
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

/// A limit, and the conversation that finds out how much is taken; `None` when it is more than cases
/// ever ask for.
pub(crate) type LimitProbe =
    (fn(&mut Limits) -> &mut Option<u32>, fn(&Stage<'_>) -> Result<Option<u32>, Finding>);

/// The limits that cases depend on, and of which a broker has often set one.
pub(crate) const LIMITS: &[LimitProbe] = &[
    (|limits| &mut limits.client_id_octets, |stage| largest(&CLIENT_ID_OCTETS, stage, takes_id)),
    (|limits| &mut limits.packet_octets, |stage| largest(&PACKET_OCTETS, stage, takes_packet)),
];

/// Whether a Client Identifier of so many octets is accepted.
fn takes_id(stage: &Stage<'_>, octets: usize) -> Result<bool, Finding> {
    let id = stage.id("") + &"x".repeat(octets);
    let mut peer = stage.peer("id")?;
    peer.send(stage.introduce(Connect::clean(&id[..octets])))?;
    let connack = peer.expect_connack();
    match connack {
        Ok(connack) => Ok(connack.code == 0),
        Err(finding) => is_taken(&peer, Err(finding)),
    }
}

/// Whether a PUBLISH of so many octets in all is acknowledged.
fn takes_packet(stage: &Stage<'_>, octets: usize) -> Result<bool, Finding> {
    let topic = stage.topic("large");
    let mut peer = stage.client("large")?;
    // Fixed header, length of the topic, identifier.
    let around = topic.len() + 9;
    peer.send(Publish::qos1(1, topic.as_str(), vec![b'x'; octets - around]))?;
    let answered = peer.expect_puback(1);
    is_taken(&peer, answered)
}

/// Whether what was sent is taken: the end of the connection is an answer as well, silence is none.
fn is_taken(peer: &Peer, answered: Result<(), Finding>) -> Result<bool, Finding> {
    match answered {
        Ok(()) => Ok(true),
        Err(_) if peer.is_closed() => Ok(false),
        Err(finding) => Err(finding),
    }
}

/// The greatest of these sizes that is taken, the largest tried first; `None` when that is.
fn largest(
    sizes: &[u32],
    stage: &Stage<'_>,
    takes: fn(&Stage<'_>, usize) -> Result<bool, Finding>,
) -> Result<Option<u32>, Finding> {
    for (index, &size) in sizes.iter().enumerate() {
        if takes(stage, usize::try_from(size).unwrap_or(usize::MAX))? {
            return Ok((index > 0).then_some(size));
        }
    }
    Ok(None)
}

/// The first is what cases ask for at most.
const PACKET_OCTETS: [u32; 8] =
    [2_200_000, 1 << 20, 1_000_000, 1 << 19, 1 << 18, 1 << 17, 1 << 16, 1 << 15];

/// The longest that there is, and those where brokers draw a line.
const CLIENT_ID_OCTETS: [u32; 7] = [65_535, 1_024, 256, 255, 128, 64, 23];
