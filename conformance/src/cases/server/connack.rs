//! 3.2 CONNACK.
//!
//! The form of each CONNACK, its reserved flags and its return code, is checked by the reader in
//! every case; here every kind of CONNACK is seen.
//!
//! Clauses: [MQTT-3.2.0-1], [MQTT-3.2.2-1] to [MQTT-3.2.2-6], U-3.2.1-1, U-3.2.2.1-1,
//! U-3.2.2.3-1, U-3.2.2.3-2, U-3.2.3-1.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Connack, Connect};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "connack/form",
        title: "A CONNACK has two octets: Session Present alone, and a return code of the table.",
        statements: &["U-3.2.1-1", "U-3.2.2.1-1", "U-3.2.2.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for connect in [stage.clean("a"), stage.persistent("b"), stage.persistent("b")] {
                stage.connect(connect)?.disconnect()?;
            }
            Ok(())
        },
    },
    Case {
        address: "connack/form-of-a-refusal",
        title: "A CONNACK that refuses has the same two octets, with a return code of the table.",
        statements: &["U-3.2.1-1", "U-3.2.2.1-1", "U-3.2.2.3-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| refusals(stage, "a").map(drop),
    },
    Case {
        address: "connack/ends-with-its-return-code",
        title: "A CONNACK has no payload: nothing of it comes after its return code.",
        statements: &["U-3.2.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a"))?;
            peer.expect_accepted().map(drop).map_err(|finding| match finding {
                // To have another length is one breach, and what that length is for another.
                Finding::Fail(mismatch) if mismatch.statement == Some("U-3.2.1-1") => {
                    Finding::Fail(mismatch).of_the_case()
                }
                other => other.while_preparing("connect"),
            })
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
            // That a refusal claims a Session is found by the reader, under this statement.
            refusals(stage, "a").map(drop)
        },
    },
    Case {
        address: "connack/refusal-leaves-the-session-alone",
        title: "A CONNECT that was refused leaves the kept Session as it was.",
        statements: &["MQTT-3.1.2-4", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let mut client = stage.connect(stage.persistent("a"))?;
            // Whether a Session of QoS 0 alone is kept is for others to tell.
            client.subscribe(&stage.topic("t"), 1)?;
            client.disconnect()?;
            let mut peer = stage.peer("a")?;
            peer.send_invalid(stage.clean("a").level(100))?;
            peer.expect_closed_eventually().map_err(|f| f.while_preparing("be refused"))?;
            let mut peer = stage.peer("a")?;
            peer.send(stage.persistent("a"))?;
            peer.expect(Connack::accepted(true))
        },
    },
    Case {
        address: "connack/refused-by-a-code-of-the-table-or-none",
        title: "A refusal has a return code of the table, or there is no CONNACK at all.",
        statements: &["MQTT-3.2.2-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut refused = false;
            for connect in unacceptable(stage, "a") {
                let mut peer = stage.peer("refused")?;
                peer.send_invalid(connect)?;
                refused |= match peer.expect_connack() {
                    Ok(connack) => connack.code != 0,
                    Err(Finding::Fail(mismatch)) if mismatch.statement == Some("U-3.2.2.3-2") => {
                        return Err(Finding::Fail(mismatch).of_the_case());
                    }
                    Err(_) if peer.is_closed() => true,
                    Err(finding) => return Err(finding.while_preparing("be refused")),
                };
            }
            if refused { Ok(()) } else { Err(Finding::inconclusive("nothing is refused")) }
        },
    },
    Case {
        address: "connack/refusal-closes",
        title: "The connection is closed after a CONNACK that refuses.",
        statements: &["MQTT-3.2.2-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| refusals(stage, "a")?.iter_mut().try_for_each(Peer::expect_closed),
    },
];

/// What nobody accepts: a level that nobody serves, and a Client that has no name and wants a
/// Session to be kept.
fn unacceptable(stage: &Stage<'_>, label: &str) -> [Connect; 2] {
    [stage.persistent(label).level(100), stage.introduce(Connect::persistent(""))]
}

/// Connections on which a CONNACK has refused the CONNECT.
fn refusals(stage: &Stage<'_>, label: &str) -> Result<Vec<Peer>, Finding> {
    let mut refused = Vec::new();
    for connect in unacceptable(stage, label) {
        let mut peer = stage.peer("refused")?;
        peer.send_invalid(connect)?;
        match peer.expect_connack() {
            Ok(connack) if connack.code != 0 => refused.push(peer),
            Err(Finding::Fail(mismatch)) if mismatch.statement.is_some() => {
                return Err(Finding::Fail(mismatch));
            }
            // Accepted, or closed without an answer: other cases judge that.
            _ => {}
        }
    }
    if refused.is_empty() {
        return Err(Finding::inconclusive("nothing that was tried is refused by a CONNACK"));
    }
    Ok(refused)
}
