//! 4.8: packets with octets too many or too few.
//!
//! No statement of its own speaks of them. The standard gives each packet its fields and most
//! their length, and [MQTT-4.8.0-1] closes on what breaks the protocol: these cases have a group
//! of their own, so that who takes the rest for too much rigour can leave it out.
//! Each begins where the packet would have been in place.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::{Delivery, Peer};
use crate::stage::Stage;
use crate::wire::{Frame, Framed, Packet, Publish, Subscribe, Unsubscribe};

/// A case for packets that close the connection, each on a connection of its own: where it
/// begins, and the frames there.
macro_rules! closes {
    ($level:expr, $address:literal, $title:literal, $statements:expr, $needs:expr, $begin:ident => $frames:expr) => {
        Case {
            address: $address,
            title: $title,
            statements: &$statements,
            level: $level,
            needs: &$needs,
            run: |stage| {
                let frames: fn(u16) -> Vec<Frame> = $frames;
                for number in 0..frames(1).len() {
                    let (mut client, id) = $begin(stage)?;
                    client.send_invalid(&frames(id)[number])?;
                    client.expect_closed_ignoring_publish()?;
                }
                Ok(())
            },
        }
    };
}

/// No statement of its own forbids octets after the last field: that they end the connection is
/// derived from the form of the packet and [MQTT-4.8.0-1]. Whoever passes over them is warned.
const SURPLUS: Level = Level::Should;

pub(super) const CASES: &[Case] = &[
    closes!(
        Level::Must,
        "malformed/publish-without-room-for-its-topic",
        "A PUBLISH that ends before its Topic Name does closes the connection.",
        ["MQTT-4.8.0-1", "U-3.3.2-1"],
        [],
        connected => |_| {
            vec![
                Frame::new(0x30, vec![]),
                Frame::new(0x30, vec![0]),
                Frame::new(0x30, vec![0, 5]),
                Frame::new(0x30, b"\0\x05abcd".to_vec()),
                Frame::new(0x32, b"\xff\xffabc\0\x01".to_vec()),
            ]
        }
    ),
    closes!(
        Level::Must,
        "malformed/publish-without-room-for-its-identifier",
        "A PUBLISH of QoS 1 or 2 that ends before its Packet Identifier does closes the connection.",
        ["MQTT-4.8.0-1", "U-3.3.2.2-1"],
        [],
        connected => |_| {
            vec![
                Frame::new(0x32, b"\0\x03a/b".to_vec()),
                Frame::new(0x32, b"\0\x03a/b\x01".to_vec()),
                Frame::new(0x34, b"\0\x03a/b".to_vec()),
                Frame::new(0x34, b"\0\x03a/b\x01".to_vec()),
            ]
        }
    ),
    closes!(
        Level::Must,
        "malformed/short-puback",
        "A PUBACK of fewer than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.4.1-1"],
        [Need::Qos1Subscriptions],
        delivered_at_1 => |id| vec![Packet::Puback(id).shorten(1), Packet::Puback(id).shorten(2)]
    ),
    closes!(
        SURPLUS,
        "malformed/long-puback",
        "A PUBACK of more than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.4.1-1"],
        [Need::Qos1Subscriptions],
        delivered_at_1 => |id| vec![Packet::Puback(id).append(&[0]), Packet::Puback(id).append(&[0; 2])]
    ),
    closes!(
        Level::Must,
        "malformed/short-pubrec",
        "A PUBREC of fewer than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.5.1-1"],
        [Need::Qos2Subscriptions],
        delivered_at_2 => |id| vec![Packet::Pubrec(id).shorten(1), Packet::Pubrec(id).shorten(2)]
    ),
    closes!(
        SURPLUS,
        "malformed/long-pubrec",
        "A PUBREC of more than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.5.1-1"],
        [Need::Qos2Subscriptions],
        delivered_at_2 => |id| vec![Packet::Pubrec(id).append(&[0]), Packet::Pubrec(id).append(&[0; 2])]
    ),
    closes!(
        Level::Must,
        "malformed/short-pubrel",
        "A PUBREL of fewer than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.6.1-1"],
        [],
        published => |id| vec![Packet::Pubrel(id).shorten(1), Packet::Pubrel(id).shorten(2)]
    ),
    closes!(
        SURPLUS,
        "malformed/long-pubrel",
        "A PUBREL of more than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.6.1-1"],
        [],
        published => |id| vec![Packet::Pubrel(id).append(&[0]), Packet::Pubrel(id).append(&[0; 2])]
    ),
    closes!(
        Level::Must,
        "malformed/short-pubcomp",
        "A PUBCOMP of fewer than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.7.1-1"],
        [Need::Qos2Subscriptions],
        released => |id| vec![Packet::Pubcomp(id).shorten(1), Packet::Pubcomp(id).shorten(2)]
    ),
    closes!(
        SURPLUS,
        "malformed/long-pubcomp",
        "A PUBCOMP of more than two octets closes the connection.",
        ["MQTT-4.8.0-1", "U-3.7.1-1"],
        [Need::Qos2Subscriptions],
        released => |id| vec![Packet::Pubcomp(id).append(&[0]), Packet::Pubcomp(id).append(&[0; 2])]
    ),
    closes!(
        Level::Must,
        "malformed/subscribe-cut-short",
        "A SUBSCRIBE that ends within a field closes the connection.",
        ["MQTT-4.8.0-1", "U-3.8.3-2"],
        [],
        connected => |_| {
            let subscribe = Subscribe::new(1).filter("a/b", 0);
            // Without its QoS, its last letter, its filter, half its length, half its identifier.
            [1, 2, 4, 5, 7].map(|missing| subscribe.shorten(missing)).into()
        }
    ),
    closes!(
        Level::Must,
        "malformed/subscribe-with-a-rest",
        "A SUBSCRIBE with octets after its last filter that make no filter closes the connection.",
        ["MQTT-4.8.0-1", "U-3.8.3-2"],
        [],
        connected => |_| {
            let subscribe = Subscribe::new(1).filter("a/b", 0);
            vec![subscribe.append(&[0]), subscribe.append(b"\0\x01"), subscribe.append(b"\0\x01x")]
        }
    ),
    closes!(
        Level::Must,
        "malformed/unsubscribe-cut-short",
        "An UNSUBSCRIBE that ends within a field closes the connection.",
        ["MQTT-4.8.0-1"],
        [],
        connected => |_| {
            let unsubscribe = Unsubscribe::new(1).filter("a/b");
            vec![unsubscribe.shorten(1), unsubscribe.shorten(4), unsubscribe.shorten(6)]
        }
    ),
    closes!(
        SURPLUS,
        "malformed/pingreq-with-a-body",
        "A PINGREQ with octets after its fixed header closes the connection.",
        ["MQTT-4.8.0-1", "U-3.12.2-1", "U-3.12.3-1"],
        [],
        connected => |_| vec![Packet::Pingreq.append(&[0]), Packet::Pingreq.append(&[0; 2])]
    ),
];

