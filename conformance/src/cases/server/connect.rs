//! 3.1 CONNECT: when it comes, and what it is to be answered.
//!
//! Clauses: [MQTT-3.1.0-1], [MQTT-3.1.0-2], [MQTT-3.1.2-1], [MQTT-3.1.2-2], [MQTT-3.1.3-1],
//! [MQTT-3.1.4-4], [MQTT-3.1.4-5], U-3.1-1, U-3.1.4-2, U-3.1.4-3, U-3.1.4-5.
//! Not here: a CONNECT in bad order, in `connect_form`.

use std::time::Duration;

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;
use crate::wire::{Framed, Octets, Publish, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "connect/accepted",
        title: "A CONNECT in good order is answered by a CONNACK with return code 0.",
        statements: &["MQTT-3.1.4-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for connect in [stage.clean("a"), stage.persistent("b")] {
                let mut peer = stage.peer("")?;
                peer.send(connect)?;
                peer.expect_accepted()?;
            }
            Ok(())
        },
    },
    Case {
        address: "connect/fields-in-their-order",
        title: "A CONNECT with all fields is accepted, and the Will is in its place among them.",
        statements: &["MQTT-3.1.3-1", "MQTT-3.1.2-9", "MQTT-3.1.2-19", "MQTT-3.1.2-21"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("will");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            let mut connect = stage.clean("a").will(topic.as_str(), "message", 0, false);
            if connect.username.is_none() {
                connect = connect.username("name").password("word");
            }
            let mut peer = stage.peer("a")?;
            peer.send(connect)?;
            let unknown = || Finding::inconclusive("the subject knows nobody of that name");
            let connack = match peer.expect_connack() {
                // To say so by a CONNACK is advice.
                Err(Finding::Fail(mismatch))
                    if mismatch.statement.is_none() && peer.is_closed() =>
                {
                    return Err(unknown());
                }
                outcome => outcome?,
            };
            if matches!(connack.code, 4 | 5) {
                return Err(unknown());
            }
            if connack.code != 0 {
                return Err(Finding::fail("CONNACK code=0 accepted", connack));
            }
            peer.drop_connection()?;
            let will = Delivery::on(topic).payload("message");
            let message = watcher
                .expect_any_message()
                .map_err(|finding| finding.while_preparing("have the Will published"))?;
            if will.is(&message) { Ok(()) } else { Err(Finding::fail(will, message)) }
        },
    },
    Case {
        address: "connect/second-connect-closes",
        title: "A second CONNECT on a connection closes it.",
        statements: &["MQTT-3.1.0-2", "U-3.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("twice")?;
            client.send_out_of_place(stage.clean("twice"))?;
            client.expect_closed()
        },
    },
    Case {
        address: "connect/second-connect-of-another-closes",
        title: "A second CONNECT closes the connection also if it names another Client.",
        statements: &["MQTT-3.1.0-2", "U-3.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("one")?;
            client.send_out_of_place(stage.clean("two"))?;
            client.expect_closed()
        },
    },
    Case {
        address: "connect/second-connect-behind-the-first-closes",
        title: "A second CONNECT in the same write as the first closes the connection.",
        statements: &["MQTT-3.1.0-2", "U-3.1-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("twice")?;
            peer.send_out_of_place(stage.clean("twice").then(stage.clean("twice")))?;
            // The first may have been answered, or not, before the second was seen.
            match peer.expect_connack() {
                Ok(_) => peer.expect_closed(),
                Err(_) if peer.is_closed() => Ok(()),
                Err(finding) => Err(finding),
            }
        },
    },
    Case {
        address: "connect/others-need-not-wait-for-connack",
        title: "SUBSCRIBE and PUBLISH right behind CONNECT take effect, and CONNACK comes first.",
        statements: &["U-3.1.4-5", "MQTT-3.2.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let packets = [
                stage.clean("a").octets(),
                Subscribe::new(1).filter(topic.as_str(), 0).octets(),
                Publish::qos1(2, topic.as_str(), "early").octets(),
            ];
            let mut peer = stage.peer("a")?;
            peer.send(packets.concat())?;
            peer.expect_accepted()?;
            peer.expect_suback(1)?;
            peer.expect_puback(2)?;
            peer.expect_message(&Delivery::on(topic).payload("early"))?;
            Ok(())
        },
    },
    Case {
        address: "connect/level-3-under-this-name-is-refused",
        title: "Level 3, which the name MQTT never had, is answered by return code 0x01.",
        statements: &["MQTT-3.1.2-2"],
        // A Server may say that it supports even this.
        level: Level::Should,
        needs: &[],
        run: |stage| level_is_refused(stage, 3),
    },
    Case {
        address: "connect/unknown-level-is-refused",
        title: "A protocol level that no version has is answered by return code 0x01.",
        statements: &["MQTT-3.1.2-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| [6, 100, 127].into_iter().try_for_each(|level| level_is_refused(stage, level)),
    },
    Case {
        address: "connect/level-0-is-refused",
        title: "Protocol level 0 is answered by return code 0x01.",
        statements: &["MQTT-3.1.2-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| level_is_refused(stage, 0),
    },
    Case {
        address: "connect/earlier-version",
        title: "What becomes of a CONNECT of MQTT 3.1 is seen.",
        statements: &["U-3.1.4-3"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send_invalid(stage.clean("a").protocol_name("MQIsdp").level(3))?;
            let answer = match peer.expect_connack() {
                Ok(connack) if connack.code == 0 => "served".to_owned(),
                Ok(connack) => format!("refused by return code {}", connack.code),
                Err(_) if peer.is_closed() => "closed".to_owned(),
                Err(finding) => return Err(finding),
            };
            stage.observe("mqtt-3.1", answer);
            Ok(())
        },
    },
    Case {
        address: "connect/nothing-behind-a-refused-one-is-published",
        title: "A PUBLISH behind a CONNECT that is refused reaches nobody.",
        statements: &["MQTT-3.1.4-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe(&topic, 0)?;
            refused_with(stage, Publish::qos0(topic.as_str(), "refused"))?;
            watcher.expect_no_message(&mut stage.client("b")?, &topic, 0)
        },
    },
    Case {
        address: "connect/nothing-behind-a-refused-one-is-retained",
        title: "A retained PUBLISH behind a CONNECT that is refused is not retained.",
        statements: &["MQTT-3.1.4-5"],
        level: Level::Must,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            refused_with(stage, Publish::qos1(1, topic.as_str(), "refused").retain())?;
            let mut late = stage.client("late")?;
            late.subscribe(&topic, 1)?;
            late.expect_no_message(&mut stage.client("b")?, &topic, 1)
        },
    },
    Case {
        address: "connect/none-at-all",
        title: "How long a connection without a CONNECT stays open is seen, up to two seconds.",
        statements: &["U-3.1.4-2"],
        level: Level::Observe,
        needs: &[Need::Seconds(2)],
        run: |stage| {
            let mut peer = stage.peer("mute")?;
            peer.rest(Duration::from_secs(2))?;
            let answer = if peer.is_closed() { "closes within 2 s" } else { "open after 2 s" };
            stage.observe("connection-without-connect", answer);
            Ok(())
        },
    },
];

fn level_is_refused(stage: &Stage<'_>, level: u8) -> Result<(), Finding> {
    let mut peer = stage.peer("")?;
    peer.send_invalid(stage.clean("a").level(level))?;
    // The longer CONNACK of MQTT 5 is no packet of this version. It falls short of this rule.
    peer.expect_refused(1).map_err(Finding::of_the_case)
}

/// Sends a packet behind a CONNECT of a level that nobody serves.
fn refused_with(stage: &Stage<'_>, packet: impl Octets) -> Result<(), Finding> {
    let mut peer = stage.peer("refused")?;
    peer.send_invalid(stage.clean("refused").level(100).then(packet))?;
    peer.expect_closed_eventually()
        .map_err(|finding| finding.while_preparing("have a CONNECT refused"))
}
