//! 3.12 PINGREQ and 3.13 PINGRESP.
//!
//! Clauses: [MQTT-3.12.4-1], [U-3.13.2-1], [U-3.13.3-1]. Not here: flags, see 2.2.2, and octets
//! behind a PINGREQ.

use crate::case::{Case, Level};
use crate::peer::Delivery;
use crate::wire::{Octets, Packet};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "ping/answered",
        title: "A PINGREQ gets a PINGRESP.",
        statements: &["MQTT-3.12.4-1", "U-3.13.2-1", "U-3.13.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Packet::Pingreq)?;
            client.expect_pingresp()
        },
    },
    Case {
        address: "ping/each-is-answered",
        title: "Each of a hundred PINGREQs sent at once gets a PINGRESP.",
        statements: &["MQTT-3.12.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Packet::Pingreq.octets().repeat(100))?;
            (0..100).try_for_each(|_| client.expect_pingresp())
        },
    },
    Case {
        address: "ping/answered-between-messages",
        title: "A PINGREQ gets a PINGRESP while messages are on their way and unacknowledged.",
        statements: &["MQTT-3.12.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            client.publish_qos1(topic.as_str(), "left open")?;
            client
                .expect_publish(&Delivery::on(topic).payload("left open"))
                .map_err(|finding| finding.while_preparing("receive a message"))?;
            client.send(Packet::Pingreq)?;
            client.expect_pingresp()
        },
    },
];