fn connected(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    Ok((stage.client("a")?, 0))
}

/// A Client that has read a message of QoS 1, and its Packet Identifier.
fn delivered_at_1(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    delivered(stage, 1)
}

/// The same at QoS 2.
fn delivered_at_2(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    delivered(stage, 2)
}

fn delivered(stage: &Stage<'_>, qos: u8) -> Result<(Peer, u16), Finding> {
    let topic = stage.topic("t");
    let mut client = stage.client("a")?;
    client.subscribe_at(&topic, qos)?;
    let mut publisher = stage.client("p")?;
    let id = publisher.fresh_id();
    publisher.complete(Publish::at_qos(qos, id, topic.as_str(), "x"))?;
    let message = client
        .expect_publish(&Delivery::on(topic).qos(qos))
        .map_err(|finding| finding.while_preparing("receive a message"))?;
    let id = message.id.ok_or_else(|| Finding::inconclusive("no Packet Identifier"))?;
    Ok((client, id))
}

/// A Client whose PUBREC has been answered by PUBREL.
fn released(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    let (mut client, id) = delivered(stage, 2)?;
    client.send(Packet::Pubrec(id))?;
    client.expect_pubrel(id).map_err(|finding| finding.while_preparing("receive the PUBREL"))?;
    Ok((client, id))
}

/// A Client whose PUBLISH of QoS 2 has been answered by PUBREC.
fn published(stage: &Stage<'_>) -> Result<(Peer, u16), Finding> {
    let mut client = stage.client("a")?;
    client.send(Publish::qos2(7, stage.topic("t"), "x"))?;
    client.expect_pubrec(7).map_err(|finding| finding.while_preparing("publish at QoS 2"))?;
    Ok((client, 7))
}
