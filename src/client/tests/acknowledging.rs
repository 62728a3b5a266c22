//! Messages that the program acknowledges when it is done with them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::rig::*;
use crate::client::{Client, Input, Kept, Limits, Output, Receipt};
use crate::packet::{Delivery, Packet, PacketId, Pubrel};

/// A Client that is acknowledging by hand, connected, and the receipts it has given out.
struct ByHand {
    talk: Talk,
    receipts: BTreeMap<String, Receipt>,
}

impl ByHand {
    fn connected(clean_session: bool) -> Self {
        let mut talk = Talk::new(Limits::default());
        talk.client = Client::new(Limits::default()).acknowledging_by_hand();
        talk.reconnect(clean_session, false);
        Self { talk, receipts: BTreeMap::new() }
    }

    /// Hands a PUBLISH over: what the Client then says. The receipt is known by the payload.
    fn gets(&mut self, payload: &'static str, delivery: Delivery) -> Vec<String> {
        let packet = Input::Packet(publish(payload, delivery).into());
        self.talk.client.handle(self.talk.now, packet).unwrap();
        let mut said = Vec::new();
        while let Some(output) = self.talk.client.poll_output() {
            if let Output::Entrusted { receipt, message } = &output {
                let payload = String::from_utf8(message.payload.to_vec()).unwrap();
                self.receipts.insert(payload, *receipt);
            }
            said.push(line(&output));
        }
        self.talk.client.check_invariants();
        said
    }

    fn acknowledges(&mut self, payload: &str) -> Vec<String> {
        self.talk.client.acknowledge(self.talk.now, self.receipts[payload]);
        self.talk.lines()
    }
}

fn once(number: u16) -> Delivery {
    Delivery::AtLeastOnce { packet_id: id(number), dup: false }
}

fn exactly(number: u16) -> Delivery {
    Delivery::ExactlyOnce { packet_id: id(number), dup: false }
}

