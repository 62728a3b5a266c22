//! Clients for whom more messages come than may wait.

use super::rig::*;
use crate::broker::{
    Bound, Broker, Input, Kept, Limits, Local, LocalConnection, Policy, QueuePolicy,
};
use crate::packet::Puback;

/// A server with room for two messages that wait, and one on its way.
fn rig(queue: QueuePolicy) -> Rig {
    let policy = Policy { queue, ..Policy::default() };
    let mut rig = Rig::new();
    rig.broker = Broker::new(Local::recording(0), limits()).with_policy(policy);
    rig
}

fn limits() -> Limits {
    Limits { max_queued_messages: 2, max_in_flight: 1, ..Limits::default() }
}

/// An absent Client with a Session, for which six messages have come.
fn absent(rig: &mut Rig) {
    let slow = rig.connect(kept("slow"));
    rig.hear(slow);
    rig.subscribe(slow, "t", Q1);
    rig.cut(slow);
    let publisher = rig.client("publisher");
    for (number, payload) in (1..).zip(["1", "22", "333", "4444", "55555", "666666"]) {
        rig.say(publisher, publish("t", payload, Q1, number));
    }
}

/// What it gets when it comes back, acknowledging each.
fn back(rig: &mut Rig) -> Vec<String> {
    let slow = rig.connect(kept("slow"));
    let mut heard = rig.hear(slow);
    for number in 1..=2 {
        rig.say(slow, Puback { packet_id: id(number) });
        heard.extend(rig.hear(slow));
    }
    heard.retain(|line| line.starts_with("PUBLISH"));
    heard
}

#[test]
fn the_new_or_the_old_are_dropped() {
    for (policy, expected) in [
        (QueuePolicy::DropNew, [1, 2]),
        (QueuePolicy::Disconnect, [1, 2]),
        (QueuePolicy::DropOld, [5, 6]),
    ] {
        let mut rig = rig(policy);
        absent(&mut rig);
        let heard = back(&mut rig);
        assert_eq!(heard.len(), 2, "{policy:?} {heard:?}");
        for (line, octets) in heard.into_iter().zip(expected) {
            assert!(line.ends_with(&format!(", {octets} octets")), "{policy:?} {line}");
        }
    }
}

