//! 3.2 CONNACK.
//!
//! The form of each CONNACK, its reserved flags and its return code, is checked by the reader in
//! every case; here every kind of CONNACK is seen.
//!
//! Clauses: [MQTT-3.2.0-1], [MQTT-3.2.2-1] to [MQTT-3.2.2-5], U-3.2.1-1, U-3.2.2.1-1,
//! U-3.2.2.3-1, U-3.2.2.3-2, U-3.2.3-1.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::wire::Connack;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "connack/form",
        title: "A CONNACK has two octets: Session Present alone, and a return code of the table.",
        statements: &["U-3.2.1-1", "U-3.2.2.1-1", "U-3.2.2.3-2", "U-3.2.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let connects = [
                stage.clean("a"),
                stage.persistent("b"),
                stage.persistent("b"),
                stage.clean("c").level(100),
            ];
            for connect in connects {
                let mut peer = stage.peer("")?;
                peer.send(connect)?;
                let connack =
                    peer.expect_connack().map_err(|f| f.while_preparing("be answered"))?;
                if connack.code == 0 {
                    peer.disconnect()?;
                }
            }
            Ok(())
        },
    },
    Case {
        address: "connack/before-waiting-messages",
        title: "The CONNACK comes before the messages that waited in the Session.",
        statements: &["MQTT-3.2.0-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe_at(&topic, 1)?;
            client.disconnect()?;
            let mut publisher = stage.client("p")?;
            for payload in ["one", "two", "three"] {
                publisher.publish_qos1(topic.as_str(), payload)?;
            }
            let mut client = stage.peer("a")?;
            client.send(stage.persistent("a"))?;
            client.expect_accepted()?;
            client
                .expect_message(&Delivery::on(topic))
                .map_err(|finding| finding.while_preparing("get a message that waited"))?;
            Ok(())
        },
    },
    Case {
        address: "connack/session-present-tells-what-is-kept",
        title: "Session Present is 1 exactly when a Session was kept, even an empty one.",
        statements: &["MQTT-3.2.2-2", "MQTT-3.2.2-3", "U-3.1.2.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for (present, end) in [(false, "drop"), (true, "disconnect"), (true, "")] {
                let mut peer = stage.peer("a")?;
                peer.send(stage.persistent("a"))?;
                peer.expect(Connack::accepted(present))?;
                match end {
                    "drop" => peer.drop_connection()?,
                    _ => peer.disconnect()?,
                }
            }
            Ok(())
        },
    },
    Case {
        address: "connack/session-present-with-subscriptions",
        title: "Session Present is 1 when a Session with a subscription was kept.",
        statements: &["MQTT-3.2.2-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe(&stage.topic("t"), 0)?;
            client.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.persistent("a"))?;
            peer.expect(Connack::accepted(true))
        },
    },
    Case {
        address: "connack/no-session-of-a-stranger",
        title: "Session Present is 0 for a Client Identifier that was never there.",
        statements: &["MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("stranger")?;
            peer.send(stage.persistent("stranger"))?;
            peer.expect(Connack::accepted(false))
        },
    },
    Case {
        address: "connack/clean-session-has-no-session-present",
        title: "Session Present is 0 for Clean Session 1, whatever was kept.",
        statements: &["MQTT-3.2.2-1"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a"))?;
            peer.expect(Connack::accepted(false))
        },
    },
    Case {
        address: "connack/refusal-has-no-session-present",
        title: "Session Present is 0 in a refusal, also when a Session is kept.",
        statements: &["MQTT-3.2.2-4"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.persistent("a").level(100))?;
            // That a refusal claims a Session is found by the reader, under this statement.
            peer.expect_connack().map_err(|f| f.while_preparing("be refused by a CONNACK"))?;
            Ok(())
        },
    },
    Case {
        address: "connack/refusal-leaves-the-session-alone",
        title: "A CONNECT that was refused leaves the kept Session as it was.",
        statements: &["MQTT-3.1.2-4", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            stage.connect(stage.persistent("a"))?.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a").level(100))?;
            peer.expect_closed_eventually().map_err(|f| f.while_preparing("be refused"))?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.persistent("a"))?;
            peer.expect(Connack::accepted(true))
        },
    },
    Case {
        address: "connack/refusal-closes",
        title: "The connection is closed after a CONNACK that refuses.",
        statements: &["MQTT-3.2.2-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a").level(100))?;
            let connack = peer.expect_connack().map_err(|f| f.while_preparing("be refused"))?;
            if connack.code == 0 {
                return Err(Finding::inconclusive("the subject serves level 100"));
            }
            peer.expect_closed()
        },
    },
];
