//! Messages from the Server, and their acknowledgements.

use super::rig::*;
use crate::client::Input;
use crate::packet::{Delivery, Pubrel};

#[test]
fn every_message_is_acknowledged_in_the_order_of_arrival() {
    // MQTT-4.5.0-2, MQTT-4.6.0-2, MQTT-4.6.0-3
    let mut talk = Talk::connected(true);
    let at_least_once = |number| Delivery::AtLeastOnce { packet_id: id(number), dup: false };
    let exactly_once = |number| Delivery::ExactlyOnce { packet_id: id(number), dup: false };
    for (payload, delivery) in [
        ("a", exactly_once(9)),
        ("b", at_least_once(5)),
        ("c", Delivery::AtMostOnce),
        ("d", exactly_once(2)),
        ("e", at_least_once(1)),
    ] {
        let packet = Input::Packet(publish(payload, delivery).into());
        talk.client.handle(talk.now, packet).unwrap();
    }
    assert_eq!(
        talk.lines(),
        [
            r#"received b"a""#,
            "> PUBREC id 9",
            r#"received b"b""#,
            "> PUBACK id 5",
            r#"received b"c""#,
            r#"received b"d""#,
            "> PUBREC id 2",
            r#"received b"e""#,
            "> PUBACK id 1",
        ]
    );
    assert_eq!(talk.hears(publish("a", exactly_once(9))), ["> PUBREC id 9"], "passed on once");
    assert_eq!(talk.hears(Pubrel { packet_id: id(9) }), ["> PUBCOMP id 9"]);
}

#[test]
fn a_message_received_before_is_not_received_again_after() {
    // MQTT-3.1.2-4
    let delivery = |dup| Delivery::ExactlyOnce { packet_id: id(7), dup };
    let mut talk = Talk::connected(false);
    assert_eq!(talk.hears(publish("x", delivery(false))), [r#"received b"x""#, "> PUBREC id 7"]);
    talk.loses_connection();
    talk.reconnect(false, true);
    assert_eq!(talk.hears(publish("x", delivery(true))), ["> PUBREC id 7"]);
    talk.loses_connection();
    talk.reconnect(false, false);
    assert_eq!(
        talk.hears(publish("y", delivery(false))),
        [r#"received b"y""#, "> PUBREC id 7"],
        "a Server without a Session means another message"
    );
}
