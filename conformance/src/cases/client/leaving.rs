//! 3.14: how a client leaves.

use super::prelude::*;

pub(super) const CASES: &[ClientCase] = &[
    ClientCase {
        address: "leaving/disconnect-has-its-form",
        title: "A client that is told to leave sends DISCONNECT, which is two octets.",
        statements: &["U-3.14.2-1", "U-3.14.3-1"],
        level: Level::Must,
        needs: &[Ability::Disconnect],
        run: |stage| {
            let mut peer = stage.client()?;
            stage.disconnect()?;
            // What is no DISCONNECT in good order comes in the place of one.
            peer.expect_disconnect().map_err(Finding::of_the_case)
        },
    },
    ClientCase {
        address: "leaving/closes",
        title: "After its DISCONNECT a client closes the connection, and sends nothing before that.",
        statements: &["MQTT-3.14.4-1", "MQTT-3.14.4-2", "U-3.14-1"],
        level: Level::Must,
        needs: &[Ability::Disconnect],
        run: |stage| {
            let mut peer = stage.client()?;
            stage.disconnect()?;
            peer.expect_disconnect().map_err(|found| found.while_preparing("see it leave"))?;
            peer.expect_closed()
        },
    },
    ClientCase {
        address: "leaving/closes-with-messages-on-their-way",
        title: "A client leaves for good also with messages that were not acknowledged.",
        statements: &["MQTT-3.14.4-1", "MQTT-3.14.4-2", "U-3.14-1"],
        level: Level::Must,
        needs: &[Ability::Disconnect, Ability::Publish, Ability::Sequence],
        run: |stage| {
            let topic = stage.topic("t");
            let (mut peer, _) = stage.publishing(&stage.clean("p"), (&topic, "one", 1))?;
            let publish = peer.expect_publish(&Delivery::on(topic).qos(1));
            let publish = publish.map_err(|found| found.while_preparing("publish"))?;
            stage.disconnect()?;
            // One that waits for the PUBACK first gets it.
            if peer.expect_disconnect().is_err() {
                peer.acknowledge(&publish)?;
                peer.expect_disconnect().map_err(|found| found.while_preparing("see it leave"))?;
            }
            peer.send(Publish::qos1(31, stage.topic("own"), "too late"))?;
            peer.expect_closed()
        },
    },
];
