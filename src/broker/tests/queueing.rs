//! The queue of a Session that is owed retained messages, by itself.

use std::sync::Arc;

use bytes::Bytes;

use super::rig::*;
use crate::broker::queue::{Next, Queue};
use crate::broker::rest::{AT_ONCE, Rest};
use crate::broker::{Backlog, Limits, Retained};
use crate::packet::QoS;
use crate::session::{Message, Outbound};
use crate::topic::{TopicFilter, TopicName};

const ROOM: Backlog = Backlog { messages: 9, octets: 99 };

fn outbound(topic: &'static str, qos: QoS) -> Outbound {
    let topic = TopicName::new(topic).unwrap();
    let message = Message { topic, payload: Bytes::from("x"), qos, retain: false };
    Outbound { message: Arc::new(message), qos, retain: false }
}

/// What is retained: a message of so many octets for each topic, all of QoS 1.
fn retained(topics: impl IntoIterator<Item = (String, usize)>) -> Retained {
    let mut retained = Retained::new();
    for (topic, octets) in topics {
        let (topic, payload) = (TopicName::new(topic).unwrap(), Bytes::from(vec![7; octets]));
        let message = Message { topic, payload, qos: Q1, retain: true };
        assert!(retained.update(Arc::new(message), &Limits::default()));
    }
    retained
}

fn one_each(topics: &[&str]) -> Retained {
    retained(topics.iter().map(|&topic| (topic.to_owned(), 1)))
}

fn rest(filter: &'static str, qos: QoS, is_fleeting: bool) -> Rest {
    let filter = TopicFilter::new(filter).unwrap();
    Rest { filter, qos, after: None, age: u64::MAX, is_fleeting }
}

/// All that comes, as the topics of it.
fn drain(queue: &mut Queue, retained: &Retained) -> Vec<String> {
    let mut topics = Vec::new();
    loop {
        while let Some(Next::Message(waiting)) = queue.pop(true) {
            topics.push(waiting.outbound.message.topic.to_string());
        }
        if !queue.wants_rest() {
            return topics;
        }
        queue.fetch_rest(retained, |_| true);
    }
}

#[test]
fn nothing_makes_room_where_there_is_none_to_be_had() {
    let mut queue = Queue::new();
    assert!(queue.push(outbound("old", Q1), None, ROOM).is_some());
    for room in [Backlog { messages: 0, ..ROOM }, Backlog { octets: 3, ..ROOM }] {
        assert_eq!(
            queue.make_room_for(Backlog { messages: 1, octets: 4 }, Q1, room),
            None,
            "{room:?}"
        );
        assert_eq!(queue.len(), 1);
    }
    let room = Backlog { messages: 1, octets: 4 };
    assert!(queue.make_room_for(Backlog { messages: 1, octets: 4 }, Q1, room).is_some());
}

#[test]
fn what_came_later_waits_for_what_is_owed() {
    // MQTT-4.6.0-6
    for qos in [Q0, Q1] {
        let mut queue = Queue::new();
        queue.owe(rest("r", Q1, false));
        assert!(queue.push(outbound("later", qos), None, ROOM).is_some());
        assert_eq!(queue.pop(true), None);
        assert!(queue.wants_rest() && queue.has_next(true));
        assert_eq!(drain(&mut queue, &one_each(&["r"])), ["r", "later"]);
        assert!(!queue.has_next(true));
    }
}

#[test]
fn each_subscription_is_owed_its_own() {
    let mut queue = Queue::new();
    queue.owe(rest("a", Q1, false));
    queue.owe(rest("b", Q1, false));
    assert_eq!(drain(&mut queue, &one_each(&["a", "b", "c"])), ["a", "b"]);
}

#[test]
fn of_what_is_owed_only_that_of_qos_1_and_2_outlasts_the_connection() {
    let mut queue = Queue::new();
    queue.owe(rest("a", Q0, false));
    queue.owe(rest("b", Q1, true));
    queue.owe(rest("c", Q1, false));
    assert!(queue.push(outbound("zero", Q0), None, ROOM).is_some());
    assert!(queue.push(outbound("one", Q1), None, ROOM).is_some());
    queue.drop_fleeting();
    assert_eq!(drain(&mut queue, &one_each(&["a", "b", "c"])), ["c", "one"]);
    assert_eq!((queue.len(), queue.octets()), (0, 0));
}

#[test]
fn no_more_is_fetched_at_once_than_has_its_bounds() {
    let many = |count, octets| retained((0..count).map(|at| (format!("r/{at:05}"), octets)));
    for (count, octets, expected) in [
        (AT_ONCE.messages, 1, AT_ONCE.messages),
        (AT_ONCE.messages + 1, 1, AT_ONCE.messages),
        (4, AT_ONCE.octets / 2, 2),
        (4, AT_ONCE.octets, 1),
    ] {
        let mut rest = rest("r/+", Q1, false);
        let (fetched, has_more) = rest.fetch(&many(count, octets), |_| true);
        assert_eq!((fetched.len(), has_more), (expected, count > expected), "{count} {octets}");
    }
}
