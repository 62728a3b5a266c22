//! 3.1.2.10 Keep Alive.
//!
//! The Keep Alive is one second everywhere, so that all of it is over in about two.
//!
//! Clauses: [MQTT-3.1.2-24], U-3.1.2.10-2, U-3.1.2.10-4, U-3.1.4-6.

use std::time::{Duration, Instant};

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Octets, Packet, Publish, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "keep-alive/silence-closes",
        title: "A Client that is silent for one and a half times its Keep Alive is cut off.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(7)],
        run: |stage| {
            let mut client = impatient(stage, "silent")?;
            client.fence()?;
            let quiet = client.expect_keep_alive_close(1)?;
            stage.observe("keep-alive-of-1-s-closes-after", format!("{} ms", quiet.as_millis()));
            Ok(())
        },
    },
    Case {
        address: "keep-alive/silence-after-connect-closes",
        title: "A Client that sends nothing after its CONNECT is cut off.",
        statements: &["MQTT-3.1.2-24", "U-3.1.4-6"],
        level: Level::Must,
        needs: &[Need::Seconds(7)],
        run: |stage| impatient(stage, "silent")?.expect_keep_alive_close(1).map(drop),
    },
    Case {
        address: "keep-alive/messages-to-the-client-do-not-count",
        title: "A silent Client is cut off also while messages are delivered to it.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(7)],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = impatient(stage, "silent")?;
            client.subscribe(&topic, 0)?;
            let mut publisher = stage.client("p")?;
            client
                .expect_keep_alive_close_despite(1, INTERVAL / 2, |_| {
                    publisher.publish_qos0(topic.as_str(), "x")
                })
                .map(drop)
        },
    },
    Case {
        address: "keep-alive/part-of-a-packet-does-not-count",
        title: "A Client that sends octets, but no whole packet, is cut off.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(7)],
        run: |stage| {
            let mut client = impatient(stage, "slow")?;
            let packet = Publish::qos0(stage.topic("t"), [b'x'; 100]).octets();
            let mut octets = packet.into_iter();
            client
                .expect_keep_alive_close_despite(1, INTERVAL / 2, |client| {
                    octets.next().map_or(Ok(()), |octet| client.send_part([octet]))
                })
                .map(drop)
        },
    },
    Case {
        address: "keep-alive/will-is-published",
        title: "The Will of a Client that was cut off for its silence is published.",
        statements: &["MQTT-3.1.2-24", "MQTT-3.1.2-8"],
        level: Level::Must,
        needs: &[Need::Seconds(7)],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let connect = stage.clean("silent").keep_alive(1);
            let mut client = stage.connect(connect.will(topic.as_str(), "silent", 0, false))?;
            client.expect_keep_alive_close(1).map_err(|f| f.while_preparing("be cut off"))?;
            watcher
                .expect_message(&Delivery::on(topic).payload("silent"))
                .map_err(|finding| finding.of("MQTT-3.1.2-8"))?;
            Ok(())
        },
    },
    Case {
        address: "keep-alive/pings-keep-the-connection",
        title: "A Client that pings in time stays connected.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(3)],
        run: |stage| stays(stage, lively(stage, "a")?, |client| client.send(Packet::Pingreq)),
    },
    Case {
        address: "keep-alive/publishing-keeps-the-connection",
        title: "A Client that publishes at QoS 0 in time stays connected, without a PINGREQ.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(3)],
        run: |stage| {
            let topic = stage.topic("t");
            stays(stage, lively(stage, "a")?, |client| client.publish_qos0(topic.as_str(), "x"))
        },
    },
    Case {
        address: "keep-alive/subscribing-keeps-the-connection",
        title: "A Client that subscribes in time stays connected, without a PINGREQ.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(3)],
        run: |stage| {
            let topic = stage.topic("t");
            stays(stage, lively(stage, "a")?, |client| {
                let id = client.fresh_id();
                client.send(Subscribe::new(id).filter(topic.as_str(), 0))
            })
        },
    },
    Case {
        address: "keep-alive/acknowledging-keeps-the-connection",
        title: "A Client that acknowledges messages in time stays connected, without a PINGREQ.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions, Need::Seconds(3)],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = lively(stage, "a")?;
            client.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            stays(stage, client, |client| {
                publisher.publish_qos1(topic.as_str(), "x")?;
                let message = client.expect_any_message();
                // A connection that was closed is what the case looks for, below.
                if client.is_closed() { Ok(()) } else { message.map(drop) }
            })
        },
    },
    Case {
        address: "keep-alive/zero-is-taken",
        title: "A CONNECT with Keep Alive 0 is accepted, and PINGREQ is answered all the same.",
        statements: &["U-3.1.2.10-4", "U-3.1.2.10-2"],
        // It only says what 0 means; and who wants no such Clients may refuse them.
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a").keep_alive(0))?;
            peer.expect_accepted()?;
            peer.send(Packet::Pingreq)?;
            peer.expect_pingresp()
        },
    },
    Case {
        address: "keep-alive/longest-is-taken",
        title: "A CONNECT with Keep Alive 65,535 is accepted.",
        statements: &["MQTT-3.1.4-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send(stage.clean("a").keep_alive(u16::MAX))?;
            peer.expect_accepted().map(drop)
        },
    },
    Case {
        address: "keep-alive/zero-turns-the-watch-off",
        title: "Whether a Client with Keep Alive 0 may be silent for two seconds is seen.",
        statements: &["U-3.1.2.10-4", "U-3.1.2.10-3"],
        level: Level::Observe,
        needs: &[Need::Seconds(2)],
        run: |stage| {
            let mut client = stage.connect(stage.clean("a").keep_alive(0))?;
            client.rest(Duration::from_secs(2))?;
            let answer = if client.is_closed() { "closes within 2 s" } else { "open after 2 s" };
            stage.observe("silence-with-keep-alive-0", answer);
            Ok(())
        },
    },
];

