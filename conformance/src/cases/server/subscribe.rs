//! 3.8 SUBSCRIBE and 3.9 SUBACK.

use crate::case::{Case, Level};
use crate::wire::Subscribe;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "subscribe/suback-answers",
        title: "A SUBSCRIBE gets a SUBACK with its Packet Identifier and a code for each filter.",
        statements: &["MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-2.3.1-7", "MQTT-3.8.4-5"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            for (id, count) in [(1, 1), (255, 2), (256, 7), (65_535, 50)] {
                let filters = 0..count;
                let subscribe = filters.fold(Subscribe::new(id), |packet, number| {
                    packet.filter(stage.topic(&number.to_string()), 0)
                });
                client.send(subscribe)?;
                let codes = client.expect_suback(id)?;
                if codes.len() != count {
                    let expected = format!("{count} return codes");
                    return Err(crate::Finding::fail(expected, codes.len()));
                }
            }
            Ok(())
        },
    },
    Case {
        address: "subscribe/qos-3-closes",
        title: "A SUBSCRIBE that asks for QoS 3, or sets a reserved bit, closes the connection.",
        statements: &["MQTT-3.8.3-4"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            for octet in [0x03, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80] {
                let mut client = stage.client("a")?;
                client.send(Subscribe::new(1).filter(stage.topic("t"), octet))?;
                client.expect_closed()?;
            }
            Ok(())
        },
    },
];
