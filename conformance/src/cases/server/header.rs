//! 2.2 Fixed header: type, flags, Remaining Length.
//!
//! Wrong flags come on packets that are due: a PUBACK for a message that was delivered, so that
//! nothing but its flags is a reason to close.
//!
//! Clauses: [MQTT-2.2.2-1], [MQTT-2.2.2-2], U-2.2.1-1, U-2.2.1-2, U-2.2.3-1, U-2.2.3-2.
//! Not here: the flags of PUBREL, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT, which have statements of
//! their own.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Framed, Octets, Packet, Publish};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "header/reserved-type-0-closes",
        title: "A packet of type 0 closes the connection.",
        statements: &["U-2.2.1-1", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| each_closes(stage, &[&[0x00, 0], &[0x02, 0], &[0x00, 2, 0, 1]]),
    },
    Case {
        address: "header/reserved-type-15-closes",
        title: "A packet of type 15 closes the connection.",
        statements: &["U-2.2.1-2", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| each_closes(stage, &[&[0xf0, 0], &[0xf2, 0], &[0xf0, 2, 0, 1]]),
    },
    Case {
        address: "header/flags-as-in-the-table",
        title: "The packets that a Server sends have the reserved flags which the table gives.",
        statements: &["MQTT-2.2.2-1"],
        level: Level::Must,
        needs: &[],
        // The reader looks at the flags of every packet: here it gets to see each type.
        run: |stage| {
            let mut client = stage.client("a")?;
            let topic = stage.topic("t");
            let most = if stage.capabilities().meets(Need::Qos2Subscriptions) { 2 } else { 1 };
            client.subscribe(&topic, most)?;
            for qos in 0..=most {
                client.complete(Publish::at_qos(qos, 9, topic.as_str(), "x"))?;
                client.expect_any_message().map_err(|f| f.while_preparing("get a message"))?;
            }
            client.unsubscribe(&topic)?;
            client.fence().map(drop)
        },
    },
    Case {
        address: "header/flags-of-connect-close",
        title: "A CONNECT with flags in its fixed header is closed, unanswered.",
        statements: &["MQTT-2.2.2-2", "MQTT-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            (1..16).try_for_each(|flags| {
                let mut peer = stage.peer("")?;
                peer.send_invalid(stage.clean("a").with_first_byte(0x10 | flags))?;
                peer.expect_closed_without_connack()
            })
        },
    },
    Case {
        address: "header/flags-of-pingreq-close",
        title: "A PINGREQ with flags closes the connection.",
        statements: &["MQTT-2.2.2-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            (1..16).try_for_each(|flags| {
                let mut client = stage.client("a")?;
                client.send_invalid(Packet::Pingreq.with_first_byte(0xc0 | flags))?;
                client.expect_closed()
            })
        },
    },
    Case {
        address: "header/flags-of-puback-close",
        title: "A PUBACK with flags closes the connection.",
        statements: &["MQTT-2.2.2-2"],
        level: Level::Must,
        needs: &[Need::Qos1Subscriptions],
        run: |stage| {
            (1..16).try_for_each(|flags| {
                let (mut client, id) = delivered(stage, 1, flags)?;
                client.send_invalid(Packet::Puback(id).with_first_byte(0x40 | flags))?;
                client.expect_closed_ignoring_publish()
            })
        },
    },
    Case {
        address: "header/flags-of-pubrec-close",
        title: "A PUBREC with flags closes the connection.",
        statements: &["MQTT-2.2.2-2"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            (1..16).try_for_each(|flags| {
                let (mut client, id) = delivered(stage, 2, flags)?;
                client.send_invalid(Packet::Pubrec(id).with_first_byte(0x50 | flags))?;
                client.expect_closed()
            })
        },
    },
    Case {
        address: "header/flags-of-pubcomp-close",
        title: "A PUBCOMP with flags closes the connection.",
        statements: &["MQTT-2.2.2-2"],
        level: Level::Must,
        needs: &[Need::Qos2Subscriptions],
        run: |stage| {
            (1..16).try_for_each(|flags| {
                let (mut client, id) = delivered(stage, 2, flags)?;
                client.send(Packet::Pubrec(id))?;
                client.expect_pubrel(id).map_err(|f| f.while_preparing("get a PUBREL"))?;
                client.send_invalid(Packet::Pubcomp(id).with_first_byte(0x70 | flags))?;
                client.expect_closed_ignoring_publish()
            })
        },
    },
    Case {
        address: "header/remaining-length-counts-what-follows",
        title: "Packets with a Remaining Length at the ends of one, two and three octets pass.",
        statements: &["U-2.2.3-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let topic = stage.topic("t");
            let mut client = stage.client("a")?;
            client.subscribe(&topic, 0)?;
            for length in [127, 128, 16_383, 16_384] {
                // A field of text has two octets of length before it.
                let payload = vec![b'x'; length - 2 - topic.len()];
                client.send(Publish::qos0(topic.as_str(), payload.as_slice()))?;
                client.expect_message(&Delivery::on(topic.as_str()).payload(payload))?;
            }
            client.expect_nothing()
        },
    },
    Case {
        address: "header/remaining-length-of-five-octets-closes",
        title: "A Remaining Length of more than four octets closes the connection.",
        statements: &["U-2.2.3-2", "MQTT-4.8.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let lengths: [&[u8]; 3] =
                [b"\xff\xff\xff\xff\x7f", b"\x80\x80\x80\x80\x01", b"\x82\x80\x80\x80\x00"];
            lengths.into_iter().try_for_each(|length| {
                let mut client = stage.client("a")?;
                let publish = Publish::qos0(stage.topic("t"), "x");
                client.send_invalid(publish.with_remaining_length(length))?;
                client.expect_closed()
            })
        },
    },
    Case {
        address: "header/remaining-length-of-five-octets-in-connect-closes",
        title: "A CONNECT with a Remaining Length of more than four octets is closed, unanswered.",
        statements: &["U-2.2.3-2", "MQTT-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            let connect = stage.clean("a");
            let length = connect.octets()[1];
            peer.send_invalid(connect.with_remaining_length(&[
                length | 0x80,
                0x80,
                0x80,
                0x80,
                0,
            ]))?;
            peer.expect_closed_without_connack()
        },
    },
    Case {
        address: "header/remaining-length-longer-than-needed",
        title: "What becomes of a Remaining Length in more octets than it needs is seen.",
        statements: &["U-2.2.3-2"],
        level: Level::Observe,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.send(Packet::Pingreq.with_remaining_length(b"\x80\x80\x80\x00"))?;
            let answer = match client.expect_pingresp() {
                Ok(()) => "taken",
                Err(_) if client.is_closed() => "closes",
                Err(finding) => return Err(finding),
            };
            stage.observe("remaining-length-longer-than-needed", answer);
            Ok(())
        },
    },
];

/// Sends each of these to a connection of its own, which is closed over it.
fn each_closes(stage: &Stage<'_>, packets: &[&[u8]]) -> Result<(), Finding> {
    packets.iter().try_for_each(|&packet| {
        let mut client = stage.client("a")?;
        client.send_invalid(packet)?;
        client.expect_closed()
    })
}

/// A Client to which a message was delivered at this QoS, with its Packet Identifier; the answer
/// is due. By its `number` it is another Client each time: some brokers hold up one that comes
/// back too often.
fn delivered(stage: &Stage<'_>, qos: u8, number: u8) -> Result<(Peer, u16), Finding> {
    let topic = stage.topic("t");
    let mut client = stage.client(&format!("a{number}"))?;
    client.subscribe_at(&topic, qos)?;
    let id = client.fresh_id();
    client.complete(Publish::at_qos(qos, id, topic.as_str(), "x"))?;
    let message =
        client.expect_any_publish().map_err(|finding| finding.while_preparing("get a message"))?;
    let id = message.id.ok_or_else(|| Finding::inconclusive("the message came at QoS 0"))?;
    Ok((client, id))
}
