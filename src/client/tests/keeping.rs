//! What a Client tells of its Session, and one that goes on from it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::rig::*;
use crate::client::command::Command;
use crate::client::{
    Change, Client, ConnectRefused, Input, Kept, KeptDelivery, Limits, Output, Token,
};
use crate::packet::{Connack, Delivery, Packet, Puback, Pubcomp, Pubrec, Pubrel, QoS};
use crate::session::Message;

impl Kept {
    /// What all changes add up to, by the shortest way to say it.
    fn apply(&mut self, change: Change) {
        match change {
            Change::Completed { token } => drop(self.deliveries.remove(&token)),
            Change::Freed { packet_id } => drop(self.received.remove(&packet_id)),
            Change::Queued { token, message } => {
                self.deliveries.insert(token, KeptDelivery::Waiting(message));
            }
            Change::Received { packet_id } => drop(self.received.insert(packet_id)),
            Change::Released { token, packet_id } => {
                self.deliveries.insert(token, KeptDelivery::Released(packet_id));
            }
            Change::Sent { token, packet_id } => {
                let delivery = self.deliveries.get_mut(&token).expect("it was queued");
                let KeptDelivery::Waiting(message) = delivery else { panic!("it was sent") };
                *delivery = KeptDelivery::Sent(packet_id, message.clone());
            }
            Change::SessionBegun { client_id } => *self = Self { client_id, ..Self::default() },
        }
    }
}

/// The same, seen from inside.
fn kept(client: &Client) -> Kept {
    let session = &client.session;
    let mut deliveries = BTreeMap::new();
    for packet in session.sending.resend() {
        let (packet_id, delivery) = match packet {
            Packet::Pubrel(Pubrel { packet_id }) => (packet_id, KeptDelivery::Released(packet_id)),
            Packet::Publish(publish) => {
                let packet_id = publish.delivery.packet_id().unwrap();
                let message = Message::from_publish(publish).into();
                (packet_id, KeptDelivery::Sent(packet_id, message))
            }
            other => panic!("{other} is not sent again"),
        };
        deliveries.insert(session.delivery(packet_id).unwrap(), delivery);
    }
    for (token, command) in &client.waiting {
        if let Command::Publish(message) = command
            && message.qos != QoS::AtMostOnce
        {
            deliveries.insert(*token, KeptDelivery::Waiting(message.clone()));
        }
    }
    let client_id = session.client_id.clone();
    Kept { client_id, deliveries, received: session.receiving.unreleased().collect() }
}

fn keeping() -> Talk {
    let limits = Limits { in_flight: 2, ..Limits::default() };
    let mut talk = Talk::new(limits);
    talk.client = Client::resumed(limits, Kept::default());
    talk
}

