//! 3.1.2.4 Clean Session: what outlives a connection.

use crate::case::{Case, Level};
use crate::need::Need;
use crate::peer::Delivery;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "session/messages-wait-for-an-absent-client",
        title: "Messages of QoS 1 reach a Client that was away when they were published.",
        statements: &["MQTT-3.1.2-4", "MQTT-3.1.2-5"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe_at(&topic, 1)?;
            client.disconnect()?;

            stage.client("b")?.publish_qos1(topic.as_str(), "while away")?;

            let mut client = stage.connect(stage.persistent("a"))?;
            client.expect_message(&Delivery::on(topic).payload("while away").qos(1))?;
            Ok(())
        },
    },
    Case {
        address: "session/clean-session-discards-the-stored-one",
        title: "A CONNECT with Clean Session 1 ends the stored Session for good.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            stage.client("a")?.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.persistent("a"))?;
            peer.expect(crate::wire::Connack::accepted(false))
        },
    },
];
