//! 4.1, 4.3.3 and 4.4: what a client still knows of messages that it was receiving.

use super::prelude::*;
use super::receiving::{released, subscribed_for_long};

const NEEDS: &[Ability] =
    &[Ability::Subscribe, Ability::Qos2, Ability::Sequence, Ability::Sessions];

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "resuming/pubrel-completes-what-came-before",
        title: "A PUBREL on the next connection completes a message of QoS 2 that came on the one before.",
        statements: &["MQTT-4.1.0-1", "MQTT-3.1.2-4", "MQTT-4.3.3-2"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (peer, topic) = received(stage)?;
            released(stage, peer, &topic, 81, "once")
        },
    },
    ClientCase {
        address: "resuming/message-again-is-passed-on-once",
        title: "A message of QoS 2 that comes again on the next connection is passed on once in all.",
        statements: &["MQTT-4.3.3-2", "MQTT-3.1.2-4", "MQTT-4.1.0-1"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (mut peer, topic) = received(stage)?;
            peer.send(Publish::qos2(81, topic.as_str(), "once").dup())?;
            peer.expect_pubrec(81)?;
            released(stage, peer, &topic, 81, "once")
        },
    },
    ClientCase {
        address: "resuming/pubrel-again-is-answered",
        title: "A PUBREL whose PUBCOMP was lost is answered on the next connection.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (mut peer, topic) = received(stage)?;
            peer.send(Packet::Pubrel(81))?;
            let pubcomp = peer.expect_pubcomp(81);
            pubcomp.map_err(|found| found.while_preparing("see the PUBCOMP"))?;
            peer.drop_connection()?;
            let peer = stage.resumed(true)?;
            released(stage, peer, &topic, 81, "once")
        },
    },
    ClientCase {
        address: "resuming/message-without-its-pubrec",
        title: "A message of QoS 2 that was cut off before its PUBREC is passed on when it comes again.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: NEEDS,
        run: |stage| {
            let (mut peer, topic) = subscribed_for_long(stage)?;
            let publish = Publish::qos2(81, topic.as_str(), "once");
            let octets = crate::wire::Octets::octets(&publish);
            peer.send_part(&octets[..octets.len() - 1])?;
            peer.drop_connection()?;
            let mut peer = stage.resumed(true)?;
            peer.send(publish.dup())?;
            peer.expect_pubrec(81)?;
            released(stage, peer, &topic, 81, "once")
        },
    },
];

/// A client that has sent PUBREC for a message of QoS 2 and was cut off before the PUBREL: its
/// next connection.
fn received(stage: &mut ClientStage<'_>) -> Result<(Peer, String), Finding> {
    let (mut peer, topic) = subscribed_for_long(stage)?;
    peer.send(Publish::qos2(81, topic.as_str(), "once"))?;
    let pubrec = peer.expect_pubrec(81);
    pubrec.map_err(|found| found.while_preparing("see the PUBREC"))?;
    peer.drop_connection()?;
    Ok((stage.resumed(true)?, topic))
}
