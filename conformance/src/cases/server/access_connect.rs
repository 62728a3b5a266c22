//! 3.1.4 Who is let in: Clients without credentials, with unknown ones, and what those leave behind
//! who are turned away.
//!
//! Only a profile can tell that the subject looks at credentials at all.
//!
//! Clauses: U-3.1.4-1, U-3.2.2.3-1, [MQTT-3.1.4-2], [MQTT-3.1.2-8].
//! Not here: the form of User Name and Password, and a wrong Password, in `credentials`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Connack, Connect, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "access/nobody-comes-in-without-credentials",
        title: "A CONNECT without credentials is closed, where the Server asks for them.",
        statements: &["U-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| is_turned_away(stage, |stage| Ok(Connect::clean(stage.id("a")))),
    },
    Case {
        address: "access/unknown-user-does-not-come-in",
        title: "A CONNECT with an unknown User Name is closed, where the Server asks for one.",
        statements: &["U-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| is_turned_away(stage, unknown),
    },
    Case {
        address: "access/no-credentials-get-a-fitting-code",
        title: "A CONNECT without credentials is answered by 0x04 or 0x05 before the close.",
        statements: &["U-3.2.2.3-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            asks_for_credentials(stage)?;
            let code = refusal(stage, Connect::clean(stage.id("a")))?;
            stage.observe("return-code-without-credentials", format!("0x{code:02x}"));
            Ok(())
        },
    },
    Case {
        address: "access/unknown-user-gets-a-fitting-code",
        title: "A CONNECT with an unknown User Name is answered by 0x04 or 0x05 before the close.",
        statements: &["U-3.2.2.3-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let code = refusal(stage, unknown(stage)?)?;
            stage.observe("return-code-for-an-unknown-user", format!("0x{code:02x}"));
            Ok(())
        },
    },
    Case {
        address: "access/who-is-turned-away-takes-over-nobody",
        title: "A CONNECT that is turned away leaves the Client of that identifier connected.",
        statements: &["MQTT-3.1.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            asks_for_credentials(stage)?;
            let mut client = stage.client("a")?;
            let mut stranger = stage.peer("stranger")?;
            stranger.send(unknown(stage)?)?;
            stranger.expect_closed_eventually()?;
            client.fence().map(|_| ()).map_err(|_| {
                Finding::fail("the Client, still connected", "its connection is closed")
            })
        },
    },
    Case {
        address: "access/who-is-turned-away-leaves-no-will",
        title: "The Will in a CONNECT that is turned away is not published.",
        statements: &["MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("w");
            let stranger = unknown(stage)?.will(topic.as_str(), "will", 1, false);
            nothing_comes(stage, &topic, stranger, None)
        },
    },
    Case {
        address: "access/who-is-turned-away-publishes-nothing",
        title: "A PUBLISH right behind a CONNECT that is turned away has no effect.",
        statements: &["MQTT-3.1.4-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("p");
            let publish = Publish::qos1(1, topic.as_str(), "sneaked in");
            nothing_comes(stage, &topic, unknown(stage)?, Some(publish))
        },
    },
];

/// Sends a CONNECT that the subject has to turn away.
fn is_turned_away(
    stage: &Stage<'_>,
    connect: fn(&Stage<'_>) -> Result<Connect, Finding>,
) -> Result<(), Finding> {
    asks_for_credentials(stage)?;
    let mut peer = stage.peer("a")?;
    peer.send(connect(stage)?)?;
    peer.expect_closed_eventually()
}

/// The return code of a CONNECT that the subject has to turn away.
fn refusal(stage: &Stage<'_>, connect: Connect) -> Result<u8, Finding> {
    let mut peer = stage.peer("a")?;
    peer.send(connect)?;
    match peer.expect_connack()? {
        Connack { code: code @ (4 | 5), .. } => Ok(code),
        connack => Err(Finding::fail("CONNACK code=4 or code=5", connack)),
    }
}

/// Nothing comes on `topic` of who is turned away: of its Will, or of a packet right behind.
fn nothing_comes(
    stage: &Stage<'_>,
    topic: &str,
    stranger: Connect,
    behind: Option<Publish>,
) -> Result<(), Finding> {
    let mut onlooker = stage.client("onlooker")?;
    onlooker.subscribe(topic, 1)?;
    let mut peer = stage.peer("stranger")?;
    peer.send(stranger)?;
    if let Some(publish) = behind {
        peer.send(publish)?;
    }
    peer.expect_closed_eventually().map_err(|finding| finding.while_preparing("be turned away"))?;
    let mut publisher = stage.client("p")?;
    onlooker.expect_no_message(&mut publisher, topic, 1)
}

/// A CONNECT of a user whom nobody has made known, under the identifier "a".
fn unknown(stage: &Stage<'_>) -> Result<Connect, Finding> {
    asks_for_credentials(stage)?;
    Ok(Connect::clean(stage.id("a")).username(stage.id("unknown")).password("wrong"))
}

/// Only a subject that asks for credentials can turn anybody away.
fn asks_for_credentials(stage: &Stage<'_>) -> Result<(), Finding> {
    match stage.asks_for_credentials() {
        true => Ok(()),
        false => {
            Err(Finding::unsupported("no profile tells that the subject asks for credentials"))
        }
    }
}
