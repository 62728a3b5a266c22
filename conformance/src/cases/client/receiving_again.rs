//! 4.3.3: what a client makes of messages of QoS 2 that come again.

use super::prelude::*;
use super::receiving::{once, subscribed};

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "receiving/qos-2-again-is-passed-on-once",
        title: "A PUBLISH of QoS 2 that comes again before its PUBREL gets a PUBREC, and is passed on once.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe, Ability::Qos2],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.send(Publish::qos2(51, topic.as_str(), "twice"))?;
            peer.expect_pubrec(51)?;
            peer.send(Publish::qos2(51, topic.as_str(), "twice").dup())?;
            peer.expect_pubrec(51)?;
            peer.send(Packet::Pubrel(51))?;
            peer.expect_pubcomp(51)?;
            once(stage, &mut peer, &topic, "twice")
        },
    },
    ClientCase {
        address: "receiving/qos-2-again-and-again-is-passed-on-once",
        title: "A PUBLISH of QoS 2 may come ten times before its PUBREL.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe, Ability::Qos2],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.send(Publish::qos2(52, topic.as_str(), "often"))?;
            peer.expect_pubrec(52)?;
            for _ in 0..9 {
                peer.send(Publish::qos2(52, topic.as_str(), "often").dup())?;
                peer.expect_pubrec(52)?;
            }
            peer.send(Packet::Pubrel(52))?;
            peer.expect_pubcomp(52)?;
            once(stage, &mut peer, &topic, "often")
        },
    },
    ClientCase {
        address: "receiving/identifier-is-free-after-pubcomp",
        title: "A PUBLISH of QoS 2 under an identifier whose PUBCOMP was sent is a new message.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Must,
        needs: &[Ability::Subscribe, Ability::Qos2],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.complete(Publish::qos2(53, topic.as_str(), "first"))?;
            peer.complete(Publish::qos2(53, topic.as_str(), "second"))?;
            for payload in ["first", "second"] {
                equal("the payload", &payload.to_owned(), &stage.expect_message()?.payload)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "receiving/pubrel-again-is-answered",
        title: "A PUBREL that comes again on a live connection is answered, or reported.",
        statements: &["MQTT-4.3.3-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            peer.complete(Publish::qos2(54, topic.as_str(), "two"))?;
            peer.send(Packet::Pubrel(54))?;
            let does = match peer.client_fence(&topic) {
                Ok(before) if before.contains(&Packet::Pubcomp(54)) => "PUBCOMP again",
                Ok(_) => "nothing",
                Err(_) if peer.is_closed() => "closes",
                Err(finding) => return Err(finding),
            };
            stage.observe("pubrel-of-unknown-identifier", does);
            Ok(())
        },
    },
    ClientCase {
        address: "publishing/pubrec-of-nothing",
        title: "A PUBREC that answers nothing gets a PUBREL, silence or a close.",
        statements: &["MQTT-4.3.3-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            peer.client_fence(&topic)?;
            peer.send(Packet::Pubrec(55))?;
            let does = match peer.client_fence(&topic) {
                Ok(before) if before.contains(&Packet::Pubrel(55)) => "PUBREL",
                Ok(_) => "nothing",
                Err(_) if peer.is_closed() => "closes",
                Err(finding) => return Err(finding),
            };
            stage.observe("pubrec-of-unknown-identifier", does);
            Ok(())
        },
    },
];
