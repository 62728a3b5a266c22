//! The queue of one Client by itself: what it takes, in which order it gives, and what has to go.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::broker::Limits;
use crate::packet::{Delivery, Packet, Publish, PublishRunWriter};
use crate::session::Message;
use crate::topic::TopicName;

fn outbound(qos: QoS, payload: &'static str) -> Outbound {
    let topic = TopicName::new("t").unwrap();
    let message = Message { topic, payload: Bytes::from(payload), qos, retain: false };
    Outbound { message: Arc::new(message), qos, retain: false }
}

/// Room for all that a test has.
const ROOM: Backlog = Backlog { messages: 9, octets: 99 };

/// A message of so many octets.
const fn one(octets: usize) -> Backlog {
    Backlog { messages: 1, octets }
}

fn drain(queue: &mut Queue, room: bool) -> Vec<Bytes> {
    let payloads = |next| match next {
        Next::Message(waiting) => vec![waiting.outbound.message.payload.clone()],
        Next::Run(_, run) => run.packets().map(payload).collect(),
    };
    std::iter::from_fn(|| queue.pop(room)).flat_map(payloads).collect()
}

fn payload(packet: Packet) -> Bytes {
    let Packet::Publish(publish) = packet else { panic!("{packet}") };
    publish.payload
}

