//! Where the standard leaves the choice, or readers differ: what this Server does.
//!
//! Nothing here fails. Where the choice comes up in the course of another case, that case tells.
//!
//! Clauses: [MQTT-3.1.2-1], [MQTT-3.1.2-2], [MQTT-3.1.4-1], [MQTT-3.3.1-7], [MQTT-4.4.0-1],
//! [MQTT-4.7.1-2], [MQTT-4.7.3-1], U-3.14.4-1, U-4.4-1, U-4.7.2-1.

use std::time::Duration;

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Peer;
use crate::wire::{Packet, Publish, Suback, Subscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "protocol-name/answer-to-an-unknown-one",
        title: "What answers a CONNECT with the name of another protocol.",
        statements: &["MQTT-3.1.2-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send_invalid(stage.clean("a").protocol_name("HTTP"))?;
            stage.observe("answer-to-an-unknown-protocol-name", refusal(&mut peer)?);
            Ok(())
        },
    },
    Case {
        address: "connect/answer-to-an-unknown-level",
        title: "What answers a CONNECT with a protocol level that no version has.",
        statements: &["MQTT-3.1.2-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send_invalid(stage.clean("a").level(0x7f))?;
            stage.observe("answer-to-an-unknown-protocol-level", refusal(&mut peer)?);
            Ok(())
        },
    },
    Case {
        address: "connect/answer-to-a-malformed-one",
        title: "What answers a CONNECT with its reserved flag set.",
        statements: &["MQTT-3.1.4-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let connect = stage.clean("a");
            let flags = connect.flags_octet();
            let mut peer = stage.peer("a")?;
            peer.send_invalid(connect.flags(flags | 1))?;
            stage.observe("answer-to-a-malformed-connect", refusal(&mut peer)?);
            Ok(())
        },
    },
    Case {
        address: "topics/answer-to-an-invalid-filter",
        title: "What answers a SUBSCRIBE with a filter against the rules.",
        statements: &["MQTT-4.7.1-2", "MQTT-4.7.3-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            for (what, filter) in [
                ("answer-to-an-invalid-filter", stage.topic("a#")),
                ("answer-to-an-empty-filter", String::new()),
            ] {
                let mut client = stage.client("a")?;
                client.send_invalid(Subscribe::new(1).filter(filter, 0))?;
                let answer = match client.expect_suback(1) {
                    Ok(codes) if codes == [Suback::FAILURE] => "0x80",
                    Ok(_) => "granted",
                    Err(_) if client.is_closed() => "closes the connection",
                    Err(finding) => return Err(finding),
                };
                stage.observe(what, answer);
            }
            Ok(())
        },
    },
    Case {
        address: "reserved-topics/what-clients-publish-there",
        title: "What becomes of a message on a topic that begins with $.",
        statements: &["U-4.7.2-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let topic = format!("${}/x", stage.id(""));
            let sentinel = stage.topic("s");
            let mut subscriber = stage.client("s")?;
            subscriber.send(Subscribe::new(100).filter(topic.as_str(), 1))?;
            let granted = match subscriber.expect_suback(100) {
                Ok(codes) => codes != [Suback::FAILURE],
                Err(_) if subscriber.is_closed() => false,
                Err(finding) => return Err(finding),
            };
            if !granted {
                stage.observe("messages-of-clients-under-dollar", "not to be subscribed to");
                return Ok(());
            }
            subscriber.subscribe(&sentinel, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.send(Publish::qos1(100, topic.as_str(), "relayed?"))?;
            let answer = match publisher.expect_puback(100) {
                Ok(()) => {
                    let mut other = stage.client("o")?;
                    match subscriber.until_sentinel(&mut other, &sentinel, 1)?.is_empty() {
                        true => "acknowledged, and passed on to nobody",
                        false => "passed on",
                    }
                }
                Err(_) if publisher.is_closed() => "close the connection",
                Err(finding) => return Err(finding),
            };
            stage.observe("messages-of-clients-under-dollar", answer);
            Ok(())
        },
    },
    Case {
        address: "will/topic-with-wildcards",
        title: "When a Will Topic with a wildcard is refused.",
        statements: &["MQTT-4.7.1-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            peer.send_invalid(stage.clean("a").will(stage.topic("+"), "will", 0, false))?;
            let answer = match peer.expect_connack() {
                Ok(connack) if connack.code == 0 => {
                    peer.disconnect()?;
                    "not by its CONNECT".to_owned()
                }
                Ok(connack) => format!("by its CONNECT, 0x{:02x}", connack.code),
                Err(_) if peer.is_closed() => "by its CONNECT, without a CONNACK".to_owned(),
                Err(finding) => return Err(finding),
            };
            stage.observe("will-topic-with-wildcards-is-refused", answer);
            Ok(())
        },
    },
    Case {
        address: "retain/what-becomes-of-qos-0",
        title: "Whether a message of QoS 0 that is to be retained is.",
        statements: &["MQTT-3.3.1-7"],
        level: Level::Observe,
        needs: &[Need::RetainedMessages],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.send(Publish::qos0(topic.as_str(), "kept?").retain())?;
            client.fence()?;
            client.subscribe(&topic, 0)?;
            let messages = client.until_own_sentinel(&topic, 0)?;
            let kept = messages.iter().any(|message| message.payload == b"kept?");
            stage.observe("retained-message-of-qos-0", if kept { "kept" } else { "not kept" });
            Ok(())
        },
    },
    Case {
        address: "disconnect/connection-afterwards",
        title: "Whether the Server closes the connection after a DISCONNECT.",
        statements: &["U-3.14.4-1"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Packet::Disconnect)?;
            let closes = client.expect_closed_eventually().is_ok();
            let answer = if closes { "closed by the Server" } else { "left to the Client" };
            stage.observe("connection-after-disconnect", answer);
            Ok(())
        },
    },
    Case {
        address: "redelivery/on-a-live-connection",
        title: "Whether a message that is not acknowledged is sent again on the same connection.",
        statements: &["MQTT-4.4.0-1"],
        level: Level::Observe,
        needs: &[Need::Qos1Subscriptions, Need::Seconds(2)],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "acknowledge me")?;
            subscriber.expect_any_publish()?;
            subscriber.rest(STILL)?;
            let again = subscriber.repeats() > 0;
            let answer = if again { "sent again" } else { "not sent again within 2 s" };
            stage.observe("unacknowledged-message-on-a-live-connection", answer);
            Ok(())
        },
    },
];

/// How a CONNECT is turned away, if it is.
fn refusal(peer: &mut Peer) -> Result<String, Finding> {
    match peer.expect_any() {
        Ok(Packet::Connack(connack)) if connack.code == 0 => Ok("accepted".to_owned()),
        Ok(Packet::Connack(connack)) => Ok(format!("CONNACK 0x{:02x}", connack.code)),
        Ok(packet) => Ok(packet.to_string()),
        // Five octets, as MQTT 5 has it, are no CONNACK of this version.
        Err(Finding::Fail(mismatch)) if mismatch.statement.is_some() => Ok(mismatch.seen),
        Err(_) if peer.is_closed() => Ok("closed without an answer".to_owned()),
        Err(Finding::Fail(_)) => Ok("nothing".to_owned()),
        Err(finding) => Err(finding),
    }
}

/// Long beside the round trip, short beside what brokers that send again wait.
const STILL: Duration = Duration::from_secs(2);
