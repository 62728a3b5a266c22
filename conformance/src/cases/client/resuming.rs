//! 4.4: what a client sends again when it comes back for its Session.

use super::prelude::*;
use super::publishing::id;

/// What all cases about sending again cannot do without.
const NEEDS: &[Ability] = &[Ability::Publish, Ability::Qos2, Ability::Sequence, Ability::Sessions];

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "resuming/qos-1-is-sent-again",
        title: "A message of QoS 1 without its PUBACK is sent again, with its identifier and DUP 1.",
        statements: &["MQTT-4.4.0-1", "MQTT-3.3.1-1", "MQTT-2.3.1-3", "MQTT-3.1.2-4"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| is_sent_again(stage, 1),
    },
    ClientCase {
        address: "resuming/qos-2-is-sent-again",
        title: "A message of QoS 2 without its PUBREC is sent again, with its identifier and DUP 1.",
        statements: &["MQTT-4.4.0-1", "MQTT-3.3.1-1", "MQTT-2.3.1-3", "MQTT-3.1.2-4"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| is_sent_again(stage, 2),
    },
    ClientCase {
        address: "resuming/after-a-reset",
        title: "A message is sent again also when its connection was reset.",
        statements: &["MQTT-4.4.0-1"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (peer, first) = begun(stage, 1)?;
            peer.reset();
            let mut peer = stage.resumed(true)?;
            is_again(&mut peer, &first)
        },
    },
    ClientCase {
        address: "resuming/again-each-time",
        title: "A message without its PUBACK is sent again on each connection, until that comes.",
        statements: &["MQTT-4.4.0-1", "MQTT-2.3.1-3"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (mut peer, first) = begun(stage, 1)?;
            for _ in 0..3 {
                peer.drop_connection()?;
                peer = stage.resumed(true)?;
                is_again(&mut peer, &first)?;
            }
            peer.acknowledge(&first)
        },
    },
    ClientCase {
        address: "resuming/pubrel-is-sent-again",
        title: "A PUBREL without its PUBCOMP is sent again, and the PUBLISH before it is not.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.3.3-1"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (mut peer, first) = back_with_a_pubrel(stage)?;
            let id = id(&first)?;
            match peer.expect_any()? {
                Packet::Pubrel(again) if again == id => {}
                other => return Err(Finding::fail(format!("PUBREL id={id}"), other)),
            }
            peer.send(Packet::Pubcomp(id))?;
            peer.expect_nothing_from_client(&stage.topic("own"))
        },
    },
    ClientCase {
        address: "resuming/goes-on-to-the-end",
        title: "A message that was sent again is delivered by the acknowledgement which comes then.",
        statements: &["MQTT-4.4.0-1", "MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[
            Ability::Publish,
            Ability::Qos2,
            Ability::Sequence,
            Ability::Sessions,
            Ability::Events,
        ],
        run: |stage| {
            let topic = stage.topic("t");
            let mut peer = stage.keeping_client()?;
            let ticket = stage.publish(&topic, "two", 2)?;
            let first = published(&mut peer)?;
            peer.drop_connection()?;
            let mut peer = stage.resumed(true)?;
            is_again(&mut peer, &first)?;
            let id = id(&first)?;
            peer.send(Packet::Pubrec(id))?;
            peer.expect_pubrel(id)?;
            peer.send(Packet::Pubcomp(id))?;
            stage.expect_published(ticket)
        },
    },
    ClientCase {
        address: "resuming/what-was-acknowledged-is-not-sent-again",
        title: "A message whose PUBACK or PUBCOMP has come is not sent again.",
        statements: &["MQTT-4.3.2-1", "MQTT-4.3.3-1"],
        level: Level::Must,
        needs: &[
            Ability::Publish,
            Ability::Qos2,
            Ability::Sequence,
            Ability::Sessions,
            Ability::Events,
        ],
        run: |stage| {
            let topic = stage.topic("t");
            let mut peer = stage.keeping_client()?;
            for qos in [1, 2] {
                let ticket = stage.publish(&topic, "done", qos)?;
                let publish = published(&mut peer)?;
                finish(&mut peer, &publish)?;
                let told = stage.expect_published(ticket);
                told.map_err(|found| found.while_preparing("publish"))?;
            }
            peer.drop_connection()?;
            let mut peer = stage.resumed(true)?;
            peer.expect_nothing_from_client(&stage.topic("own"))
        },
    },
    ClientCase {
        address: "resuming/new-messages-leave-identifiers-alone",
        title: "A new message on the next connection has an identifier that nothing unacknowledged has.",
        statements: &["MQTT-2.3.1-2", "MQTT-2.3.1-3"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (mut peer, first) = back_with_a_pubrel(stage)?;
            let held = id(&first)?;
            let topic = stage.topic("t");
            for number in 0..5 {
                stage.publish(&topic, &format!("new {number}"), 1)?;
                let publish = published(&mut peer)?;
                if id(&publish)? == held && publish != first {
                    return Err(Finding::fail(format!("identifier {held} left alone"), publish));
                }
                peer.acknowledge(&publish)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "resuming/clean-session-begins-anew",
        title: "A client with a clean Session brings no PUBREL and no DUP from an earlier connection.",
        statements: &["MQTT-3.1.2-6"],
        level: Level::Should,
        needs: NEEDS,
        run: |stage| {
            let topic = stage.topic("t");
            let mut peer = stage.client()?;
            stage.publish(&topic, "two", 2)?;
            let publish = published(&mut peer)?;
            to_its_pubrel(&mut peer, &publish)?;
            stage.publish(&topic, "one", 1)?;
            published(&mut peer)?;
            peer.drop_connection()?;
            let (mut peer, _) = stage.back()?;
            peer.send(Connack::accepted(false))?;
            let before = peer.client_fence(&stage.topic("own"))?;
            let is_old = |packet: &&Packet| match packet {
                Packet::Pubrel(_) => true,
                Packet::Publish(publish) => publish.dup,
                _ => false,
            };
            match before.iter().find(is_old) {
                None => Ok(()),
                Some(old) => Err(Finding::fail("nothing of the Session before", old)),
            }
        },
    },
];

/// A client that keeps its Session and has sent a message, which nobody has answered.
fn begun(stage: &mut ClientStage<'_>, qos: u8) -> Result<(Peer, Publish), Finding> {
    let topic = stage.topic("t");
    let mut peer = stage.keeping_client()?;
    stage.publish(&topic, "on its way", qos)?;
    let publish = published(&mut peer)?;
    Ok((peer, publish))
}

/// The message that the client was told to publish, on the way to what the case is about.
fn published(peer: &mut Peer) -> Result<Publish, Finding> {
    peer.expect_any_publish().map_err(|found| found.while_preparing("publish"))
}

/// Answers a message of QoS 2 by PUBREC, and sees the PUBREL for it.
fn to_its_pubrel(peer: &mut Peer, publish: &Publish) -> Result<(), Finding> {
    let id = id(publish)?;
    peer.send(Packet::Pubrec(id))?;
    peer.expect_pubrel(id).map_err(|found| found.while_preparing("see the PUBREL"))
}

/// A client that is back after it has sent a PUBREL, which nobody has answered: with the message.
fn back_with_a_pubrel(stage: &mut ClientStage<'_>) -> Result<(Peer, Publish), Finding> {
    let (mut peer, first) = begun(stage, 2)?;
    to_its_pubrel(&mut peer, &first)?;
    peer.drop_connection()?;
    Ok((stage.resumed(true)?, first))
}

/// Expects a message of this QoS whose connection was lost to be sent again on the next.
fn is_sent_again(stage: &mut ClientStage<'_>, qos: u8) -> Result<(), Finding> {
    let (peer, first) = begun(stage, qos)?;
    peer.drop_connection()?;
    let mut peer = stage.resumed(true)?;
    is_again(&mut peer, &first)
}

/// Expects the same message again, with DUP.
fn is_again(peer: &mut Peer, first: &Publish) -> Result<(), Finding> {
    let expected = first.clone().dup();
    peer.expect(expected)
}

/// Acknowledges a message to its end.
fn finish(peer: &mut Peer, publish: &Publish) -> Result<(), Finding> {
    let id = id(publish)?;
    if publish.qos == 1 {
        return peer.send(Packet::Puback(id));
    }
    to_its_pubrel(peer, publish)?;
    peer.send(Packet::Pubcomp(id))
}
