//! Sessions whose Clients stay away, on a made-up clock.

use std::time::Duration;

use super::rig::*;
use crate::broker::{Broker, Kept, Limits, Local, Policy, SessionName};
use crate::packet::{ClientId, Text};

const HOUR: Duration = Duration::from_secs(3_600);

/// A server on which a Session may be without its Client for two hours.
fn rig(kept: Kept) -> Rig {
    let policy = Policy { session_expiry: Some(2 * HOUR), ..Policy::default() };
    let mut rig = Rig::new();
    let holder = Local::recording(kept.last_number());
    rig.broker = Broker::new(holder, Limits::default()).with_policy(policy);
    rig.broker.restore(kept);
    rig
}

/// A Session with a subscription and a message, whose Client has gone.
fn absent(rig: &mut Rig, name: &'static str) {
    let away = rig.connect(kept(name));
    rig.hear(away);
    rig.subscribe(away, "t", Q1);
    rig.cut(away);
    let publisher = rig.client("publisher");
    rig.say(publisher, publish("t", "m", Q1, 1));
}

fn changes(rig: &Rig, before: &Kept) -> Kept {
    let mut kept = before.clone();
    rig.broker.holder().take_changes().into_iter().for_each(|change| kept.apply(change));
    kept
}

fn is_present(rig: &mut Rig, name: &'static str) -> bool {
    let peer = rig.connect(kept(name));
    let answer = rig.hear(peer)[0] == "CONNACK accepted, session present";
    rig.cut(peer);
    answer
}

#[test]
fn a_session_ends_when_its_client_has_been_away_for_long_and_not_before() {
    // MQTT-4.1.0-2
    let mut rig = rig(Kept::default());
    absent(&mut rig, "away");
    let there = rig.connect(kept("there"));
    rig.hear(there);
    let clean = rig.client("clean");
    assert_eq!(rig.broker.expire(10 * HOUR), 0, "it was not seen without its Client before");
    assert_eq!(rig.broker.expire(12 * HOUR - Duration::from_secs(1)), 0);
    assert_eq!(rig.broker.expire(12 * HOUR), 1);
    assert_eq!(rig.broker.expire(99 * HOUR), 0, "with a connection no Session ends");
    assert!(!is_present(&mut rig, "away"));
    assert!(is_present(&mut rig, "there"));
    assert_eq!(rig.hear(clean), [""; 0]);
    // Nothing of it is left to those who come after.
    let kept = changes(&rig, &Kept::default());
    assert!(kept.sessions.values().all(|session| session.deliveries.is_empty()));
}

#[test]
fn a_part_of_a_second_does_not_end_it_too_early() {
    let mut rig = rig(Kept::default());
    absent(&mut rig, "away");
    let part = Duration::from_millis(900);
    rig.broker.expire(10 * HOUR + part);
    assert_eq!(rig.broker.expire(12 * HOUR), 0, "two hours less a part of a second");
    assert_eq!(rig.broker.expire(12 * HOUR + part), 0, "whole seconds count");
    assert_eq!(rig.broker.expire(12 * HOUR + Duration::from_secs(1)), 1);
}

#[test]
fn who_comes_back_begins_anew_to_be_away() {
    let mut rig = rig(Kept::default());
    absent(&mut rig, "away");
    rig.broker.expire(HOUR);
    let name = SessionName::given(&ClientId::new(Text::new("away").unwrap()));
    let since = |rig: &Rig| rig.broker.look_at_session(&name, |session| session.absent_since());
    assert_eq!(since(&rig), Some(Some(3_600)));
    assert!(is_present(&mut rig, "away"));
    assert_eq!(since(&rig), Some(None));
    assert_eq!(rig.broker.expire(4 * HOUR), 0);
    assert_eq!(rig.broker.expire(6 * HOUR), 1);
}

#[test]
fn time_goes_on_while_there_is_no_server() {
    let mut rig1 = rig(Kept::default());
    absent(&mut rig1, "away");
    absent(&mut rig1, "back");
    rig1.broker.expire(10 * HOUR);
    assert!(is_present(&mut rig1, "back"));
    let kept = changes(&rig1, &Kept::default());
    let rig2 = rig(kept.clone());
    assert_eq!(rig2.broker.expire(12 * HOUR), 1);
    let kept = changes(&rig2, &kept);
    assert_eq!(kept.sessions.len(), 1);
    // A clock that was set back ends nothing.
    let rig3 = rig(kept);
    assert_eq!(rig3.broker.expire(HOUR), 0);
    assert_eq!(rig3.broker.expire(3 * HOUR), 1);
}

#[test]
fn many_sessions_end_all_the_same() {
    let mut rig = rig(Kept::default());
    for number in 0..2_500 {
        let client_id: &'static str = Box::leak(number.to_string().into_boxed_str());
        let away = rig.connect(kept(client_id));
        rig.cut(away);
    }
    assert_eq!(rig.broker.expire(HOUR), 0);
    assert_eq!(rig.broker.expire(3 * HOUR), 2_500);
}

#[test]
fn without_a_wish_they_stay_for_ever() {
    let mut rig = Rig::keeping(Kept::default());
    absent(&mut rig, "away");
    rig.broker.expire(HOUR);
    assert_eq!(rig.broker.expire(1_000_000 * HOUR), 0);
    assert!(is_present(&mut rig, "away"));
}
