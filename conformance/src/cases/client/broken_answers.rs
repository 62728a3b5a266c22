//! 3.2 and 4.8: what a client makes of answers that break the rules.

use super::prelude::*;

/// A case in which a CONNECT is answered by octets that break the rules.
macro_rules! greeted_by {
    ($address:literal, $title:literal, $level:expr, $statements:expr, $send:ident $octets:expr) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &$statements,
            level: $level,
            needs: &[],
            run: |stage| {
                let (mut peer, _) = stage.greeted(&stage.clean("first"))?;
                peer.$send($octets)?;
                peer.expect_client_closes()?;
                // It closes nothing by habit.
                let mut peer = stage.connected(&stage.clean("second"))?;
                peer.client_fence(&stage.topic("own")).map(drop)
            },
        }
    };
}

/// A case in which a SUBSCRIBE is answered by a SUBACK that breaks the rules.
macro_rules! subscribed_by {
    ($address:literal, $title:literal, $level:expr, $suback:expr) => {
        ClientCase {
            address: $address,
            title: $title,
            statements: &["MQTT-4.8.0-1"],
            level: $level,
            needs: &[Ability::Subscribe],
            run: |stage| {
                let topic = stage.topic("t");
                let (mut peer, _) = stage.subscribing(&stage.clean("s"), (&topic, 1))?;
                let subscribe = peer.expect_subscribe();
                let id = subscribe.map_err(|found| found.while_preparing("subscribe"))?.id;
                peer.client_fence(&stage.topic("own"))?;
                let suback: fn(u16) -> Suback = $suback;
                peer.send_invalid(Packet::from(suback(id)))?;
                peer.expect_client_closes()
            },
        }
    };
}

pub(super) const CASES: &[ClientCase] = &[
    greeted_by!("broken-answers/reserved-flags-of-connack",
        "A CONNACK with one of its reserved flags set closes the connection.",
        Level::Must, ["MQTT-4.8.0-1"], send_invalid [0x20, 0x02, 0x02, 0x00]),
    greeted_by!("broken-answers/flags-of-the-fixed-header-of-connack",
        "A CONNACK with other flags than 0000 in its first octet closes the connection.",
        Level::Must, ["MQTT-2.2.2-2"], send_invalid [0x21, 0x02, 0x00, 0x00]),
    greeted_by!("broken-answers/connack-of-another-version",
        "A CONNACK that is longer than two octets closes the connection.",
        Level::Should, ["MQTT-4.8.0-1"], send_invalid [0x20, 0x03, 0x00, 0x00, 0x00]),
    greeted_by!("broken-answers/connack-without-a-code",
        "A CONNACK of one octet closes the connection.",
        Level::Must, ["MQTT-4.8.0-1"], send_invalid [0x20, 0x01, 0x00]),
    greeted_by!("broken-answers/connack-with-an-undefined-code",
        "A CONNACK with a return code that there is not closes the connection.",
        Level::Should, ["MQTT-4.8.0-1"], send_invalid [0x20, 0x02, 0x00, 0x06]),
    greeted_by!("broken-answers/publish-before-connack",
        "A PUBLISH in the place of the CONNACK closes the connection.",
        Level::Must, ["MQTT-4.8.0-1"], send_out_of_place [0x30, 0x04, 0x00, 0x01, b'a', b'm']),
    greeted_by!("broken-answers/pingresp-before-connack",
        "A PINGRESP in the place of the CONNACK closes the connection.",
        Level::Must, ["MQTT-4.8.0-1"], send_out_of_place [0xd0, 0x00]),
    ClientCase {
        address: "broken-answers/second-connack",
        title: "A second CONNACK closes the connection.",
        statements: &["MQTT-4.8.0-1"],
        level: Level::Should,
        needs: &[],
        run: |stage| {
            let mut peer = stage.client()?;
            peer.client_fence(&stage.topic("own"))?;
            peer.send_out_of_place(Packet::from(Connack::accepted(false)))?;
            peer.expect_client_closes()
        },
    },
    subscribed_by!(
        "broken-answers/suback-with-an-undefined-code",
        "A SUBACK with a return code that there is not closes the connection.",
        Level::Must,
        |id| Suback::new(id, [3])
    ),
    subscribed_by!(
        "broken-answers/suback-without-a-code",
        "A SUBACK without a return code closes the connection.",
        Level::Must,
        |id| Suback::new(id, Vec::new())
    ),
    subscribed_by!(
        "broken-answers/suback-with-identifier-0",
        "A SUBACK with Packet Identifier 0 closes the connection.",
        Level::Must,
        |_| Suback::new(0, [0])
    ),
];