#[test]
fn nothing_is_acknowledged_before_the_program_says_so() {
    let mut client = ByHand::connected(true);
    assert_eq!(client.gets("a", once(1)), [r#"entrusted b"a""#]);
    assert_eq!(client.gets("b", exactly(1)), [r#"entrusted b"b""#]);
    assert_eq!(client.gets("c", Delivery::AtMostOnce), [r#"received b"c""#]);
    assert_eq!(client.acknowledges("b"), ["> PUBREC id 1"]);
    assert_eq!(client.acknowledges("a"), ["> PUBACK id 1"]);
    assert_eq!(client.acknowledges("a"), NONE, "once is enough");
    assert_eq!(client.talk.hears(Pubrel { packet_id: id(1) }), ["> PUBCOMP id 1"]);
}

#[test]
fn whatever_the_order_of_the_program_that_of_arrival_is_kept() {
    // MQTT-4.6.0-2, MQTT-4.6.0-3
    let mut client = ByHand::connected(true);
    for (payload, delivery) in
        [("a", once(4)), ("b", exactly(4)), ("c", once(3)), ("d", exactly(3)), ("e", once(2))]
    {
        client.gets(payload, delivery);
    }
    assert_eq!(client.acknowledges("c"), NONE);
    assert_eq!(client.acknowledges("d"), NONE);
    assert_eq!(client.acknowledges("a"), ["> PUBACK id 4", "> PUBACK id 3"]);
    assert_eq!(client.acknowledges("b"), ["> PUBREC id 4", "> PUBREC id 3"]);
    assert_eq!(client.acknowledges("e"), ["> PUBACK id 2"]);
}

#[test]
fn at_qos_1_a_message_comes_again_on_the_next_connection() {
    let mut client = ByHand::connected(false);
    client.gets("a", once(1));
    client.talk.loses_connection();
    assert_eq!(client.acknowledges("a"), NONE, "there is nobody to tell");
    client.talk.reconnect(false, true);
    let again = Delivery::AtLeastOnce { packet_id: id(1), dup: true };
    let before = client.receipts["a"];
    assert_eq!(client.gets("a", again), [r#"entrusted b"a""#]);
    client.talk.client.acknowledge(client.talk.now, before);
    assert_eq!(client.talk.lines(), NONE, "a receipt is for one delivery");
    assert_eq!(client.acknowledges("a"), ["> PUBACK id 1"]);
}

#[test]
fn at_qos_2_the_program_has_a_message_once_over_all_connections() {
    // MQTT-4.3.3-2
    let mut client = ByHand::connected(false);
    client.gets("worked on", exactly(1));
    client.gets("done meanwhile", exactly(2));
    client.gets("done before", exactly(3));
    assert_eq!(client.acknowledges("done before"), NONE, "not its turn yet");
    client.talk.loses_connection();
    assert_eq!(client.acknowledges("done meanwhile"), NONE);
    client.talk.reconnect(false, true);
    let again = |number| Delivery::ExactlyOnce { packet_id: id(number), dup: true };
    assert_eq!(client.gets("worked on", again(1)), NONE, "the program has it");
    assert_eq!(client.gets("done meanwhile", again(2)), NONE, "not its turn yet");
    assert_eq!(client.gets("done before", again(3)), NONE);
    assert_eq!(
        client.acknowledges("worked on"),
        ["> PUBREC id 1", "> PUBREC id 2", "> PUBREC id 3"]
    );
}

#[test]
fn a_server_without_a_session_means_other_messages() {
    let mut client = ByHand::connected(false);
    client.gets("before", exactly(1));
    client.talk.loses_connection();
    client.talk.reconnect(false, false);
    assert_eq!(client.gets("after", exactly(1)), [r#"entrusted b"after""#]);
    assert_eq!(client.acknowledges("before"), NONE);
    assert_eq!(client.acknowledges("after"), ["> PUBREC id 1"]);
}

#[test]
fn a_repeated_publish_is_answered_each_time_and_passed_on_once() {
    let mut client = ByHand::connected(true);
    client.gets("a", exactly(1));
    assert_eq!(client.gets("a", exactly(1)), NONE);
    assert_eq!(client.acknowledges("a"), ["> PUBREC id 1", "> PUBREC id 1"]);
    assert_eq!(client.gets("a", exactly(1)), ["> PUBREC id 1"], "until PUBREL");
    client.talk.hears(Pubrel { packet_id: id(1) });
    assert_eq!(client.gets("b", exactly(1)), [r#"entrusted b"b""#]);
}

#[test]
fn a_message_that_was_let_go_of_comes_again() {
    let mut client = ByHand::connected(false);
    for delivery in [once(1), exactly(1)] {
        client.gets("failed", delivery);
        client.talk.client.let_go(client.receipts["failed"]);
    }
    client.gets("behind", exactly(2));
    assert_eq!(client.acknowledges("behind"), NONE, "there is an order");
    client.talk.loses_connection();
    client.talk.reconnect(false, true);
    assert_eq!(client.gets("failed", once(1)), [r#"entrusted b"failed""#]);
    assert_eq!(client.gets("failed", exactly(1)), [r#"entrusted b"failed""#]);
    assert_eq!(client.gets("behind", exactly(2)), NONE);
    assert_eq!(client.acknowledges("failed"), ["> PUBREC id 1", "> PUBREC id 2"]);
}

#[test]
fn a_message_that_was_let_go_of_may_come_again_at_once() {
    let mut client = ByHand::connected(true);
    client.gets("a", exactly(1));
    client.talk.client.let_go(client.receipts["a"]);
    assert_eq!(client.gets("a", exactly(1)), [r#"entrusted b"a""#]);
    assert_eq!(client.acknowledges("a"), ["> PUBREC id 1", "> PUBREC id 1"]);
}

#[test]
fn a_message_that_was_released_early_holds_up_nobody() {
    let mut client = ByHand::connected(true);
    client.gets("a", exactly(1));
    client.gets("b", exactly(2));
    client.acknowledges("b");
    assert_eq!(
        client.talk.hears(Pubrel { packet_id: id(1) }),
        ["> PUBCOMP id 1", "> PUBREC id 2"],
        "a Server that has no PUBREC and releases has given it up"
    );
    assert_eq!(client.acknowledges("a"), NONE);
    assert_eq!(client.gets("c", exactly(1)), [r#"entrusted b"c""#]);
}

#[test]
fn what_the_program_has_done_is_kept_before_its_pubrec() {
    // MQTT-4.3.3-2: a crash before that is a message that comes again, and after it one that does not.
    let mut client = ByHand::connected(false);
    client.talk.client =
        Client::resumed(Limits::default(), Kept::default()).acknowledging_by_hand();
    client.talk.reconnect(false, false);
    assert_eq!(client.gets("a", exactly(1)), [r#"entrusted b"a""#]);
    assert_eq!(client.gets("b", exactly(2)), [r#"entrusted b"b""#]);
    assert_eq!(client.acknowledges("b"), ["keep Received { packet_id: PacketId(2) }"]);
    assert_eq!(
        client.acknowledges("a"),
        ["keep Received { packet_id: PacketId(1) }", "> PUBREC id 1", "> PUBREC id 2"]
    );
}

proptest! {
    /// In whatever order a program acknowledges, and whatever it leaves out: on each connection
    /// acknowledgements are the beginning of the list of messages, QoS by QoS, and a message of
    /// QoS 2 goes to the program once. MQTT-4.6.0-2, MQTT-4.6.0-3, MQTT-4.3.3-2
    #[test]
    fn acknowledgements_are_in_the_order_of_arrival(
        exactly_once in proptest::collection::vec(any::<bool>(), 1..12),
        given in proptest::collection::vec(0_usize..12, 0..24),
        lost_after in 0_usize..24,
    ) {
        let mut client = ByHand::connected(false);
        let (now, mut receipts) = (client.talk.now, BTreeMap::new());
        let deliveries: Vec<_> = (1..).zip(&exactly_once).map(|(number, exactly_once)| {
            if *exactly_once { exactly(number) } else { once(number) }
        }).collect();
        let mut send_all = |client: &mut Client, entrusted: &mut Vec<usize>| {
            let mut sent = Vec::new();
            for (index, delivery) in deliveries.iter().enumerate() {
                client.handle(now, Input::Packet(publish("x", *delivery).into())).unwrap();
                for output in std::iter::from_fn(|| client.poll_output()) {
                    match output {
                        Output::Entrusted { receipt, .. } => {
                            receipts.insert(index, receipt);
                            entrusted.push(index);
                        }
                        Output::Send(packet) => sent.push(packet),
                        other => panic!("{other:?}"),
                    }
                }
            }
            (sent, receipts.clone())
        };
        let mut entrusted = Vec::new();
        let (mut sent, mut receipts) = send_all(&mut client.talk.client, &mut entrusted);
        for (step, index) in given.into_iter().enumerate() {
            if step == lost_after {
                prop_assert!(is_beginning(&deliveries, &sent));
                client.talk.loses_connection();
                client.talk.reconnect(false, true);
                (sent, receipts) = send_all(&mut client.talk.client, &mut entrusted);
            }
            let Some(receipt) = receipts.get(&index) else { continue };
            client.talk.client.acknowledge(now, *receipt);
            client.talk.client.check_invariants();
            for output in std::iter::from_fn(|| client.talk.client.poll_output()) {
                if let Output::Send(packet) = output {
                    sent.push(packet);
                }
            }
        }
        prop_assert!(is_beginning(&deliveries, &sent));
        for (index, exactly_once) in exactly_once.iter().enumerate() {
            let times = entrusted.iter().filter(|entrusted| **entrusted == index).count();
            prop_assert!(times == 1 || !exactly_once, "{} times", times);
        }
    }
}

/// Whether the acknowledgements of each kind answer the first messages of theirs, in order.
fn is_beginning(deliveries: &[Delivery], sent: &[Packet]) -> bool {
    let of = |wanted: fn(&Delivery) -> Option<PacketId>| deliveries.iter().filter_map(wanted);
    let at_least_once = of(|delivery| match delivery {
        Delivery::AtLeastOnce { packet_id, .. } => Some(*packet_id),
        _ => None,
    });
    let exactly_once = of(|delivery| match delivery {
        Delivery::ExactlyOnce { packet_id, .. } => Some(*packet_id),
        _ => None,
    });
    let pubacks: Vec<_> = sent
        .iter()
        .filter_map(|packet| match packet {
            Packet::Puback(puback) => Some(puback.packet_id),
            _ => None,
        })
        .collect();
    let pubrecs: Vec<_> = sent
        .iter()
        .filter_map(|packet| match packet {
            Packet::Pubrec(pubrec) => Some(pubrec.packet_id),
            _ => None,
        })
        .collect();
    pubacks.len() + pubrecs.len() == sent.len()
        && at_least_once.take(pubacks.len()).eq(pubacks)
        && exactly_once.take(pubrecs.len()).eq(pubrecs)
}
