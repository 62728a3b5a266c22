//! 2.3.1 Packet Identifiers.
//!
//! That an identifier is not used twice at once is held against every packet of every case; here
//! there is much in flight at once.
//!
//! Clauses: [MQTT-2.3.1-1], [MQTT-2.3.1-4] to [MQTT-2.3.1-7], U-2.3.1-1.

use std::collections::VecDeque;

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Packet, Publish, Suback, Subscribe, Unsubscribe};

/// The ends of the range, and both sides of where the second octet comes in.
const IDS: [u16; 4] = [1, 255, 256, 65_535];

pub(super) const CASES: &[Case] = &[
    Case {
        address: "packet-id/zero-in-publish-of-qos-1-closes",
        title: "A PUBLISH of QoS 1 with Packet Identifier 0 closes the connection.",
        statements: &["MQTT-2.3.1-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| zero_closes(stage, Publish::qos1(0, stage.topic("t"), "x").into()),
    },
    Case {
        address: "packet-id/zero-in-publish-of-qos-2-closes",
        title: "A PUBLISH of QoS 2 with Packet Identifier 0 closes the connection.",
        statements: &["MQTT-2.3.1-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| zero_closes(stage, Publish::qos2(0, stage.topic("t"), "x").into()),
    },
    Case {
        address: "packet-id/zero-in-subscribe-closes",
        title: "A SUBSCRIBE with Packet Identifier 0 closes the connection.",
        statements: &["MQTT-2.3.1-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| zero_closes(stage, Subscribe::new(0).filter(stage.topic("t"), 0).into()),
    },
    Case {
        address: "packet-id/zero-in-unsubscribe-closes",
        title: "An UNSUBSCRIBE with Packet Identifier 0 closes the connection.",
        statements: &["MQTT-2.3.1-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| zero_closes(stage, Unsubscribe::new(0).filter(stage.topic("t")).into()),
    },
    Case {
        address: "packet-id/unique-among-messages-in-flight",
        title: "Messages that were not acknowledged yet have Packet Identifiers of their own.",
        statements: &["MQTT-2.3.1-4"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: many_in_flight,
    },
    Case {
        address: "packet-id/kept-when-sent-again",
        title: "A message that a Server sends again keeps its Packet Identifier.",
        statements: &["MQTT-2.3.1-4"],
        level: Level::Must,
        needs: &[Need::PersistentSessions, Need::Qos1Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.connect(stage.persistent("a"))?;
            client.subscribe_at(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            publisher.publish_qos1(topic.as_str(), "first")?;
            client.expect_any_message().map_err(|f| f.while_preparing("begin"))?;
            publisher.publish_qos1(topic.as_str(), "second")?;
            let sent = client.expect_any_publish().map_err(|f| f.while_preparing("go on"))?;
            client.drop_connection()?;

            // The identifier of the first message is free, and must not attract the second.
            let mut client = stage.connect(stage.persistent("a"))?;
            let second = Delivery::on(topic).payload("second");
            let again = client
                .sooner_or_later(None, |client| client.expect_publish(&second))
                .map_err(|f| f.while_preparing("have the message sent again"))?;
            if again.id == sent.id {
                return Ok(());
            }
            Err(Finding::fail(format!("the packet of before, {sent}"), again))
        },
    },
    Case {
        address: "packet-id/none-at-qos-0",
        title: "A message delivered at QoS 0 has no Packet Identifier before its payload.",
        statements: &["MQTT-2.3.1-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 0)?;
            let mut publisher = stage.client("p")?;
            for qos in [0, 1] {
                publisher.complete(Publish::at_qos(qos, 258, topic.as_str(), "payload"))?;
                let message =
                    subscriber.expect_any_message().map_err(|f| f.while_preparing("get it"))?;
                if message.qos > 0 {
                    return Err(Finding::inconclusive(format!("not at QoS 0: {message}")));
                }
                if message.payload != b"payload" {
                    return Err(Finding::fail("the payload right after the topic", message));
                }
            }
            Ok(())
        },
    },
    Case {
        address: "packet-id/puback-repeats-it",
        title: "PUBACK repeats the Packet Identifier of the PUBLISH.",
        statements: &["MQTT-2.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in IDS {
                client.send(Publish::qos1(id, stage.topic("t"), "x"))?;
                is_answered_by(&mut client, &Packet::Puback(id))?;
            }
            Ok(())
        },
    },
    Case {
        address: "packet-id/pubrec-repeats-it",
        title: "PUBREC repeats the Packet Identifier of the PUBLISH.",
        statements: &["MQTT-2.3.1-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in IDS {
                client.send(Publish::qos2(id, stage.topic("t"), "x"))?;
                is_answered_by(&mut client, &Packet::Pubrec(id))?;
            }
            Ok(())
        },
    },
    Case {
        address: "packet-id/pubrel-repeats-it",
        title: "A Server's PUBREL repeats the Packet Identifier of its PUBLISH.",
        statements: &["MQTT-2.3.1-6"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe_at(&topic, 2)?;
            for payload in ["one", "two", "three"] {
                client.publish_qos2(topic.as_str(), payload)?;
                let message =
                    client.expect_any_publish().map_err(|f| f.while_preparing("begin"))?;
                let id = qos_2_id(&message)?;
                client.send(Packet::Pubrec(id))?;
                is_answered_by(&mut client, &Packet::Pubrel(id))?;
                client.send(Packet::Pubcomp(id))?;
            }
            Ok(())
        },
    },
    Case {
        address: "packet-id/suback-repeats-it",
        title: "SUBACK repeats the Packet Identifier of its SUBSCRIBE.",
        statements: &["MQTT-2.3.1-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for id in IDS {
                client.send(Subscribe::new(id).filter(stage.topic("t"), 0))?;
                is_answered_by(&mut client, &Suback::new(id, [0]).into())?;
            }
            Ok(())
        },
    },
    Case {
        address: "packet-id/unsuback-repeats-it",
        title: "UNSUBACK repeats the Packet Identifier of its UNSUBSCRIBE.",
        statements: &["MQTT-2.3.1-7"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            for id in IDS {
                // Some do not answer for what is not subscribed: another rule.
                client.subscribe(&topic, 0)?;
                client.send(Unsubscribe::new(id).filter(topic.as_str()))?;
                is_answered_by(&mut client, &Packet::Unsuback(id))?;
            }
            Ok(())
        },
    },
    Case {
        address: "packet-id/directions-are-independent",
        title: "Both sides can use one Packet Identifier at once, without mixing the exchanges.",
        statements: &["U-2.3.1-1"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            let (here, there) = (stage.topic("here"), stage.topic("there"));
            let mut client = stage.client("a")?;
            client.subscribe_at(&here, 2)?;
            let mut watcher = stage.client("watcher")?;
            watcher.subscribe_at(&there, 2)?;
            stage.client("p")?.publish_qos2(here.as_str(), "in")?;
            let message = client.expect_any_publish().map_err(|f| f.while_preparing("begin"))?;
            let id = qos_2_id(&message)?;

            // Every step of ours falls between two of the same identifier on the other side.
            client.send(Publish::qos2(id, there.as_str(), "out"))?;
            client.expect_pubrec(id)?;
            client.send(Packet::Pubrec(id))?;
            client.expect_pubrel(id)?;
            client.send(Packet::Pubrel(id))?;
            client.expect_pubcomp(id)?;
            client.send(Packet::Pubcomp(id))?;
            watcher.expect_message(&Delivery::on(there).payload("out").qos(2))?;
            client.expect_nothing()
        },
    },
];

fn zero_closes(stage: &Stage<'_>, packet: Packet) -> Result<(), Finding> {
    let mut client = stage.client("a")?;
    client.send_invalid(packet)?;
    // An answer with Packet Identifier 0 is what comes of taking it.
    client.expect_closed().map_err(Finding::of_the_case)
}

/// Expects an answer of this kind with this Packet Identifier. That there is one at all, and of the
/// right kind, is another rule.
fn is_answered_by(client: &mut Peer, expected: &Packet) -> Result<(), Finding> {
    let answer = client.expect_any().map_err(|finding| finding.while_preparing("be answered"))?;
    if answer.kind() != expected.kind() {
        return Err(Finding::inconclusive(format!("answered by {answer}, not {expected}")));
    }
    if answer.packet_id() == expected.packet_id() {
        return Ok(());
    }
    Err(Finding::fail(expected, answer))
}

fn qos_2_id(message: &Publish) -> Result<u16, Finding> {
    match (message.qos, message.id) {
        (2, Some(id)) => Ok(id),
        _ => Err(Finding::inconclusive(format!("no message of QoS 2, but {message}"))),
    }
}

/// Holds back acknowledgements as long as messages come, and gives one whenever they stop: how
/// many may be in flight is up to the Server.
fn many_in_flight(stage: &mut Stage<'_>) -> Result<(), Finding> {
    const MESSAGES: usize = 60;
    let topic = stage.topic("t");
    let mut client = stage.client("a")?;
    client.subscribe_at(&topic, 1)?;
    let mut publisher = stage.client("p")?;
    for number in 0..MESSAGES {
        publisher.publish_qos1(topic.as_str(), number.to_string())?;
    }
    let mut held = VecDeque::new();
    let mut came = 0;
    while came < MESSAGES {
        let packets = client.fence()?;
        if packets.is_empty()
            && let Some(oldest) = held.pop_front()
        {
            client.acknowledge(&oldest)?;
        }
        for packet in packets {
            if let Packet::Publish(publish) = packet {
                held.push_back(publish);
                came += 1;
            }
        }
        if held.is_empty() {
            held.push_back(client.expect_any_publish().map_err(|f| f.while_preparing("go on"))?);
            came += 1;
        }
    }
    Ok(())
}
