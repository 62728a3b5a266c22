//! 3.12 PINGREQ and 3.13 PINGRESP.

use crate::case::{Case, Level};
use crate::wire::{Octets, Packet};

pub(super) const CASES: &[Case] = &[Case {
    address: "ping/answered",
    title: "Each PINGREQ gets a PINGRESP, also when many come at once.",
    statements: &["MQTT-3.12.4-1"],
    level: Level::Must,
    needs: &[],
    run: |stage| {
        let mut client = stage.client("a")?;
        client.send(Packet::Pingreq)?;
        client.expect_pingresp()?;
        client.send(Packet::Pingreq.octets().repeat(20))?;
        for _ in 0..20 {
            client.expect_pingresp()?;
        }
        Ok(())
    },
}];