#[test]
fn what_made_room_is_gone_for_the_next_server_too() {
    let mut rig = rig(QueuePolicy::DropOld);
    absent(&mut rig);
    let mut kept = Kept::default();
    rig.broker.holder().take_changes().into_iter().for_each(|change| kept.apply(change));
    let session = kept.sessions.values().next().expect("one Session");
    assert_eq!(session.deliveries.len(), 2);
    assert_eq!(session.deliveries.keys().copied().collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn a_client_that_is_too_slow_is_told_so_by_the_end_of_its_connection() {
    let mut rig = rig(QueuePolicy::Disconnect);
    let slow = rig.connect(kept("slow"));
    rig.hear(slow);
    rig.subscribe(slow, "t", Q1);
    let publisher = rig.client("publisher");
    for (number, payload) in (1..).zip(["1", "22", "333"]) {
        rig.say(publisher, publish("t", payload, Q1, number));
    }
    assert_eq!(rig.hear(slow), ["closed: too slow: more messages wait for it than may"]);
    // Its Session, and what found room, are there.
    let heard = back(&mut rig);
    assert!(heard[0].ends_with(", 1 octets"), "{heard:?}");
}

#[test]
fn one_that_takes_nothing_at_all_can_be_given_up() {
    let mut rig = rig(QueuePolicy::Disconnect);
    let slow = rig.client("slow");
    rig.subscribe(slow, "t", Q1);
    assert_eq!(rig.give_up(slow), None);
    let publisher = rig.client("publisher");
    for (number, payload) in (1..).zip(["1", "22", "333"]) {
        rig.say(publisher, publish("t", payload, Q1, number));
    }
    let reason = rig.give_up(slow).expect("it has to end");
    assert_eq!(reason.to_string(), "too slow: more messages wait for it than may");
    assert_eq!(rig.hear(slow), [""; 0]);
    // Another connection of the same Client is a reason as well.
    let first = rig.client("twice");
    let _second = rig.client("twice");
    let reason = rig.give_up(first).expect("it has to end");
    assert_eq!(reason.statement(), Some("MQTT-3.1.4-2"));
    rig.input(first, Input::NetworkClosed);
    assert_eq!(rig.hear(first), [""; 0]);
}

#[test]
fn a_word_is_said_of_the_first_that_is_dropped_and_of_twice_as_many() {
    for queue in [QueuePolicy::DropNew, QueuePolicy::DropOld] {
        let mut rig = rig(queue);
        let slow = rig.client("slow");
        rig.subscribe(slow, "t", Q1);
        let publisher = rig.client("publisher");
        let publish = |rig: &mut Rig, number| {
            rig.say(publisher, publish("t", "x", Q1, number));
            rig.hear(slow)
        };
        // One goes out, and has no answer; two wait.
        assert_eq!(publish(&mut rig, 1).len(), 1);
        assert_eq!((publish(&mut rig, 2), publish(&mut rig, 3)), (vec![], vec![]));
        let told: Vec<_> =
            (1..=9).filter(|&number| !publish(&mut rig, number).is_empty()).collect();
        assert_eq!(told, [1, 2, 4, 8], "{queue:?}");
        let reached = rig.broker.holder().reached_bounds();
        assert_eq!(reached.get(&Bound::MaxQueuedMessages), Some(&9), "{queue:?} {reached:?}");
        // Each time it was looked at, its messages waited for an answer.
        assert!(reached[&Bound::MaxInFlight] > 0 && reached.len() == 2, "{reached:?}");
    }
}

#[test]
fn which_bound_left_no_room_is_told() {
    let octets = Limits { max_queued_octets: 10, ..Limits::default() };
    let all = Limits { max_total_queued_messages: 4, ..Limits::default() };
    let all_octets = Limits { max_total_queued_octets: 20, ..Limits::default() };
    for (limits, bound) in [
        (limits(), Bound::MaxQueuedMessages),
        (octets, Bound::MaxQueuedOctets),
        (all, Bound::MaxTotalQueuedMessages),
        (all_octets, Bound::MaxTotalQueuedOctets),
    ] {
        let mut rig = Rig::with_limits(limits);
        absent(&mut rig);
        let reached = rig.broker.holder().reached_bounds();
        assert!(reached.keys().eq([&bound]), "{bound:?}: {reached:?}");
    }
}

#[test]
fn nobody_is_woken_for_what_has_to_wait_for_an_answer() {
    let mut rig = rig(QueuePolicy::DropNew);
    let slow = rig.client("slow");
    rig.subscribe(slow, "t", Q1);
    let woken = |rig: &mut Rig| {
        rig.server_says(publish("t", "x", Q1, 1));
        rig.broker.holder().next_woken()
    };
    assert_eq!(woken(&mut rig), Some(LocalConnection(0)));
    assert_eq!(rig.hear(slow).len(), 1);
    assert_eq!(rig.broker.holder().reached_bounds(), [].into(), "it has what there is");
    assert_eq!(woken(&mut rig), None);
    rig.say(slow, Puback { packet_id: id(1) });
    assert_eq!(rig.hear(slow).len(), 1);
}

#[test]
fn a_connection_that_has_ended_otherwise_keeps_its_last_word() {
    let mut rig = rig(QueuePolicy::DropNew);
    let peer = rig.client("a");
    rig.say(peer, clean("a"));
    assert_eq!(rig.give_up(peer), None);
    assert_eq!(rig.hear(peer), ["closed: second CONNECT [MQTT-3.1.0-2]"]);
}

#[test]
fn of_those_that_come_together_as_many_wait_as_there_is_room_for() {
    for (policy, expected) in [
        (QueuePolicy::DropNew, &[", 1 octets", ", 2 octets"][..]),
        (QueuePolicy::DropOld, &[", 4 octets", ", 5 octets"]),
        (QueuePolicy::Disconnect, &["closed: too slow: more messages wait for it than may"]),
    ] {
        let mut rig = rig(policy);
        let slow = rig.client("slow");
        rig.subscribe(slow, "t", Q0);
        let publisher = rig.client("publisher");
        for payload in ["1", "22", "333", "4444", "55555"] {
            rig.say_among(publisher, publish("t", payload, Q0, 0));
        }
        rig.pass_on(publisher);
        let heard = rig.hear(slow);
        let heard: Vec<_> = heard.iter().filter(|line| !line.starts_with("note")).collect();
        assert_eq!(heard.len(), expected.len(), "{policy:?} {heard:?}");
        for (line, expected) in heard.iter().zip(expected) {
            assert!(line.ends_with(expected), "{policy:?} {line}");
        }
        let reached = rig.broker.holder().reached_bounds();
        assert_eq!(reached, [(Bound::MaxQueuedMessages, 3)].into(), "{policy:?}");
    }
}
