//! 7 Conformance: a Server serves whoever keeps to the standard.
//!
//! That every packet of the Server has its form is checked in every case; here a Client goes
//! through a whole life and meets each kind that there is.
//!
//! Clauses: [MQTT-7.0.0-2], [MQTT-7.1.1-1], U-7.1.1-1.

use crate::case::{Case, Level};
use crate::peer::Delivery;
use crate::wire::{Packet, Publish, Subscribe, Unsubscribe};

pub(super) const CASES: &[Case] = &[Case {
    address: "interoperability/nothing-but-the-standard",
    title: "A Client that uses nothing beyond the standard is served from CONNECT to DISCONNECT.",
    statements: &["MQTT-7.0.0-2", "MQTT-7.1.1-1", "U-7.1.1-1"],
    level: Level::Must,
    needs: &[],
    run: |stage| {
        let topic = stage.topic("t");
        let mut peer = stage.peer("a")?;
        peer.send(stage.clean("a"))?;
        peer.expect_accepted()?;
        peer.send(Subscribe::new(1).filter(topic.as_str(), 2))?;
        peer.expect_suback(1)?;
        for qos in 0..=2 {
            let id = 2 + u16::from(qos);
            peer.send(Publish::at_qos(qos, id, topic.as_str(), [qos]))?;
            match qos {
                0 => {}
                1 => peer.expect_puback(id)?,
                _ => {
                    peer.expect_pubrec(id)?;
                    peer.send(Packet::Pubrel(id))?;
                    peer.expect_pubcomp(id)?;
                }
            }
            peer.expect_message(&Delivery::on(topic.as_str()).payload([qos]))?;
        }
        peer.send(Unsubscribe::new(5).filter(topic))?;
        peer.expect_unsuback(5)?;
        peer.send(Packet::Pingreq)?;
        peer.expect_pingresp()?;
        peer.disconnect()
    },
}];