fn run(payloads: &[&'static str]) -> PublishRun {
    let mut writer = PublishRunWriter::default();
    for &payload in payloads {
        let (topic, payload) = (TopicName::new("t").unwrap(), Bytes::from(payload));
        let delivery = Delivery::AtMostOnce;
        writer.push(&Publish { topic, payload, delivery, retain: false });
    }
    writer.finish().unwrap()
}

fn mixed() -> Queue {
    let mut queue = Queue::new();
    for (qos, payload) in [
        (QoS::AtLeastOnce, "1"),
        (QoS::AtMostOnce, "2"),
        (QoS::ExactlyOnce, "3"),
        (QoS::AtMostOnce, "4"),
    ] {
        assert!(queue.push(outbound(qos, payload), None, ROOM).is_some());
    }
    queue
}

#[test]
fn messages_leave_in_the_order_they_came() {
    // MQTT-4.6.0-5, MQTT-4.6.0-6
    assert_eq!(drain(&mut mixed(), true), ["1", "2", "3", "4"]);
}

#[test]
fn qos_0_does_not_wait_for_acknowledgements() {
    let mut queue = mixed();
    assert_eq!(drain(&mut queue, false), ["2", "4"]);
    assert_eq!(drain(&mut queue, true), ["1", "3"]);
    assert_eq!(queue.octets, 0);
}

#[test]
fn qos_0_is_not_kept_for_an_absent_client() {
    let mut queue = mixed();
    queue.drop_fleeting();
    assert_eq!(drain(&mut queue, true), ["1", "3"]);
    assert_eq!(queue.octets, 0);
}

#[test]
fn the_oldest_make_room_and_qos_0_goes_first() {
    let room = Backlog { messages: 4, octets: 10 };
    let mut queue = mixed();
    let place = |dropped| match dropped {
        Dropped::Fleeting => 0,
        Dropped::Lasting(waiting) => waiting.arrival,
    };
    let mut push = |qos, payload| {
        let outbound = outbound(qos, payload);
        let more = one(outbound.octets());
        let made = std::iter::from_fn(|| queue.make_room_for(more, qos, room));
        let dropped: Vec<_> = made.map(place).collect();
        (dropped, queue.push(outbound, None, room).is_some())
    };
    assert_eq!(push(QoS::AtLeastOnce, "5"), (vec![0], true));
    assert_eq!(push(QoS::AtMostOnce, "6"), (vec![0], true));
    assert_eq!(push(QoS::ExactlyOnce, "7"), (vec![0], true));
    assert_eq!(push(QoS::ExactlyOnce, "8"), (vec![1], true));
    assert_eq!(push(QoS::AtMostOnce, "9"), (vec![], false), "QoS 0 pushes out no other");
    assert_eq!(drain(&mut queue, true), ["3", "5", "7", "8"]);
    assert_eq!(queue.octets, 0);

    let mut queue = Queue::new();
    for payload in ["1", "2", "3"] {
        assert!(queue.push(outbound(QoS::AtLeastOnce, payload), None, room).is_some());
    }
    let mut make_room =
        |octets| queue.make_room_for(one(octets), QoS::AtLeastOnce, room).map(place);
    assert_eq!(make_room(11), None, "it cannot have any, so nobody goes");
    assert_eq!(make_room(5), Some(1));
    assert_eq!(make_room(5), None);
    assert!(queue.push(outbound(QoS::AtLeastOnce, "4567"), None, room).is_some());
}

#[test]
fn a_run_stands_in_line_as_its_messages_would() {
    // MQTT-4.6.0-5, MQTT-4.6.0-6
    let mut queue = mixed();
    assert!(queue.push_run(&run(&["5", "6"]), ROOM));
    assert_eq!(queue.push(outbound(QoS::AtLeastOnce, "7"), None, ROOM), Some(7));
    assert_eq!((queue.len(), queue.fleeting(), queue.octets()), (7, 4, 14));
    assert_eq!(drain(&mut queue.clone(), false), ["2", "4", "5", "6"]);
    assert_eq!(drain(&mut queue, true), ["1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!((queue.len(), queue.octets()), (0, 0));
}

#[test]
fn a_run_comes_in_as_a_whole_or_not_at_all() {
    let room = Backlog { messages: 3, octets: 8 };
    let mut queue = Queue::new();
    assert!(queue.push_run(&run(&["1"]), room));
    assert!(!queue.push_run(&run(&["2", "3", "4"]), room), "a fourth message");
    assert!(!queue.push_run(&run(&["0123", "4"]), room), "nine octets");
    assert!(queue.push_run(&run(&["012", "3"]), room), "eight");
    assert_eq!(drain(&mut queue, true), ["1", "012", "3"]);
}

#[test]
fn of_a_run_one_message_goes_after_the_other() {
    let room = Backlog { messages: 3, octets: 9 };
    let mut queue = Queue::new();
    assert!(queue.push_run(&run(&["1", "22"]), room));
    assert!(queue.push(outbound(QoS::AtLeastOnce, "3"), None, room).is_some());
    let mut make_room = || queue.make_room_for(one(2), QoS::AtMostOnce, room);
    assert_eq!(make_room(), Some(Dropped::Fleeting));
    assert_eq!(make_room(), None);
    assert_eq!((queue.len(), queue.octets()), (2, 5));
    assert!(queue.push_run(&run(&["4"]), room));
    assert_eq!(drain(&mut queue, true), ["22", "3", "4"]);
    assert_eq!(queue.octets(), 0);
}

#[test]
fn what_is_left_of_a_run_stands_behind_what_came_before_it() {
    // MQTT-4.6.0-5, MQTT-4.6.0-6
    let room = Backlog { messages: 3, octets: 9 };
    let mut queue = Queue::new();
    assert!(queue.push(outbound(QoS::AtLeastOnce, "1"), None, room).is_some());
    assert!(queue.push_run(&run(&["2", "3"]), room));
    assert_eq!(queue.make_room_for(one(2), QoS::AtMostOnce, room), Some(Dropped::Fleeting));
    assert_eq!(drain(&mut queue, true), ["1", "3"]);
}

#[test]
fn who_has_caught_up_keeps_no_memory_for_a_backlog() {
    let room = Backlog { messages: 1_000, octets: 10_000 };
    let mut queue = Queue::new();
    for _ in 0..1_000 {
        assert!(queue.push(outbound(QoS::AtMostOnce, ""), None, room).is_some());
    }
    assert_eq!(drain(&mut queue, true).len(), 1_000);
    assert!(queue.fleeting.room() <= SPARE);
}

#[test]
fn both_limits_hold() {
    let room = Backlog { messages: 2, octets: 10 };
    let mut queue = Queue::new();
    let mut push = |qos, payload| queue.push(outbound(qos, payload), None, room).is_some();
    assert!(push(QoS::AtLeastOnce, ""));
    assert!(!push(QoS::AtLeastOnce, "0123456789"), "eleven octets");
    assert!(push(QoS::AtMostOnce, ""));
    assert!(!push(QoS::AtMostOnce, ""), "a third message");
    assert_eq!(queue.len(), 2);
}

#[test]
fn what_is_fetched_counts_as_what_waits() {
    let mut retained = Retained::new();
    for (topic, qos) in [("a", QoS::AtMostOnce), ("b", QoS::AtLeastOnce), ("c", QoS::AtMostOnce)] {
        let topic = TopicName::new(topic).unwrap();
        let message = Message { topic, payload: Bytes::from("1"), qos, retain: true };
        assert!(retained.update(Arc::new(message), &Limits::default()));
    }
    let filter = TopicFilter::new("#").unwrap();
    let (qos, age) = (QoS::ExactlyOnce, retained.age());
    let mut queue = Queue::new();
    queue.owe(Rest { filter, qos, after: None, age, is_fleeting: false });
    assert_eq!((queue.len(), queue.octets()), (0, 0));
    queue.fetch_rest(&retained, |_| true);
    assert_eq!((queue.len(), queue.fleeting(), queue.octets()), (3, 2, 6));
    assert_eq!(drain(&mut queue, true).len(), 3);
    assert_eq!((queue.len(), queue.fleeting(), queue.octets()), (0, 0, 0));
}
