//! Conversations that nobody has thought of.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::rig::*;
use crate::client::{Input, Limits, Output};
use crate::packet::{
    Connack, Delivery, Packet, PacketType, Pingreq, Pingresp, Puback, Pubcomp, Pubrec, Pubrel, QoS,
    Unsuback,
};
use crate::topic::TopicFilter;

/// One step of a conversation.
#[derive(Clone, Debug)]
enum Step {
    Connect { clean_session: bool },
    Disconnect,
    Lose,
    Publish(QoS),
    Subscribe,
    Unsubscribe,
    Hear(Packet),
    Sleep(u8),
}

fn packets() -> impl Strategy<Value = Packet> {
    let packet_id = (1_u16..=4).prop_map(id);
    prop_oneof![
        6 => any::<bool>().prop_map(|session_present| Connack::Accepted { session_present }.into()),
        6 => packet_id.clone().prop_map(|packet_id| Puback { packet_id }.into()),
        6 => packet_id.clone().prop_map(|packet_id| Pubrec { packet_id }.into()),
        6 => packet_id.clone().prop_map(|packet_id| Pubcomp { packet_id }.into()),
        3 => packet_id.clone().prop_map(|packet_id| Pubrel { packet_id }.into()),
        3 => packet_id.clone().prop_map(|packet_id| suback(packet_id.number(), 1).into()),
        3 => packet_id.clone().prop_map(|packet_id| Unsuback { packet_id }.into()),
        3 => (packet_id.clone(), any::<bool>()).prop_map(|(packet_id, dup)| {
            publish("x", Delivery::ExactlyOnce { packet_id, dup }).into()
        }),
        3 => packet_id.prop_map(|packet_id| {
            publish("x", Delivery::AtLeastOnce { packet_id, dup: false }).into()
        }),
        3 => Just(Pingresp.into()),
        1 => Just(Pingreq.into()),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(|clean_session| Step::Connect { clean_session }),
        1 => Just(Step::Disconnect),
        2 => Just(Step::Lose),
        4 => (0_u8..=2).prop_map(|qos| Step::Publish(QoS::from_number(qos).unwrap())),
        2 => Just(Step::Subscribe),
        1 => Just(Step::Unsubscribe),
        12 => packets().prop_map(Step::Hear),
        2 => any::<u8>().prop_map(Step::Sleep),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Whatever a Server says: each command ends at most once, each connection begins with
    /// CONNECT, and nothing is sent without one. MQTT-3.1.0-1, MQTT-3.14.4-2
    #[test]
    fn any_conversation_is_in_order(steps in steps()) {
        let limits = Limits { in_flight: 2, waiting: 5, ..Limits::default() };
        let mut talk = Talk::new(limits);
        let mut ended = BTreeSet::new();
        let (mut is_open, mut is_opened) = (false, false);
        for step in steps {
            let now = talk.now;
            let _ = match step {
                Step::Connect { clean_session } => {
                    is_opened = talk.client.connect(now, connect("c", clean_session)).is_ok();
                    Ok(())
                }
                Step::Disconnect => {
                    talk.client.disconnect(now);
                    Ok(())
                }
                Step::Lose => {
                    let lost = talk.client.handle(now, Input::ConnectionLost);
                    is_open = false;
                    lost
                }
                Step::Publish(qos) => talk.client.publish(now, message("m", qos)).map(drop).or(Ok(())),
                Step::Subscribe => talk.client.subscribe(now, wanted(&["a"])).map(drop).or(Ok(())),
                Step::Unsubscribe => {
                    let filters = TopicFilter::new("a").unwrap().into();
                    talk.client.unsubscribe(now, filters).map(drop).or(Ok(()))
                }
                Step::Hear(packet) => talk.client.handle(now, Input::Packet(packet)),
                Step::Sleep(seconds) => {
                    talk.passes(1_000 * u64::from(seconds));
                    talk.client.handle(talk.now, Input::Timeout)
                }
            };
            talk.client.check_invariants();
            while let Some(output) = talk.client.poll_output() {
                match output {
                    Output::Send(packet) if is_opened => {
                        prop_assert_eq!(packet.packet_type(), PacketType::Connect);
                        (is_open, is_opened) = (true, false);
                    }
                    Output::Send(packet) => {
                        prop_assert!(is_open, "{} without a connection", packet);
                        prop_assert_ne!(packet.packet_type(), PacketType::Connect);
                    }
                    Output::Close(_) => is_open = false,
                    Output::Completed { token, .. } => prop_assert!(ended.insert(token)),
                    Output::Connected { .. }
                    | Output::Entrusted { .. }
                    | Output::Received(_)
                    | Output::Refused(_) => {
                        prop_assert!(is_open);
                    }
                    Output::Keep(change) => prop_assert!(false, "{:?}", change),
                }
            }
        }
    }
}
