//! 3.1 CONNECT comes first.
//!
//! Clauses: [MQTT-3.1.0-1]. It binds the Client; that the Server closes follows from
//! [MQTT-4.8.0-1], and that it says nothing from [MQTT-3.2.0-1].

use crate::case::{Case, Level};
use crate::wire::{Connack, Packet, Publish, Sender, Suback, Subscribe, Unsubscribe};

macro_rules! closes {
    ($($address:literal: $packet:literal, |$stage:ident| $make:expr;)+) => {
        pub(super) const CASES: &[Case] = &[$(Case {
            address: concat!("connect/", $address),
            title: concat!("A connection that begins with ", $packet, " is closed, unanswered."),
            statements: &["MQTT-3.1.0-1", "MQTT-4.8.0-1"],
            level: Level::Must,
            needs: &[],
            run: |$stage| {
                let mut peer = $stage.peer("early")?;
                let packet: Packet = $make;
                if packet.kind().comes_from(Sender::Client) {
                    peer.send_out_of_place(packet)?;
                } else {
                    peer.send_invalid(packet)?;
                }
                peer.expect_closed()
            },
        }),+];
    };
}

closes! {
    "connack-first-closes": "CONNACK", |stage| Connack::accepted(false).into();
    "publish-of-qos-0-first-closes": "a PUBLISH of QoS 0",
        |stage| Publish::qos0(stage.topic("t"), "x").into();
    "publish-of-qos-1-first-closes": "a PUBLISH of QoS 1",
        |stage| Publish::qos1(1, stage.topic("t"), "x").into();
    "publish-of-qos-2-first-closes": "a PUBLISH of QoS 2",
        |stage| Publish::qos2(1, stage.topic("t"), "x").into();
    "puback-first-closes": "PUBACK", |stage| Packet::Puback(1);
    "pubrec-first-closes": "PUBREC", |stage| Packet::Pubrec(1);
    "pubrel-first-closes": "PUBREL", |stage| Packet::Pubrel(1);
    "pubcomp-first-closes": "PUBCOMP", |stage| Packet::Pubcomp(1);
    "subscribe-first-closes": "SUBSCRIBE",
        |stage| Subscribe::new(1).filter(stage.topic("t"), 0).into();
    "suback-first-closes": "SUBACK", |stage| Suback::new(1, [0]).into();
    "unsubscribe-first-closes": "UNSUBSCRIBE",
        |stage| Unsubscribe::new(1).filter(stage.topic("t")).into();
    "unsuback-first-closes": "UNSUBACK", |stage| Packet::Unsuback(1);
    "pingreq-first-closes": "PINGREQ", |stage| Packet::Pingreq;
    "pingresp-first-closes": "PINGRESP", |stage| Packet::Pingresp;
    "disconnect-first-closes": "DISCONNECT", |stage| Packet::Disconnect;
}