#[test]
fn each_step_is_told_before_the_packet_that_relies_on_it() {
    // MQTT-4.3.3-1, MQTT-4.3.3-2
    let mut talk = keeping();
    talk.client.connect(talk.now, connect("c", false)).unwrap();
    assert_eq!(
        talk.lines(),
        [
            r#"keep SessionBegun { client_id: ClientId("c") }"#,
            r#"> CONNECT "c", kept session, keep alive 8 s"#
        ]
    );
    talk.hears(Connack::Accepted { session_present: false });
    let lines = talk.publishes("x", QoS::ExactlyOnce);
    assert!(lines[0].starts_with("keep Queued { token: Token(0), "), "{lines:?}");
    assert_eq!(
        lines[1..],
        [
            "keep Sent { token: Token(0), packet_id: PacketId(1) }",
            r#"> PUBLISH "t" q2 id 1, 1 octets"#
        ]
    );
    assert_eq!(
        talk.hears(Pubrec { packet_id: id(1) }),
        ["keep Released { token: Token(0), packet_id: PacketId(1) }", "> PUBREL id 1"]
    );
    assert_eq!(
        talk.hears(Pubcomp { packet_id: id(1) }),
        ["keep Completed { token: Token(0) }", "Token(0) Delivered"]
    );
    let delivery = Delivery::ExactlyOnce { packet_id: id(9), dup: false };
    assert_eq!(
        talk.hears(publish("y", delivery)),
        [r#"received b"y""#, "keep Received { packet_id: PacketId(9) }", "> PUBREC id 9"]
    );
    assert_eq!(
        talk.hears(Pubrel { packet_id: id(9) }),
        ["keep Freed { packet_id: PacketId(9) }", "> PUBCOMP id 9"]
    );
    assert_eq!(talk.publishes("z", QoS::AtMostOnce).len(), 2, "nothing of it is kept");
}

#[test]
fn a_later_client_goes_on_where_the_earlier_one_was() {
    // MQTT-4.4.0-1, MQTT-4.1.0-1
    let mut talk = keeping();
    talk.reconnect(false, false);
    for payload in ["1", "22", "333"] {
        talk.publishes(payload, QoS::ExactlyOnce);
    }
    talk.hears(Pubrec { packet_id: id(2) });
    let delivery = Delivery::ExactlyOnce { packet_id: id(9), dup: false };
    talk.hears(publish("y", delivery));
    let left = kept(&talk.client);

    let mut talk = keeping();
    talk.client = Client::resumed(Limits { in_flight: 3, ..Limits::default() }, left);
    let lines = talk.reconnect(false, true);
    assert_eq!(
        lines[..3],
        ["connected, true", "> PUBREL id 2", r#"> PUBLISH "t" q2 id 1 dup, 1 octets"#]
    );
    assert_eq!(lines.last().unwrap(), r#"> PUBLISH "t" q2 id 3, 3 octets"#);
    let delivery = Delivery::ExactlyOnce { packet_id: id(9), dup: true };
    assert_eq!(talk.hears(publish("y", delivery)), ["> PUBREC id 9"], "it was here before");
    assert_eq!(talk.client.publish(talk.now, message("4", QoS::AtMostOnce)), Ok(Token(3)));
}

#[test]
fn pubrels_are_sent_again_in_the_order_of_their_pubrecs() {
    // MQTT-4.6.0-4
    let mut talk = Talk::new(Limits::default());
    talk.client = Client::resumed(Limits::default(), Kept::default());
    talk.reconnect(false, false);
    for payload in ["1", "22", "333"] {
        talk.publishes(payload, QoS::ExactlyOnce);
    }
    // The first is at its end, so that the next message gets a greater identifier than the others.
    for number in [1, 2, 3] {
        talk.hears(Pubrec { packet_id: id(number) });
    }
    talk.hears(Pubcomp { packet_id: id(1) });
    talk.publishes("4444", QoS::ExactlyOnce);
    talk.hears(Pubrec { packet_id: id(4) });
    let left = kept(&talk.client);

    let mut talk = keeping();
    talk.client = Client::resumed(Limits::default(), left);
    let lines = talk.reconnect(false, true);
    assert_eq!(lines[1..], ["> PUBREL id 2", "> PUBREL id 3", "> PUBREL id 4"]);
}

#[test]
fn nothing_can_be_kept_of_a_clean_session() {
    // MQTT-3.1.2-6
    let mut talk = keeping();
    let refused = talk.client.connect(talk.now, connect("c", true));
    assert_eq!(refused, Err(ConnectRefused::CleanSession));
}

/// One step of a conversation.
#[derive(Clone, Debug)]
enum Step {
    Connect { session_present: bool },
    Hear(Packet),
    Lose,
    Publish(QoS),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let packet_id = (1_u16..=4).prop_map(id);
    let packets = prop_oneof![
        4 => packet_id.clone().prop_map(|packet_id| Puback { packet_id }.into()),
        4 => packet_id.clone().prop_map(|packet_id| Pubrec { packet_id }.into()),
        4 => packet_id.clone().prop_map(|packet_id| Pubcomp { packet_id }.into()),
        2 => packet_id.clone().prop_map(|packet_id| Pubrel { packet_id }.into()),
        2 => packet_id.prop_map(|packet_id| {
            publish("x", Delivery::ExactlyOnce { packet_id, dup: false }).into()
        }),
    ];
    let step = prop_oneof![
        2 => any::<bool>().prop_map(|session_present| Step::Connect { session_present }),
        12 => packets.prop_map(Step::Hear),
        1 => Just(Step::Lose),
        5 => (0_u8..=2).prop_map(|qos| Step::Publish(QoS::from_number(qos).unwrap())),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Whatever happens: what is told adds up to what there is, and a Client that is made of it
    /// has the same.
    #[test]
    fn what_is_told_is_what_there_is(steps in steps()) {
        let mut talk = keeping();
        let mut told = Kept::default();
        for step in steps {
            let now = talk.now;
            match step {
                Step::Connect { session_present } => {
                    if talk.client.connect(now, connect("c", false)).is_ok() {
                        let connack = Connack::Accepted { session_present };
                        let _ = talk.client.handle(now, Input::Packet(connack.into()));
                    }
                }
                // A breach of the protocol ends the connection, and keeps the Session.
                Step::Hear(packet) => drop(talk.client.handle(now, Input::Packet(packet))),
                Step::Lose => drop(talk.client.handle(now, Input::ConnectionLost)),
                Step::Publish(qos) => drop(talk.client.publish(now, message("m", qos))),
            }
            talk.client.check_invariants();
            while let Some(output) = talk.client.poll_output() {
                if let Output::Keep(change) = output {
                    told.apply(change);
                }
            }
            if talk.client.session.client_id.as_str() == "c" {
                prop_assert_eq!(&told, &kept(&talk.client));
            }
        }
        let resumed = Client::resumed(Limits::default(), told.clone());
        resumed.check_invariants();
        prop_assert_eq!(told, kept(&resumed));
    }
}
