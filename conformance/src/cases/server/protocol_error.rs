//! 4.8: packets in good order that a Client may not send, and what a breach leaves untouched.
//!
//! Clauses: [MQTT-4.8.0-1], U-2.2.1-1, U-2.2.1-2, U-7.1.2-1. Wrong flags and reserved types are in
//! `header`, a second CONNECT in `connect_first`.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::peer::{Delivery, Peer};
use crate::wire::{Connack, Framed, Octets, Packet, Publish, Suback, Subscribe};

/// A case for a packet that only Servers send.
macro_rules! wrong_direction {
    ($address:literal, $title:literal, $packet:expr) => {
        Case {
            address: $address,
            title: $title,
            statements: &["MQTT-4.8.0-1"],
            level: Level::Must,
            needs: &[],
            run: |stage| {
                let mut client = stage.client("a")?;
                let packet: Packet = $packet.into();
                client.send_invalid(packet)?;
                client.expect_closed()
            },
        }
    };
}

pub(super) const CASES: &[Case] = &[
    wrong_direction!(
        "protocol-error/connack-from-a-client-closes",
        "A CONNACK from a Client closes the connection.",
        Connack::accepted(false)
    ),
    wrong_direction!(
        "protocol-error/suback-from-a-client-closes",
        "A SUBACK from a Client closes the connection.",
        Suback::new(1, [0])
    ),
    wrong_direction!(
        "protocol-error/unsuback-from-a-client-closes",
        "An UNSUBACK from a Client closes the connection.",
        Packet::Unsuback(1)
    ),
    wrong_direction!(
        "protocol-error/pingresp-from-a-client-closes",
        "A PINGRESP from a Client closes the connection.",
        Packet::Pingresp
    ),
    Case {
        address: "protocol-error/closes-no-other-connection",
        title: "A breach closes the connection that it came on, and no other.",
        statements: &["MQTT-4.8.0-1", "U-4.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut publisher = stage.client("p")?;
            // Whoever takes a breach for a message sends it where it disturbs nobody.
            for (number, breach) in (0..).zip(breaches(&stage.topic("breach"))) {
                let mut offender = stage.client(&format!("a{number}"))?;
                offender.subscribe(&topic, 0)?;
                offender.send_invalid(breach)?;
                let id = u16::from(number) + 1;
                publisher.send(Publish::qos1(id, topic.as_str(), [number]))?;
                publisher.expect_puback(id)?;
                subscriber.expect_message(&Delivery::on(topic.as_str()).payload([number]))?;
            }
            subscriber.expect_nothing()?;
            publisher.expect_nothing()
        },
    },
    Case {
        address: "protocol-error/what-follows-a-breach-is-not-dealt-with",
        title: "What comes behind a breach in the same write has no effect.",
        statements: &["MQTT-4.8.0-1"],
        // To close is demanded, not to stop reading before that.
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let mut subscriber = stage.client("s")?;
            let mut publisher = stage.client("p")?;
            let mut closed = false;
            for (number, breach) in breaches(&stage.topic("t")).into_iter().enumerate() {
                let topic = stage.topic(&number.to_string());
                subscriber.subscribe(&topic, 1)?;
                let mut offender = stage.client(&format!("a{number}"))?;
                let next = Publish::qos0(topic.as_str(), "behind a breach");
                offender.send_invalid([breach, next.octets()].concat())?;
                // Who does not close on it fails elsewhere.
                if reaction(&mut offender)? == "close" {
                    closed = true;
                    let messages = subscriber.until_sentinel(&mut publisher, &topic, 1)?;
                    if let Some(message) = messages.iter().find(|message| message.is_on(&topic)) {
                        return Err(Finding::fail("no message", message));
                    }
                }
            }
            if closed { Ok(()) } else { Err(Finding::inconclusive("no breach brought a close")) }
        },
    },
    Case {
        address: "protocol-error/what-precedes-a-breach-stands",
        title: "A message that came before a breach in the same write is delivered.",
        statements: &["MQTT-4.5.0-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut offender = stage.client("a")?;
            let publish = Publish::qos1(1, topic.as_str(), "in good order");
            offender.send_invalid(publish.then(Packet::Pingresp))?;
            subscriber.expect_message(&Delivery::on(topic).payload("in good order"))?;
            Ok(())
        },
    },
    Case {
        address: "protocol-error/nothing-counts-after-disconnect",
        title: "A PUBLISH behind a DISCONNECT is not passed on.",
        statements: &["U-3.14-1"],
        // The rule binds the Client; the Server had better not act on what follows.
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut subscriber = stage.client("s")?;
            subscriber.subscribe(&topic, 1)?;
            let mut leaver = stage.client("a")?;
            let publish = Publish::qos0(topic.as_str(), "one more thing");
            leaver.send(Packet::Disconnect.then(publish))?;
            leaver
                .expect_closed()
                .map_err(|finding| finding.while_preparing("have the DISCONNECT taken"))?;
            subscriber.expect_no_message(&mut stage.client("p")?, &topic, 1)
        },
    },
    Case {
        address: "protocol-error/identifier-in-use",
        title: "What a PUBLISH under an identifier that is in use for another brings is told.",
        statements: &["MQTT-2.3.1-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.send(Publish::qos2(7, topic.as_str(), "in progress"))?;
            client.expect_pubrec(7)?;
            client.send(Publish::qos1(7, topic.as_str(), "another"))?;
            stage.observe("qos-1-under-an-identifier-of-qos-2", reaction(&mut client)?);
            Ok(())
        },
    },
    Case {
        address: "protocol-error/no-protocol-at-all",
        title: "Who speaks another protocol keeps nobody else from being served.",
        statements: &["U-4.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 1)?;
            let strangers: [&[u8]; 4] = [
                b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: a stranger\r\n\r\n",
                b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
                &[0; 64],
                &[0xff; 64],
            ];
            for octets in strangers {
                let mut stranger = stage.peer("stranger")?;
                stranger.send_invalid(octets)?;
                client.publish_qos1(topic.as_str(), "still here?")?;
                client.expect_message(&Delivery::on(topic.as_str()))?;
                stranger.reset();
            }
            Ok(())
        },
    },
];

/// Octets that break the protocol on any connection, of different kinds.
fn breaches(topic: &str) -> [Vec<u8>; 6] {
    [
        b"\xf0\x00".to_vec(),
        Packet::Pingreq.with_first_byte(0xc1).octets(),
        Packet::Pingreq.with_remaining_length(b"\xff\xff\xff\xff\x01").octets(),
        Publish { qos: 3, ..Publish::qos1(1, topic, "x") }.octets(),
        Publish::qos1(1, [topic.as_bytes(), b"\xff"].concat(), "x").octets(),
        Subscribe::new(1).octets(),
    ]
}

/// The first answer, or a close, or nothing.
fn reaction(client: &mut Peer) -> Result<String, Finding> {
    match client.fence() {
        Ok(packets) => {
            let first = packets.first();
            Ok(first.map_or_else(|| "nothing".to_owned(), |packet| packet.kind().to_string()))
        }
        Err(_) if client.is_closed() => Ok("close".to_owned()),
        Err(finding) => Err(finding),
    }
}