/// Well within one second, so that a busy machine does not make a Client late.
const INTERVAL: Duration = Duration::from_millis(600);

/// A Client with a Keep Alive of one second.
fn impatient(stage: &Stage<'_>, label: &str) -> Result<Peer, Finding> {
    stage.connect(stage.clean(label).keep_alive(1))
}

/// A Client that will not be silent for as long as its Keep Alive: a second, and at a second look,
/// when a busy machine may have been the reason to fail, somewhat more.
fn lively(stage: &Stage<'_>, label: &str) -> Result<Peer, Finding> {
    stage.connect(stage.clean(label).keep_alive(seconds(stage)))
}

fn seconds(stage: &Stage<'_>) -> u16 {
    if stage.is_second_look() { 4 } else { 1 }
}

/// Sends a packet now and then for longer than the watch would allow without, and expects the
/// connection to be there in the end.
fn stays(
    stage: &Stage<'_>,
    mut client: Peer,
    mut sign_of_life: impl FnMut(&mut Peer) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let keep_alive = Duration::from_secs(seconds(stage).into());
    let on_time = |client: &Peer| {
        if client.since_last_sent() <= keep_alive {
            return Ok(());
        }
        client.doubt();
        Err(Finding::inconclusive("the judge was late with a packet itself"))
    };
    let begin = Instant::now();
    while begin.elapsed() < keep_alive * 9 / 5 && !client.is_closed() {
        on_time(&client)?;
        sign_of_life(&mut client)?;
        client.rest(INTERVAL)?;
    }
    on_time(&client)?;
    if client.is_closed() {
        client.doubt();
        let elapsed = begin.elapsed().as_millis();
        let seen = format!("it closed after {elapsed} ms, although packets came in time");
        return Err(Finding::fail("the connection open", seen));
    }
    client.send(Packet::Pingreq)?;
    client.expect_pingresp()
}
