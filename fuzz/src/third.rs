//! The codec of rumqttc, which neither we nor the judge had a hand in.

use bytes::BytesMut;
use mqttspec_conformance::wire;
use rumqttc::mqttbytes::v4::{ConnectReturnCode, Packet, SubscribeReasonCode};
use rumqttc::mqttbytes::{Error, QoS};

/// Holds that a `packet` which both of us read off `octets` is the same to rumqttc.
///
/// It may refuse a password that is no text, and reads an empty user name and an empty password as
/// none. What it makes of octets that break the standard is its own affair: `docs/decoders.md`.
pub(super) fn agrees(octets: &[u8], packet: &wire::Packet) {
    let mut buffer = BytesMut::from(octets);
    let read = Packet::read(&mut buffer, usize::MAX);
    let expected = as_it_is_told(packet.clone());
    match read {
        Ok(read) => {
            assert_eq!(translate(read), expected, "{octets:02x?}");
            assert!(buffer.is_empty(), "rumqttc leaves {buffer:02x?} of {octets:02x?}");
        }
        Err(Error::TopicNotUtf8) if has_password_that_is_no_text(packet) => {}
        Err(error) => panic!("only rumqttc refuses {octets:02x?}: {error}"),
    }
}

fn has_password_that_is_no_text(packet: &wire::Packet) -> bool {
    let wire::Packet::Connect(connect) = packet else { return false };
    connect.password.as_ref().is_some_and(|password| std::str::from_utf8(password).is_err())
}

/// What rumqttc can tell of a packet.
fn as_it_is_told(mut packet: wire::Packet) -> wire::Packet {
    if let wire::Packet::Connect(connect) = &mut packet {
        connect.username = connect.username.take().filter(|name| !name.is_empty());
        connect.password = connect.password.take().filter(|password| !password.is_empty());
    }
    packet
}

fn translate(packet: Packet) -> wire::Packet {
    match packet {
        Packet::Connect(connect) => {
            let mut read = wire::Connect::clean(connect.client_id).keep_alive(connect.keep_alive);
            read.clean_session = connect.clean_session;
            if let Some(will) = connect.last_will {
                read = read.will(will.topic, &will.message[..], number(will.qos), will.retain);
            }
            if let Some(login) = connect.login {
                read.username = Some(login.username.into_bytes()).filter(|name| !name.is_empty());
                read.password = Some(login.password.into_bytes()).filter(|word| !word.is_empty());
            }
            read.into()
        }
        Packet::ConnAck(connack) => match connack.code {
            ConnectReturnCode::Success => wire::Connack::accepted(connack.session_present),
            refused => wire::Connack::refused(refused as u8),
        }
        .into(),
        Packet::Publish(publish) => wire::Publish {
            dup: publish.dup,
            qos: number(publish.qos),
            retain: publish.retain,
            id: (publish.qos != QoS::AtMostOnce).then_some(publish.pkid),
            ..wire::Publish::qos0(publish.topic, &publish.payload[..])
        }
        .into(),
        Packet::PubAck(ack) => wire::Packet::Puback(ack.pkid),
        Packet::PubRec(ack) => wire::Packet::Pubrec(ack.pkid),
        Packet::PubRel(ack) => wire::Packet::Pubrel(ack.pkid),
        Packet::PubComp(ack) => wire::Packet::Pubcomp(ack.pkid),
        Packet::Subscribe(subscribe) => {
            let empty = wire::Subscribe::new(subscribe.pkid);
            let filters = subscribe.filters.into_iter();
            filters.fold(empty, |all, one| all.filter(one.path, number(one.qos))).into()
        }
        Packet::SubAck(suback) => {
            let codes = suback.return_codes.into_iter().map(|code| match code {
                SubscribeReasonCode::Success(qos) => number(qos),
                SubscribeReasonCode::Failure => wire::Suback::FAILURE,
            });
            wire::Suback::new(suback.pkid, codes.collect::<Vec<_>>()).into()
        }
        Packet::Unsubscribe(unsubscribe) => {
            let empty = wire::Unsubscribe::new(unsubscribe.pkid);
            unsubscribe.topics.into_iter().fold(empty, |all, one| all.filter(one)).into()
        }
        Packet::UnsubAck(ack) => wire::Packet::Unsuback(ack.pkid),
        Packet::PingReq => wire::Packet::Pingreq,
        Packet::PingResp => wire::Packet::Pingresp,
        Packet::Disconnect => wire::Packet::Disconnect,
    }
}

fn number(qos: QoS) -> u8 {
    qos as u8
}
