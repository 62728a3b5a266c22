//! A Server that breaks the protocol.

use bytes::BytesMut;

use super::rig::*;
use crate::client::{CloseReason, Input, Limits, Output, Violation};
use crate::packet::{
    Connack, Decoder, Delivery, Disconnect, Packet, PacketTooLarge, PacketType, Pingreq, Pingresp,
    Puback, Pubcomp, Pubrec, QoS, Subscribe, Unsuback, Unsubscribe,
};
use crate::topic::TopicFilter;

/// One row: what a Server does after accepting, and the statement that it breaks.
macro_rules! violations {
    ($($name:ident: $packet:expr => $statement:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut talk = Talk::connected(true);
            talk.subscribes(&["a", "b"]);
            talk.publishes("1", QoS::AtLeastOnce);
            talk.publishes("2", QoS::ExactlyOnce);
            let violation = talk.client.handle(talk.now, Input::Packet($packet.into()));
            let violation = violation.unwrap_err();
            assert_eq!(violation.statement(), $statement);
            let close = format!("close: the Server broke the protocol: {violation}");
            assert_eq!(talk.lines()[0], close);
            assert!(close.ends_with(&format!("[{}]", $statement)));
        }
    )+};
}

#[test]
fn a_frame_that_is_not_binary() {
    let mut talk = Talk::connected(true);
    let violation = talk.client.handle(talk.now, Input::NotBinary).unwrap_err();
    assert_eq!(violation.statement(), "MQTT-6.0.0-1");
    assert_eq!(talk.lines(), [format!("close: the Server broke the protocol: {violation}")]);
}

violations! {
    // After SUBSCRIBE 1 with two filters, PUBLISH 2 of QoS 1, PUBLISH 3 of QoS 2
    second_connack:        Connack::Accepted { session_present: false } => "MQTT-4.8.0-1";
    suback_too_short:      suback(1, 1)                     => "MQTT-3.8.4-5";
    suback_too_long:       suback(1, 3)                     => "MQTT-3.8.4-5";
    suback_unasked:        suback(7, 1)                     => "MQTT-3.8.4-2";
    suback_for_publish:    suback(2, 1)                     => "MQTT-3.8.4-2";
    unsuback_unasked:      Unsuback { packet_id: id(7) }    => "MQTT-3.10.4-4";
    unsuback_for_sub:      Unsuback { packet_id: id(1) }    => "MQTT-3.10.4-4";
    puback_for_qos_2:      Puback { packet_id: id(3) }      => "MQTT-3.3.4-1";
    pubrec_for_qos_1:      Pubrec { packet_id: id(2) }      => "MQTT-3.3.4-1";
    pubcomp_too_early:     Pubcomp { packet_id: id(3) }     => "MQTT-4.3.3-2";
    connect_from_server:   connect("s", true)               => "MQTT-4.8.0-1";
    subscribe_from_server: Subscribe::new(id(1), &wanted(&["a"])) => "MQTT-4.8.0-1";
    unsubscribe_from_server:
        Unsubscribe::new(id(1), &TopicFilter::new("a").unwrap().into())
                                                            => "MQTT-4.8.0-1";
    pingreq_from_server:   Pingreq                          => "MQTT-4.8.0-1";
    disconnect_from_server: Disconnect                      => "MQTT-4.8.0-1";
}

#[test]
fn a_server_says_nothing_before_connack() {
    let first = publish("x", Delivery::AtMostOnce);
    for packet in [Packet::from(first), Pingresp.into(), Pingreq.into()] {
        let mut talk = Talk::new(Limits::default());
        talk.client.connect(talk.now, connect("c", false)).unwrap();
        talk.lines();
        let violation = talk.client.handle(talk.now, Input::Packet(packet)).unwrap_err();
        assert_eq!(violation.statement(), "MQTT-3.2.0-1");
    }
}

#[test]
fn a_clean_session_cannot_be_present() {
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", true)).unwrap();
    let connack = Connack::Accepted { session_present: true };
    let violation = talk.client.handle(talk.now, Input::Packet(connack.into())).unwrap_err();
    assert_eq!(violation, Violation::SessionPresentForCleanSession);
    assert_eq!(violation.statement(), "MQTT-3.2.2-1");
}

#[test]
fn octets_that_are_no_packet_end_the_connection() {
    // MQTT-4.8.0-1, MQTT-4.8.0-2
    let undecodable = |octets: &[u8], decoder: Decoder| {
        let error = decoder.decode(&mut BytesMut::from(octets)).unwrap_err();
        let mut talk = Talk::connected(true);
        let result = talk.client.handle(talk.now, Input::Undecodable(error));
        let Some(Output::Close(reason)) = talk.client.poll_output() else { panic!("not closed") };
        (result.map_err(|violation| violation.statement()), reason)
    };
    let (result, reason) = undecodable(&[0x36, 0x00], Decoder::default());
    assert_eq!(result, Err("MQTT-3.3.1-4"));
    assert_eq!(reason.statement(), Some("MQTT-3.3.1-4"));
    let (result, _) = undecodable(b"\x10\x0c\0\x04MQTT\x05\x02\0\0\0\0", Decoder::default());
    assert_eq!(result, Err("MQTT-4.8.0-1"));
    let (result, reason) = undecodable(&[0x30, 0x63], Decoder::new(100));
    assert_eq!(result, Ok(()));
    let too_large = PacketTooLarge { packet_type: PacketType::Publish, size: 101, limit: 100 };
    assert_eq!(reason, CloseReason::TooLarge(too_large));
    assert_eq!(reason.statement(), Some("MQTT-4.8.0-2"));
}

#[test]
fn a_packet_of_another_version_says_too_much_before_connack() {
    // MQTT-3.2.0-1
    let octets = &b"\x10\x0c\0\x04MQTT\x05\x02\0\0\0\0"[..];
    let error = Decoder::default().decode(&mut BytesMut::from(octets)).unwrap_err();
    let mut talk = Talk::new(Limits::default());
    talk.client.connect(talk.now, connect("c", false)).unwrap();
    talk.lines();
    let violation = talk.client.handle(talk.now, Input::Undecodable(error)).unwrap_err();
    assert_eq!(violation, Violation::BeforeConnack(PacketType::Connect));
    assert_eq!(violation.statement(), "MQTT-3.2.0-1");
}
