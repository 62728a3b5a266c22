//! What the next server makes of what was kept: the last there was, and nothing before it.

use super::rig::*;
use crate::broker::{Kept, KeptMessage, Limits};

/// What the changes of a server add up to, after `before`.
fn changes(rig: &Rig, mut before: Kept) -> Kept {
    rig.broker.holder().take_changes().into_iter().for_each(|change| before.apply(change));
    before
}

/// A server that dies without a word, and the next one.
fn restart(rig: &mut Rig) {
    *rig = Rig::keeping(changes(rig, Kept::default()));
}

fn reconnect(rig: &mut Rig, name: &'static str) -> Vec<String> {
    let peer = rig.connect(kept(name));
    rig.hear(peer)
}

#[test]
fn a_will_that_is_due_goes_to_every_session_whichever_began_first() {
    // MQTT-3.1.2-8
    let mut rig = Rig::keeping(Kept::default());
    let names = ["reader 1", "dies", "reader 2"];
    for name in names {
        let mut connect = kept(name);
        if name == "dies" {
            connect = connect.with_will(&will("will", "gone", Q1, false));
        }
        let peer = rig.connect(connect);
        rig.subscribe_after_connack(peer, "will", Q1);
    }
    restart(&mut rig);
    let expected = ["CONNACK accepted, session present", r#"PUBLISH "will" q1 id 1, 4 octets"#];
    for name in names {
        assert_eq!(reconnect(&mut rig, name), expected, "{name}");
    }
}

#[test]
fn a_filter_has_the_qos_that_it_was_given_last() {
    // MQTT-3.8.4-3
    let mut rig = Rig::keeping(Kept::default());
    let a = rig.connect(kept("a"));
    rig.subscribe_after_connack(a, "up", Q1);
    rig.subscribe(a, "up", Q2);
    rig.subscribe(a, "down", Q2);
    rig.subscribe(a, "down", Q1);
    restart(&mut rig);
    rig.server_says(publish("up", "x", Q2, 1));
    rig.server_says(publish("down", "x", Q2, 1));
    let expected = [r#"PUBLISH "up" q2 id 1, 1 octets"#, r#"PUBLISH "down" q1 id 2, 1 octets"#];
    assert_eq!(reconnect(&mut rig, "a")[1..], expected);
}

#[test]
fn a_retained_message_without_room_leaves_none_behind() {
    // MQTT-3.3.1-6: the last one, or none.
    let limits = Limits { max_retained_octets: 5, ..Limits::default() };
    let mut rig = Rig::keeping_within(Kept::default(), limits);
    let publisher = rig.client("publisher");
    rig.say(publisher, retained("t", "old"));
    rig.say(publisher, retained("t", "newer"));
    restart(&mut rig);
    let reader = rig.client("reader");
    assert_eq!(rig.subscribe(reader, "t", Q1), [""; 0]);
}

#[test]
fn a_message_gets_no_number_that_another_has() {
    // Else the store would take one for the other.
    let number = |message: &KeptMessage| message.number;
    let mut rig = Rig::keeping(Kept::default());
    let publisher = rig.client("publisher");
    rig.say(publisher, retained("t/1", "x"));
    let before = changes(&rig, Kept::default());
    rig = Rig::keeping(before.clone());
    let publisher = rig.client("publisher");
    rig.say(publisher, retained("t/2", "x"));
    let numbers: Vec<_> = changes(&rig, before).retained.values().map(number).collect();
    let [first, second] = numbers[..] else { panic!("{numbers:?}") };
    assert_ne!(first, second);
}

#[test]
fn what_was_retained_takes_the_room_that_it_took() {
    let mut rig = Rig::keeping(Kept::default());
    let publisher = rig.client("publisher");
    rig.say(publisher, retained("t/1", "x"));
    let limits = Limits { max_retained_messages: 1, ..Limits::default() };
    rig = Rig::keeping_within(changes(&rig, Kept::default()), limits);
    let publisher = rig.client("publisher");
    let reader = rig.client("reader");
    rig.say(publisher, retained("t/2", "x"));
    let heard = rig.subscribe(reader, "#", Q0);
    assert_eq!(heard, [r#"PUBLISH "t/1" q0 retain, 1 octets"#], "there was no room for the other");
    rig.say(publisher, retained("t/1", ""));
    rig.say(publisher, retained("t/2", "x"));
    rig.hear(reader);
    let heard = rig.subscribe(reader, "#", Q0);
    assert_eq!(heard, [r#"PUBLISH "t/2" q0 retain, 1 octets"#]);
}
