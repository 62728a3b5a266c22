//! 4.3.3 QoS 2: exactly once, with the Server as the sender.
//!
//! What a later connection brings again is in `redelivery`.
//!
//! Clauses: [MQTT-4.3.3-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::Packet;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "qos2/fresh-message-has-no-dup",
        title: "A message of QoS 2 is first sent at QoS 2 and without DUP.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 2)?;
            stage.client("p")?.publish_qos2(topic.as_str(), "fresh")?;
            let fresh = Delivery::on(topic).payload("fresh").qos(2).dup(false);
            subscriber.expect_message(&fresh)?;
            Ok(())
        },
    },
    Case {
        address: "qos2/pubrec-gets-pubrel",
        title: "A PUBREC is answered by the PUBREL of its Packet Identifier.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let (mut subscriber, id) = receiving(stage)?;
            subscriber.send(Packet::Pubrec(id))?;
            subscriber.expect_pubrel(id)?;
            subscriber.send(Packet::Pubcomp(id))?;
            subscriber.expect_nothing()
        },
    },
    Case {
        address: "qos2/no-pubrel-before-pubrec",
        title: "No PUBREL comes before the PUBREC.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let (mut subscriber, _) = receiving(stage)?;
            subscriber.expect_nothing()
        },
    },
    Case {
        address: "qos2/pubrec-again-before-pubcomp",
        title: "A PUBREC repeated before the PUBCOMP is answered by a PUBREL, by a close, or by nothing.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Observe,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let (mut subscriber, id) = receiving(stage)?;
            subscriber.send(Packet::Pubrec(id))?;
            subscriber.expect_pubrel(id)?;
            stage.observe("pubrec-sent-again", reaction(&mut subscriber, &Packet::Pubrec(id))?);
            Ok(())
        },
    },
    Case {
        address: "qos2/answers-to-nothing",
        title: "What the Server does about an answer to nothing is its own choice.",
        statements: &["MQTT-4.3.3-1", "MQTT-4.3.3-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let answers = [
                ("puback-for-nothing", Packet::Puback(0x1234)),
                ("pubrec-for-nothing", Packet::Pubrec(0x1234)),
                ("pubrel-for-nothing", Packet::Pubrel(0x1234)),
                ("pubcomp-for-nothing", Packet::Pubcomp(0x1234)),
            ];
            for (number, (what, answer)) in answers.into_iter().enumerate() {
                let mut client = stage.client(&format!("a{number}"))?;
                stage.observe(what, reaction(&mut client, &answer)?);
            }
            Ok(())
        },
    },
];

/// A subscriber who has received a message of QoS 2 and not answered it, and its identifier.
fn receiving(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    let topic = stage.topic("t");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe_at(&topic, 2)?;
    stage.client("p")?.publish_qos2(topic.as_str(), "x")?;
    let message = subscriber
        .expect_publish(&Delivery::on(topic).qos(2))
        .map_err(|finding| finding.while_preparing("receive a message of QoS 2"))?;
    let id = message.id.ok_or_else(|| Finding::inconclusive("no Packet Identifier"))?;
    Ok((subscriber, id))
}

/// What the Server does about a packet: its first answer, or a close, or nothing.
fn reaction(peer: &mut Peer, packet: &Packet) -> Result<String, Finding> {
    peer.send(packet)?;
    match peer.fence() {
        Ok(answers) => {
            let first = answers.first();
            Ok(first.map_or_else(|| "nothing".to_owned(), |answer| answer.kind().to_string()))
        }
        Err(_) if peer.is_closed() => Ok("close".to_owned()),
        Err(finding) => Err(finding),
    }
}
