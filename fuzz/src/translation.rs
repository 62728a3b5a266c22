//! A packet of ours as the same packet of the judge's: what makes the two comparable.

use mqttspec::packet::{Connack, Connect, Packet, Publish};
use mqttspec_conformance::wire;

/// The packet that the judge would have read in place of this one.
pub fn translate(packet: &Packet) -> wire::Packet {
    match packet {
        Packet::Connect(connect) => translate_connect(connect).into(),
        Packet::Connack(connack) => match *connack {
            Connack::Accepted { session_present } => wire::Connack::accepted(session_present),
            Connack::Refused(refusal) => wire::Connack::refused(refusal.code()),
        }
        .into(),
        Packet::Publish(publish) => translate_publish(publish).into(),
        Packet::Puback(ack) => wire::Packet::Puback(ack.packet_id.number()),
        Packet::Pubrec(ack) => wire::Packet::Pubrec(ack.packet_id.number()),
        Packet::Pubrel(ack) => wire::Packet::Pubrel(ack.packet_id.number()),
        Packet::Pubcomp(ack) => wire::Packet::Pubcomp(ack.packet_id.number()),
        Packet::Subscribe(subscribe) => {
            let empty = wire::Subscribe::new(subscribe.packet_id.number());
            let filters = subscribe.filters();
            filters.fold(empty, |all, one| all.filter(one.filter.as_str(), one.qos.number())).into()
        }
        Packet::Suback(suback) => {
            let codes: Vec<_> = suback.codes().map(|code| code.octet()).collect();
            wire::Suback::new(suback.packet_id.number(), codes).into()
        }
        Packet::Unsubscribe(unsubscribe) => {
            let empty = wire::Unsubscribe::new(unsubscribe.packet_id.number());
            unsubscribe.filters().fold(empty, |all, one| all.filter(one.as_str())).into()
        }
        Packet::Unsuback(ack) => wire::Packet::Unsuback(ack.packet_id.number()),
        Packet::Pingreq(_) => wire::Packet::Pingreq,
        Packet::Pingresp(_) => wire::Packet::Pingresp,
        Packet::Disconnect(_) => wire::Packet::Disconnect,
    }
}

fn translate_connect(connect: &Connect) -> wire::Connect {
    let mut judged =
        wire::Connect::clean(connect.client_id().as_str()).keep_alive(connect.keep_alive_seconds());
    judged.clean_session = connect.clean_session();
    if let Some(will) = connect.will() {
        let message = will.message.as_bytes().as_ref();
        judged = judged.will(will.topic.as_str(), message, will.qos.number(), will.retain);
    }
    if let Some(credentials) = connect.credentials() {
        judged = judged.username(credentials.user_name.as_str());
        if let Some(password) = &credentials.password {
            judged = judged.password(password.as_bytes().as_ref());
        }
    }
    judged
}

fn translate_publish(publish: &Publish) -> wire::Publish {
    let (topic, payload) = (publish.topic.as_str(), publish.payload.as_ref());
    wire::Publish {
        dup: publish.delivery.dup(),
        qos: publish.delivery.qos().number(),
        retain: publish.retain,
        id: publish.delivery.packet_id().map(|id| id.number()),
        ..wire::Publish::qos0(topic, payload)
    }
}
