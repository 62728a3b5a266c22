//! Any value that there is, written and read back.

use bytes::BytesMut;
use mqttspec::packet::{
    Binary, ClientId, Connack, Connect, ConnectRefusal, Credentials, Decoder, Delivery, Disconnect,
    OneOrMore, Packet, PacketId, Pingreq, Pingresp, Puback, Pubcomp, Publish, Pubrec, Pubrel, QoS,
    Suback, SubackCode, Subscribe, SubscribeFilter, Text, Unsuback, Unsubscribe, Will,
};
use mqttspec::topic::{TopicFilter, TopicName};

use super::choices::Choices;

/// Makes packets of what `octets` choose: each is read back as it was, and nothing is left over.
pub fn encode(octets: &[u8]) {
    let mut choices = Choices::new(octets);
    while !choices.is_empty() {
        let Some(packet) = packet(&mut choices) else { continue };
        let mut written = BytesMut::new();
        packet.encode(&mut written).expect("it is short");
        let whole = written.clone();
        assert_eq!(Decoder::default().decode(&mut written), Ok(Some(packet)));
        assert!(written.is_empty());
        // No packet is the beginning of another.
        let mut part = BytesMut::from(&whole[..choices.below(256).min(whole.len() - 1)]);
        assert_eq!(Decoder::default().decode(&mut part), Ok(None));
    }
}

fn packet(choices: &mut Choices<'_>) -> Option<Packet> {
    let number = u16::from_be_bytes([choices.octet(), choices.octet()]);
    let packet_id = PacketId::new(number.max(1))?;
    Some(match choices.below(14) {
        0 => connect(choices)?.into(),
        1 => Connack::Accepted { session_present: choices.either() }.into(),
        2 => Connack::Refused(choices.one_of(&REFUSALS)).into(),
        3 | 4 => publish(choices, packet_id)?.into(),
        5 => Puback { packet_id }.into(),
        6 => Pubrec { packet_id }.into(),
        7 => Pubrel { packet_id }.into(),
        8 => Pubcomp { packet_id }.into(),
        9 => {
            let filters = (0..=choices.below(4))
                .filter_map(|_| {
                    let (filter, qos) = (filter(choices)?, qos(choices));
                    Some(SubscribeFilter { filter, qos })
                })
                .collect();
            Subscribe::new(packet_id, &OneOrMore::new(filters)?).into()
        }
        10 => {
            let codes = (0..=choices.below(4)).map(|_| match choices.below(4) {
                0 => SubackCode::Failure,
                _ => SubackCode::Granted(qos(choices)),
            });
            Suback::new(packet_id, &OneOrMore::new(codes.collect())?).into()
        }
        11 => {
            let filters = (0..=choices.below(4)).filter_map(|_| filter(choices)).collect();
            Unsubscribe::new(packet_id, &OneOrMore::new(filters)?).into()
        }
        12 => Unsuback { packet_id }.into(),
        _ => match choices.below(3) {
            0 => Pingreq.into(),
            1 => Pingresp.into(),
            _ => Disconnect.into(),
        },
    })
}

fn connect(choices: &mut Choices<'_>) -> Option<Connect> {
    let mut connect = Connect::new(&ClientId::new(text(choices)?))
        .with_clean_session(choices.either())
        .with_keep_alive_seconds(choices.octet().into());
    if choices.either() {
        let (topic, message) = (name(choices)?, Binary::new(choices.some().to_vec()).ok()?);
        let (qos, retain) = (qos(choices), choices.either());
        connect = connect.with_will(&Will { topic, message, qos, retain });
    }
    if choices.either() {
        let user_name = text(choices)?;
        let password = match choices.below(2) {
            0 => None,
            _ => Some(Binary::new(choices.some().to_vec()).ok()?),
        };
        connect = connect.with_credentials(&Credentials { user_name, password });
    }
    Some(connect)
}

fn publish(choices: &mut Choices<'_>, packet_id: PacketId) -> Option<Publish> {
    let dup = choices.either();
    let delivery = match qos(choices) {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
    };
    let (topic, payload) = (name(choices)?, choices.some().to_vec().into());
    Some(Publish { topic, payload, delivery, retain: choices.either() })
}

fn qos(choices: &mut Choices<'_>) -> QoS {
    choices.one_of(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce])
}

fn text(choices: &mut Choices<'_>) -> Option<Text> {
    Text::new(String::from_utf8_lossy(choices.some()).into_owned())
}

fn name(choices: &mut Choices<'_>) -> Option<TopicName> {
    TopicName::new(String::from_utf8_lossy(choices.some()).into_owned()).ok()
}

fn filter(choices: &mut Choices<'_>) -> Option<TopicFilter> {
    TopicFilter::new(String::from_utf8_lossy(choices.some()).into_owned()).ok()
}

const REFUSALS: [ConnectRefusal; 5] = [
    ConnectRefusal::UnacceptableProtocolVersion,
    ConnectRefusal::IdentifierRejected,
    ConnectRefusal::ServerUnavailable,
    ConnectRefusal::BadUserNameOrPassword,
    ConnectRefusal::NotAuthorized,
];
