//! 2.2.3: packets of many lengths, in pieces and together.

use super::prelude::*;
use super::receiving::subscribed;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "lengths/sent-at-each-border",
        title: "A client writes the Remaining Length of packets at the borders of its octets.",
        statements: &["U-2.2.3-1", "U-2.2.3-2"],
        level: Level::Must,
        needs: &[Ability::Publish, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let mut peer = stage.client()?;
            for length in LENGTHS {
                let payload = "x".repeat(length - 2 - topic.len());
                stage.publish(&topic, &payload, 0)?;
                peer.expect_publish(&Delivery::on(topic.as_str()).payload(payload))?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "lengths/read-at-each-border",
        title: "A client reads packets whose Remaining Length is at the borders of its octets.",
        statements: &["U-2.2.3-1", "U-2.2.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, topic) = (stage.client()?, stage.topic("own"));
            for length in LENGTHS {
                let payload = "x".repeat(length - 4 - topic.len());
                peer.send(Publish::qos1(71, topic.as_str(), payload))?;
                peer.expect_puback(71)?;
            }
            Ok(())
        },
    },
    ClientCase {
        address: "lengths/octet-by-octet",
        title: "A client reads packets that come octet by octet.",
        statements: &["U-2.2.3-1"],
        level: Level::Must,
        needs: &[Ability::Subscribe],
        run: |stage| {
            let (mut peer, topic) = subscribed(stage)?;
            peer.send_split(Publish::qos1(72, topic.as_str(), "in pieces"), 1)?;
            peer.expect_puback(72)?;
            equal("the payload", &"in pieces".to_owned(), &stage.expect_message()?.payload)
        },
    },
    ClientCase {
        address: "lengths/connack-and-message-together",
        title: "A client reads messages that come in one piece with its CONNACK.",
        statements: &["U-2.2.3-1", "MQTT-4.5.0-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let (mut peer, _) = stage.greeted(&stage.clean("s"))?;
            let publish = Publish::qos1(73, stage.topic("own"), "at once");
            peer.send(Packet::from(Connack::accepted(false)).then(publish))?;
            peer.expect_puback(73)
        },
    },
];

/// Remaining Lengths of one, two, three and four octets, the least and the greatest; but the
/// greatest of all, which nobody has memory for.
const LENGTHS: [usize; 6] = [127, 128, 16_383, 16_384, 2_097_151, 2_097_152];
