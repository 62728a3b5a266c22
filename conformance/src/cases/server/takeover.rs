//! 3.1.4 A second connection with the Client Identifier of the first.
//!
//! In which order the old connection is closed, its Will published and the new one answered is
//! open. The new connection counts as settled once it has answered a PINGREQ.
//!
//! Clauses: [MQTT-3.1.4-2], [MQTT-3.1.4-3], [MQTT-3.1.2-6], [MQTT-3.2.2-1] to [MQTT-3.2.2-3].

use crate::case::{Case, Level};
use crate::finding::{Finding, Mismatch};
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::Connack;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "takeover/clean-by-clean",
        title: "A Client with Clean Session 1 displaces one with Clean Session 1.",
        statements: &["MQTT-3.1.4-2", "MQTT-3.2.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| displaces(stage, true, true, false),
    },
    Case {
        address: "takeover/clean-by-kept",
        title: "A Client with Clean Session 0 displaces one with Clean Session 1, and inherits nothing.",
        statements: &["MQTT-3.1.4-2", "MQTT-3.1.2-6", "MQTT-3.2.2-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| displaces(stage, true, false, false),
    },
    Case {
        address: "takeover/kept-by-clean",
        title: "A Client with Clean Session 1 displaces one with Clean Session 0, and inherits nothing.",
        statements: &["MQTT-3.1.4-2", "MQTT-3.1.2-6", "MQTT-3.2.2-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| displaces(stage, false, true, false),
    },
    Case {
        address: "takeover/kept-by-kept",
        title: "A Client with Clean Session 0 displaces one with Clean Session 0, and has its Session.",
        statements: &["MQTT-3.1.4-2", "MQTT-3.1.2-4", "MQTT-3.2.2-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| displaces(stage, false, false, true),
    },
    Case {
        address: "takeover/subscriptions-of-a-kept-session-go-over",
        title: "Subscriptions of a kept Session hold for the connection that takes it over.",
        statements: &["MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut older = stage.connect(stage.persistent("same"))?;
            older.subscribe(&topic, 1)?;
            let mut newer = stage.connect(stage.persistent("same"))?;
            stage.client("p")?.publish_qos1(topic.as_str(), "x")?;
            newer.expect_message(&Delivery::on(topic).payload("x"))?;
            Ok(())
        },
    },
    Case {
        address: "takeover/subscriptions-of-a-clean-session-do-not",
        title: "Subscriptions of Clean Session 1 do not pass to the connection that takes over.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| no_subscriptions_go_over(stage, true, false),
    },
    Case {
        address: "takeover/subscriptions-do-not-go-over-to-a-clean-session",
        title: "Subscriptions of a kept Session do not pass to Clean Session 1 that takes over.",
        statements: &["MQTT-3.1.2-6", "MQTT-3.1.4-3"],
        level: Level::Must,
        needs: &[],
        run: |stage| no_subscriptions_go_over(stage, false, true),
    },
    Case {
        address: "takeover/by-one-after-the-other",
        title: "Of many connections with one Client Identifier the last stays, with its Session.",
        statements: &["MQTT-3.1.4-2", "MQTT-3.1.2-4"],
        level: Level::Must,
        needs: &[Need::PersistentSessions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut last = stage.connect(stage.persistent("same"))?;
            last.subscribe(&topic, 1)?;
            let mut older = Vec::new();
            for _ in 0..12 {
                older.push(last);
                last = stage.connect(stage.persistent("same"))?;
            }
            for peer in &mut older {
                peer.expect_closed()?;
            }
            stage.client("p")?.publish_qos1(topic.as_str(), "x")?;
            last.expect_message(&Delivery::on(topic).payload("x"))?;
            Ok(())
        },
    },
];

/// Connects twice under one name: the older connection is closed, the newer works, and is told
/// what there is of a Session.
fn displaces(
    stage: &Stage<'_>,
    older_is_clean: bool,
    newer_is_clean: bool,
    present: bool,
) -> Result<(), Finding> {
    let connect = |clean| if clean { stage.clean("same") } else { stage.persistent("same") };
    let mut older = stage.connect(connect(older_is_clean))?;
    // Some keep no Session that is empty, which is not the point here.
    older.subscribe(&stage.topic("t"), 0)?;
    let mut newer = stage.peer("same, newer")?;
    newer.send(connect(newer_is_clean))?;
    let told = match (newer_is_clean, present) {
        (true, _) => "MQTT-3.2.2-1",
        (false, true) => "MQTT-3.2.2-2",
        (false, false) => "MQTT-3.2.2-3",
    };
    let connack = match newer.expect_connack() {
        Ok(connack) if connack.code == 0 => connack,
        outcome => return Err(turned_away(&mut older, &newer, outcome)),
    };
    if connack.session_present != present {
        return Err(Finding::fail(Connack::accepted(present), connack).of(told));
    }
    older.expect_closed().map_err(|finding| match finding {
        // Of all that can go wrong here only this is about the older connection.
        Finding::Fail(Mismatch { statement: None, .. }) => finding.of("MQTT-3.1.4-2"),
        other => other,
    })?;
    newer.fence().map(drop)
}

/// Who is let in, and by the same name is not while somebody else stays connected by it, has been
/// turned away in favour of the older connection.
fn turned_away(older: &mut Peer, newer: &Peer, outcome: Result<Connack, Finding>) -> Finding {
    let seen = match outcome {
        Ok(connack) => connack.to_string(),
        Err(_) if newer.is_closed() => "closed without a CONNACK".to_owned(),
        Err(finding) => return finding.while_preparing("connect a second time"),
    };
    match older.fence() {
        Ok(_) => {
            let seen = format!("the newer one: {seen}; the older one is still connected");
            Finding::fail("the older connection closed", seen).of("MQTT-3.1.4-2")
        }
        Err(_) => Finding::inconclusive(format!("could not connect a second time: {seen}")),
    }
}

fn no_subscriptions_go_over(
    stage: &Stage<'_>,
    older_is_clean: bool,
    newer_is_clean: bool,
) -> Result<(), Finding> {
    let connect = |clean| if clean { stage.clean("same") } else { stage.persistent("same") };
    let (old, new) = (stage.topic("old"), stage.topic("new"));
    let mut older = stage.connect(connect(older_is_clean))?;
    older.subscribe(&old, 1)?;
    let mut newer = stage.connect(connect(newer_is_clean))?;
    older.expect_closed().map_err(|finding| finding.while_preparing("take the Session over"))?;
    newer.subscribe(&new, 1)?;
    let mut publisher = stage.client("p")?;
    publisher.publish_qos1(old.as_str(), "for nobody")?;
    newer.expect_no_message(&mut publisher, &new, 1)
}
