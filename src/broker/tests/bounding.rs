//! What is held for all Clients together.

use super::rig::*;
use crate::broker::{Backlog, Holder as _, Input, Limits, SessionName};
use crate::packet::{ClientId, Puback, QoS, Text};

fn rig(max_total_queued_messages: usize, max_total_queued_octets: usize) -> Rig {
    let limits = Limits { max_total_queued_messages, max_total_queued_octets, ..Limits::default() };
    Rig::with_limits(limits)
}

/// A Session with a subscription to `t`, whose Client has gone.
fn absent(rig: &mut Rig, name: &'static str) {
    let away = rig.connect(kept(name));
    rig.hear(away);
    rig.subscribe(away, "t", Q1);
    rig.cut(away);
}

fn flood(rig: &mut Rig, qos: QoS, times: usize) {
    let publisher = rig.client("publisher");
    for _ in 0..times {
        rig.say(publisher, publish("t", "11 octets..", qos, 1));
        rig.hear(publisher);
    }
    rig.input(publisher, Input::NetworkClosed);
}

fn waiting(rig: &Rig, name: &'static str) -> usize {
    let name = SessionName::given(&ClientId::new(Text::new(name).unwrap()));
    rig.broker.look_at_session(&name, |session| session.held().messages).expect("a Session")
}

#[test]
fn of_those_who_take_nothing_each_has_its_part_and_one_is_left() {
    let mut rig = rig(100, usize::MAX);
    let names = ["a", "b", "c", "d"];
    names.into_iter().for_each(|name| absent(&mut rig, name));
    flood(&mut rig, Q1, 200);
    let held = names.map(|name| waiting(&rig, name));
    assert_eq!(held, [20; 4]);
    assert_eq!(rig.broker.holder().held().messages, 80);
    // Whoever comes later has as much to begin with, but for what others take of it meanwhile.
    absent(&mut rig, "e");
    flood(&mut rig, Q1, 200);
    assert_eq!(waiting(&rig, "e"), 10);
    assert!(rig.broker.holder().held().messages <= 100);
}

#[test]
fn octets_are_bounded_likewise() {
    let mut rig = rig(usize::MAX, 1_200);
    absent(&mut rig, "a");
    absent(&mut rig, "b");
    flood(&mut rig, Q1, 200);
    // Twelve octets a message, and a third of the room for each.
    assert_eq!([waiting(&rig, "a"), waiting(&rig, "b")], [33, 33]);
    assert_eq!(rig.broker.holder().held(), Backlog { messages: 66, octets: 66 * 12 });
}

#[test]
fn who_keeps_up_has_room_whatever_others_hold() {
    let mut rig = rig(10, 100);
    absent(&mut rig, "a");
    flood(&mut rig, Q1, 50);
    let reader = rig.client("reader");
    rig.subscribe(reader, "t", Q1);
    let publisher = rig.client("other");
    for number in 1..=200 {
        rig.say(publisher, publish("t", "11 octets..", Q1, 1));
        assert_eq!(rig.hear(publisher).len(), 1);
        assert_eq!(rig.hear(reader).len(), 1);
        rig.say(reader, Puback { packet_id: id(number) });
    }
}

#[test]
fn who_is_there_and_takes_nothing_is_bounded_as_well() {
    let mut rig = rig(300, usize::MAX);
    let slow = rig.client("slow");
    rig.subscribe(slow, "t", Q0);
    flood(&mut rig, Q0, 1_000);
    assert_eq!(waiting(&rig, "slow"), 150);
    // Nothing is missing at the end, however it ends.
    assert_eq!(rig.hear(slow).len(), 1 + 150, "and a word on what was dropped");
    assert_eq!(rig.broker.holder().held(), Backlog::default());
    flood(&mut rig, Q0, 1_000);
    assert_ne!(rig.broker.holder().held(), Backlog::default());
    rig.input(slow, Input::NetworkClosed);
    assert_eq!(rig.broker.holder().held(), Backlog::default());
}

#[test]
fn what_has_no_answer_is_held_until_it_has() {
    let mut rig = rig(usize::MAX, usize::MAX);
    let reader = rig.connect(kept("reader"));
    rig.hear(reader);
    rig.subscribe(reader, "t", Q1);
    flood(&mut rig, Q1, 100);
    assert_eq!(rig.hear(reader).len(), 100);
    assert_eq!(waiting(&rig, "reader"), 100);
    rig.cut(reader);
    assert_eq!(rig.broker.holder().held(), Backlog { messages: 100, octets: 1_200 });
    let reader = rig.connect(kept("reader"));
    rig.hear(reader);
    for number in 1..=100 {
        rig.say(reader, Puback { packet_id: id(number) });
    }
    rig.cut(reader);
    assert_eq!(rig.broker.holder().held(), Backlog::default());
}

#[test]
fn a_connected_client_tells_of_what_is_worth_it() {
    let mut rig = rig(usize::MAX, usize::MAX);
    let slow = rig.client("slow");
    rig.subscribe(slow, "t", Q0);
    flood(&mut rig, Q0, 64);
    assert_eq!(rig.broker.holder().held(), Backlog::default());
    flood(&mut rig, Q0, 1);
    assert_eq!(rig.broker.holder().held(), Backlog { messages: 65, octets: 65 * 12 });
    flood(&mut rig, Q0, 1);
    assert_eq!(rig.broker.holder().held().messages, 65);
    // Nothing at all is worth a word.
    rig.hear(slow);
    assert_eq!(rig.broker.holder().held(), Backlog::default());
}

#[test]
fn what_an_ended_session_held_is_held_no_more() {
    let mut rig = rig(usize::MAX, usize::MAX);
    absent(&mut rig, "a");
    absent(&mut rig, "b");
    flood(&mut rig, Q1, 3);
    assert_eq!(rig.broker.holder().held(), Backlog { messages: 6, octets: 72 });
    let name = SessionName::given(&ClientId::new(Text::new("a").unwrap()));
    assert!(rig.broker.remove_session(&name));
    assert_eq!(rig.broker.holder().held(), Backlog { messages: 3, octets: 36 });
}

#[test]
fn a_connected_client_may_have_a_little_whatever_others_hold() {
    // 64 messages, or 16 KiB.
    let mut few = rig(10, usize::MAX);
    absent(&mut few, "a");
    flood(&mut few, Q1, 50);
    let reader = few.client("reader");
    few.subscribe(reader, "t", Q0);
    flood(&mut few, Q0, 70);
    assert_eq!(waiting(&few, "reader"), 64);

    for (octets, taken) in [(1, 1), (16 * 1024 - 1, 1), (16 * 1024, 0)] {
        let mut rig = rig(usize::MAX, 1);
        let reader = rig.client("reader");
        rig.subscribe(reader, "t", Q0);
        let payload = "x".repeat(octets).leak();
        rig.server_says(publish("t", payload, Q0, 1));
        assert_eq!(waiting(&rig, "reader"), taken, "{octets}");
    }
}
