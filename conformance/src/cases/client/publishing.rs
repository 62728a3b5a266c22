//! 3.3 and 4.3: how a client sends messages.

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "publishing/qos-0",
        title: "A message of QoS 0 is a PUBLISH with QoS 0 and DUP 0, without a Packet Identifier.",
        statements: &["MQTT-4.3.1-1", "MQTT-3.3.1-2", "MQTT-2.3.1-5", "U-3.3.2.2-1", "U-3.3.2-1"],
        level: Level::Must,
        needs: &[Ability::Publish],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.publishing(&stage.clean("p"), (&topic, "zero", 0))?;
            peer.expect_publish(
                &Delivery::on(topic).payload("zero").qos(0).dup(false).retain(false),
            )
            .map(drop)
        },
    },
    ClientCase {
        address: "publishing/qos-1",
        title: "A message of QoS 1 is a PUBLISH with QoS 1, DUP 0 and a Packet Identifier.",
        statements: &["MQTT-4.3.2-1", "MQTT-2.3.1-1", "U-3.3.2-1", "U-3.3.2.2-1", "MQTT-3.3.2-1"],
        level: Level::Must,
        needs: &[Ability::Publish],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.publishing(&stage.clean("p"), (&topic, "one", 1))?;
            peer.expect_publish(&Delivery::on(topic).payload("one").qos(1).dup(false).retain(false))
                .map(drop)
        },
    },
    ClientCase {
        address: "publishing/qos-1-ends-with-its-puback",
        title: "A client counts a message of QoS 1 as delivered when its PUBACK has come, and not before.",
        statements: &["MQTT-4.3.2-1", "U-4.3.2-2"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Events, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, ticket) = stage.publishing(&stage.clean("p"), (&topic, "one", 1))?;
            let publish = peer.expect_publish(&Delivery::on(topic).qos(1))?;
            peer.client_fence(&stage.topic("own"))?;
            stage.expect_unpublished(ticket, "PUBACK")?;
            peer.acknowledge(&publish)?;
            stage.expect_published(ticket)
        },
    },
    ClientCase {
        address: "publishing/qos-2",
        title: "A message of QoS 2 is a PUBLISH with QoS 2 and DUP 0; its PUBREC is answered by PUBREL.",
        statements: &[
            "MQTT-4.3.3-1",
            "MQTT-2.3.1-1",
            "MQTT-2.3.1-6",
            "MQTT-3.6.1-1",
            "U-3.6.1-1",
            "MQTT-2.2.2-1",
        ],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Qos2],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.publishing(&stage.clean("p"), (&topic, "two", 2))?;
            let expected = Delivery::on(topic).payload("two").qos(2).dup(false).retain(false);
            let publish = peer.expect_publish(&expected)?;
            let id = id(&publish)?;
            peer.send(Packet::Pubrec(id))?;
            peer.expect_pubrel(id)
        },
    },
    ClientCase {
        address: "publishing/qos-2-ends-with-its-pubcomp",
        title: "A client counts a message of QoS 2 as delivered when its PUBCOMP has come, and not before.",
        statements: &["MQTT-4.3.3-1", "U-4.3.3-2"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Qos2, Ability::Events, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, ticket) = stage.publishing(&stage.clean("p"), (&topic, "two", 2))?;
            let publish = peer.expect_publish(&Delivery::on(topic).qos(2))?;
            let id = id(&publish)?;
            peer.send(Packet::Pubrec(id))?;
            peer.expect_pubrel(id)?;
            peer.client_fence(&stage.topic("own"))?;
            stage.expect_unpublished(ticket, "PUBCOMP")?;
            peer.send(Packet::Pubcomp(id))?;
            stage.expect_published(ticket)
        },
    },
    ClientCase {
        address: "publishing/each-pubrec-gets-a-pubrel",
        title: "A PUBREC that comes again is answered by PUBREL again.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Qos2, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.publishing(&stage.clean("p"), (&topic, "two", 2))?;
            let publish = peer.expect_publish(&Delivery::on(topic).qos(2))?;
            let id = id(&publish)?;
            for _ in 0..3 {
                peer.send(Packet::Pubrec(id))?;
                peer.expect_pubrel(id)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "publishing/identifiers-in-flight-differ",
        title: "Ten messages of QoS 1 that wait for their PUBACK have ten Packet Identifiers.",
        statements: &["MQTT-2.3.1-2", "MQTT-2.3.1-1", "MQTT-4.3.2-1"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Sequence],
        run: |stage| {
            let (mut peer, publishes) = in_flight(stage, 1, 10)?;
            if publishes.len() < 2 {
                stage.observe("messages-in-flight", "one at a time");
                return Err(Finding::unsupported("the client sends one message at a time"));
            }
            stage.observe("messages-in-flight", format!("{} of 10", publishes.len()));
            for publish in &publishes {
                peer.acknowledge(publish)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "publishing/identifiers-differ-among-packet-types",
        title: "SUBSCRIBE, UNSUBSCRIBE and PUBLISH that wait for their answers share no identifier.",
        statements: &["MQTT-2.3.1-2"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Subscribe, Ability::Unsubscribe, Ability::Sequence],
        run: |stage| {
            let (topic, other) = (stage.topic("t"), stage.topic("other"));
            let mut peer = stage.client()?;
            stage.publish(&topic, "one", 1)?;
            let publish = peer.expect_publish(&Delivery::on(topic.as_str()).qos(1))?;
            stage.subscribe(&[(&other, 0)])?;
            peer.expect_subscribe()?;
            stage.unsubscribe(&[&topic])?;
            // One that waits for its SUBACK first has shared nothing.
            match peer.expect_unsubscribe() {
                Err(Finding::Fail(mismatch)) if mismatch.statement.is_some() => {
                    Err(Finding::Fail(mismatch))
                }
                _ => peer.acknowledge(&publish),
            }
        },
    },
    ClientCase {
        address: "publishing/identifier-is-kept-until-pubcomp",
        title: "Until its PUBCOMP comes, no other message has the identifier of a message of QoS 2.",
        statements: &["MQTT-2.3.1-3", "MQTT-2.3.1-2", "U-4.3.3-2"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Qos2, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let mut peer = stage.client()?;
            stage.publish(&topic, "two", 2)?;
            let publish = peer.expect_publish(&Delivery::on(topic.as_str()).qos(2))?;
            let held = id(&publish)?;
            peer.send(Packet::Pubrec(held))?;
            peer.expect_pubrel(held)?;
            for number in 0..10 {
                stage.publish(&topic, &number.to_string(), 1)?;
                let publish = peer.expect_any_publish();
                let publish = publish.map_err(|found| found.while_preparing("publish more"));
                let publish = about(&["MQTT-2.3.1-2"], publish)?;
                if id(&publish)? == held {
                    return Err(Finding::fail(format!("identifier {held} left alone"), publish));
                }
                peer.acknowledge(&publish)?;
            }
            peer.send(Packet::Pubcomp(held))
        },
    },
    ClientCase {
        address: "publishing/empty-payload",
        title: "A message may be empty.",
        statements: &["U-3.3.3-1"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.publishing(&stage.clean("p"), (&topic, "", 1))?;
            peer.expect_publish(&Delivery::on(topic).payload("")).map(drop)
        },
    },
];

/// The Packet Identifier of a PUBLISH, which one of QoS 1 and 2 has.
pub(super) fn id(publish: &Publish) -> Result<u16, Finding> {
    publish.id.ok_or_else(|| Finding::fail("a Packet Identifier", publish))
}

/// Has a client publish this many messages at a QoS without an answer to any: those that come.
pub(super) fn in_flight(
    stage: &mut ClientStage<'_>,
    qos: u8,
    count: usize,
) -> Result<(Peer, Vec<Publish>), Finding> {
    let topic = stage.topic("t");
    let mut peer = stage.keeping_client_if_it_can()?;
    for number in 0..count {
        stage.publish(&topic, &format!("message {number}"), qos)?;
    }
    let first = peer.expect_any_publish();
    let mut publishes = vec![first.map_err(|found| found.while_preparing("publish"))?];
    while publishes.len() < count {
        match peer.expect_any_publish() {
            Ok(publish) => publishes.push(publish),
            Err(Finding::Fail(mismatch)) if mismatch.statement.is_some() => {
                return Err(Finding::Fail(mismatch));
            }
            // A client may hold some of them back until others are acknowledged.
            Err(_) => break,
        }
    }
    Ok((peer, publishes))
}
