//! 4.3 and 4.5: what a client makes of messages.

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "receiving/each-qos-is-passed-on",
        title: "A client passes messages of each QoS on, with their topic and their payload.",
        statements: &["MQTT-4.3.2-2", "MQTT-4.3.3-2", "U-4.3.1-1", "MQTT-7.0.0-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            for qos in 0..=2 {
                let payload = format!("of QoS {qos}");
                peer.complete(Publish::at_qos(qos, 40, topic.as_str(), payload.as_str()))?;
                let heard = stage.expect_message()?;
                equal("the payload", &payload, &heard.payload)?;
                equal("the topic", &topic, &heard.topic)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "receiving/empty-payload",
        title: "A client passes on a message without a payload.",
        statements: &["U-3.3.3-1"],
        level: Level::Must,
        // Tools that print payloads may print nothing for this one.
        needs: &[Ability::Subscribe, Ability::Events],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.complete(Publish::qos1(41, topic.as_str(), ""))?;
            let heard = stage.expect_message()?;
            equal("the payload", &String::new(), &heard.payload)
        },
    },
    ClientCase {
        address: "receiving/many-at-once",
        title: "Thirty messages that come at once are all acknowledged, and passed on.",
        statements: &["U-4.3.2-1", "MQTT-4.3.2-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            let mut octets = Vec::new();
            for id in 1..=30 {
                let publish = Publish::qos1(id, topic.as_str(), id.to_string());
                octets.extend(crate::wire::Octets::octets(&publish));
            }
            peer.send(octets)?;
            for id in 1..=30 {
                peer.expect_puback(id)?;
            }
            for id in 1..=30 {
                equal("the payload", &id.to_string(), &stage.expect_message()?.payload)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "receiving/identifier-is-free-after-puback",
        title: "A PUBLISH of QoS 1 under an identifier that was acknowledged is a new message, DUP or not.",
        statements: &["MQTT-4.3.2-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.complete(Publish::qos1(42, topic.as_str(), "first"))?;
            peer.complete(Publish::qos1(42, topic.as_str(), "second"))?;
            peer.complete(Publish::qos1(42, topic.as_str(), "third").dup())?;
            for payload in ["first", "second", "third"] {
                equal("the payload", &payload.to_owned(), &stage.expect_message()?.payload)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "receiving/state-lives-with-the-connection",
        title: "What a client owes is not forgotten while its connection is idle.",
        statements: &["MQTT-4.1.0-2", "MQTT-4.1.0-1"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.send(Publish::qos2(43, topic.as_str(), "held"))?;
            peer.expect_pubrec(43)?;
            peer.rest(std::time::Duration::from_secs(2))?;
            peer.send(Publish::qos2(43, topic.as_str(), "held").dup())?;
            peer.expect_pubrec(43)?;
            released(stage, peer, &topic, 43, "held")
        },
    },
];

/// A client that has subscribed to the topic, and was granted QoS 2.
pub(super) fn subscribed(stage: &mut ClientStage<'_>) -> Result<(Peer, String), Finding> {
    let topic = stage.topic("t");
    let connect = stage.clean("s");
    let (peer, _) = stage.subscribing(&connect, (&topic, 2))?;
    granted(peer).map(|peer| (peer, topic))
}

/// The same with a Session that outlives the connection.
pub(super) fn subscribed_for_long(stage: &mut ClientStage<'_>) -> Result<(Peer, String), Finding> {
    let topic = stage.topic("t");
    let connect = stage.persistent("s");
    let (peer, _) = stage.subscribing(&connect, (&topic, 2))?;
    granted(peer).map(|peer| (peer, topic))
}

/// Grants what the client asks for.
pub(super) fn granted(mut peer: Peer) -> Result<Peer, Finding> {
    let subscribe = peer.expect_subscribe();
    let subscribe = subscribe.map_err(|found| found.while_preparing("subscribe"))?;
    peer.send(Suback::new(subscribe.id, [2]))?;
    Ok(peer)
}

/// Releases a message of QoS 2, and expects the client to have passed it on once.
pub(super) fn released(
    stage: &mut ClientStage<'_>,
    mut peer: Peer,
    topic: &str,
    id: u16,
    payload: &str,
) -> Result<(), Finding> {
    peer.send(Packet::Pubrel(id))?;
    peer.expect_pubcomp(id)?;
    once(stage, &mut peer, topic, payload)
}

/// Expects the client to have passed this message on once, behind another that it passes on.
pub(super) fn once(
    stage: &mut ClientStage<'_>,
    peer: &mut Peer,
    topic: &str,
    payload: &str,
) -> Result<(), Finding> {
    peer.complete(Publish::qos2(900, topic, "the last"))?;
    let heard: Vec<_> =
        stage.messages_until("the last")?.into_iter().map(|heard| heard.payload).collect();
    equal("passed on", &vec![payload.to_owned()], &heard)
}
