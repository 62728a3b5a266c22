//! 3.1 CONNECT.

use crate::case::{Case, Level};
use crate::need::Need;
use crate::wire::{Packet, Publish, Subscribe, Unsubscribe};

pub(super) const CASES: &[Case] = &[
    Case {
        address: "connect/first-packet-not-connect-closes",
        title: "A connection whose first packet is not CONNECT is closed, without an answer.",
        statements: &["MQTT-3.1.0-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let packets: [Packet; 6] = [
                Packet::Pingreq,
                Packet::Disconnect,
                Packet::Pubrel(1),
                Publish::qos1(1, stage.topic("t"), "x").into(),
                Subscribe::new(1).filter(stage.topic("t"), 0).into(),
                Unsubscribe::new(1).filter(stage.topic("t")).into(),
            ];
            for packet in packets {
                let mut peer = stage.peer("")?;
                peer.send(packet)?;
                peer.expect_closed()?;
            }
            Ok(())
        },
    },
    Case {
        address: "connect/second-connect-closes",
        title: "A second CONNECT on a connection closes it.",
        statements: &["MQTT-3.1.0-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("twice")?;
            client.send(stage.clean("twice"))?;
            client.expect_closed()
        },
    },
    Case {
        address: "connect/reserved-flag-closes",
        title: "A CONNECT with the reserved connect flag set closes the connection, unanswered.",
        statements: &["MQTT-3.1.2-3", "MQTT-3.1.4-1"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut peer = stage.peer("a")?;
            let connect = stage.clean("a");
            let flags = connect.flags_octet() | 1;
            peer.send(connect.flags(flags))?;
            peer.expect_closed_without_connack()
        },
    },
    Case {
        address: "connect/keep-alive-closes",
        title: "A Client that is silent for one and a half times its Keep Alive is cut off.",
        statements: &["MQTT-3.1.2-24"],
        level: Level::Must,
        needs: &[Need::Seconds(7)],
        run: |stage| {
            let mut client = stage.connect(stage.clean("silent").keep_alive(1))?;
            let quiet = client.expect_keep_alive_close(1)?;
            stage.observe("keep-alive-of-1-s-closes-after", format!("{} ms", quiet.as_millis()));
            Ok(())
        },
    },
    Case {
        address: "connect/takeover-closes-the-older-connection",
        title: "A CONNECT with the Client Identifier of a connected Client disconnects that one.",
        statements: &["MQTT-3.1.4-2"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut older = stage.client("same")?;
            let mut newer = stage.client("same")?;
            older.expect_closed()?;
            newer.expect_nothing()
        },
    },
];
