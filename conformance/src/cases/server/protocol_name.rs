//! 3.1.2.1 Protocol Name.
//!
//! A Server may close, say nothing, or serve the protocol of that name. What it must not do is to
//! take the packet for a CONNECT of this one.
//!
//! Clauses: [MQTT-3.1.2-1].

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::stage::Stage;
use crate::wire::{Framed, Packet};

macro_rules! not_taken_for_this_one {
    ($($address:literal: $name:literal, $level:ident;)+) => {
        pub(super) const CASES: &[Case] = &[$(Case {
            address: concat!("protocol-name/", $address),
            title: concat!("A CONNECT for the protocol \"", $name, "\" is not taken for MQTT."),
            statements: &["MQTT-3.1.2-1"],
            level: Level::$level,
            needs: &[],
            run: |stage| is_not_accepted(stage, $name),
        }),+];
    };
}

not_taken_for_this_one! {
    "longer": "MQTTX", Must;
    "shorter": "MQT", Must;
    "small-letters": "mqtt", Must;
    "empty": "", Must;
    "unknown": "HTTP", Must;
    // The name of MQTT 3.1, whose level is 3: a Server may say that it serves that, if loosely.
    "of-an-earlier-version": "MQIsdp", Should;
}

fn is_not_accepted(stage: &Stage<'_>, name: &str) -> Result<(), Finding> {
    let mut peer = stage.peer("a")?;
    peer.send_invalid(stage.clean("a").protocol_name(name).then(Packet::Pingreq))?;
    match peer.expect_any() {
        Ok(Packet::Connack(connack)) if connack.code == 0 => {
            Err(Finding::fail("no CONNACK that accepts", connack))
        }
        // Closed, silent, a refusal, or what another protocol answers.
        Ok(_) | Err(Finding::Fail(_)) => Ok(()),
        Err(finding) => Err(finding),
    }
}
