//! 3.3.4 and 3.4 to 3.7: how a client answers messages.

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "acknowledging/qos-0-is-not-answered",
        title: "A message of QoS 0 gets no answer.",
        statements: &["MQTT-3.3.4-1", "U-4.3.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            peer.client_fence(&topic)?;
            peer.send(Publish::qos0(topic.as_str(), "zero"))?;
            peer.expect_nothing_from_client(&topic)
        },
    },
    ClientCase {
        address: "acknowledging/qos-1-gets-a-puback",
        title: "A message of QoS 1 gets a PUBACK with its Packet Identifier, and nothing else.",
        statements: &["MQTT-3.3.4-1", "MQTT-4.3.2-2", "MQTT-2.2.2-1", "MQTT-2.3.1-6", "U-3.4.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            peer.send(Publish::qos1(7, topic.as_str(), "one"))?;
            peer.expect_puback(7)?;
            peer.expect_nothing_from_client(&topic)
        },
    },
    ClientCase {
        address: "acknowledging/qos-2-gets-a-pubrec-and-a-pubcomp",
        title: "A message of QoS 2 gets a PUBREC, and its PUBREL a PUBCOMP, with its Packet Identifier.",
        statements: &[
            "MQTT-3.3.4-1",
            "MQTT-4.3.3-2",
            "MQTT-2.3.1-6",
            "U-3.5.1-1",
            "U-3.7.1-1",
            "U-3.7.2-1",
        ],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            peer.send(Publish::qos2(8, topic.as_str(), "two"))?;
            peer.expect_pubrec(8)?;
            peer.expect_nothing_from_client(&topic)?;
            peer.send(Packet::Pubrel(8))?;
            peer.expect_pubcomp(8)
        },
    },
    ClientCase {
        address: "acknowledging/identifiers-are-of-two-octets",
        title: "A client repeats Packet Identifiers at the borders of their octets.",
        statements: &["U-1.5.2-1", "MQTT-2.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            for id in [1, 0x00ff, 0x0100, 0x0102, 0x7fff, 0x8000, 0xffff] {
                peer.send(Publish::qos1(id, topic.as_str(), "one"))?;
                peer.expect_puback(id)?;
                peer.send(Publish::qos2(id, topic.as_str(), "two"))?;
                peer.expect_pubrec(id)?;
                peer.send(Packet::Pubrel(id))?;
                peer.expect_pubcomp(id)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "acknowledging/what-nobody-asked-for",
        title: "A client acknowledges messages that match no subscription of its own.",
        statements: &["MQTT-4.5.0-2", "U-4.5-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("stranger"));
            peer.send(Publish::qos1(9, topic.as_str(), "one"))?;
            peer.expect_puback(9)?;
            peer.send(Publish::qos2(10, topic.as_str(), "two"))?;
            peer.expect_pubrec(10)?;
            peer.send(Packet::Pubrel(10))?;
            peer.expect_pubcomp(10)
        },
    },
    ClientCase {
        address: "acknowledging/before-the-suback",
        title: "A client acknowledges a message that comes before its SUBACK.",
        statements: &["MQTT-4.5.0-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.subscribing(&stage.clean("s"), (&topic, 1))?;
            let subscribe = peer.expect_subscribe();
            let subscribe = subscribe.map_err(|found| found.while_preparing("subscribe"))?;
            peer.send(Publish::qos1(11, topic.as_str(), "early"))?;
            peer.expect_puback(11)?;
            peer.send(Suback::new(subscribe.id, [1]))
        },
    },
    ClientCase {
        address: "acknowledging/each-side-has-identifiers-of-its-own",
        title: "Messages both ways under one Packet Identifier do not disturb each other.",
        statements: &["U-2.3.1-1"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Qos2, Ability::Sequence, Ability::Events],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, ticket) = stage.publishing(&stage.clean("p"), (&topic, "out", 2))?;
            let publish = peer.expect_publish(&Delivery::on(topic).qos(2));
            let publish = publish.map_err(|found| found.while_preparing("publish"))?;
            let id = super::publishing::id(&publish)?;
            peer.send(Publish::qos2(id, stage.topic("own"), "in"))?;
            peer.expect_pubrec(id)?;
            peer.send(Packet::Pubrec(id))?;
            peer.expect_pubrel(id)?;
            peer.send(Packet::Pubrel(id))?;
            peer.expect_pubcomp(id)?;
            peer.send(Packet::Pubcomp(id))?;
            stage.expect_published(ticket)
        },
    },
];
