//! A Client that connects anew while its older connection is there: what that one still has to say,
//! and who is next.

use std::time::Duration;

use super::rig::{Peer, Q0, Q1, Q2, Rig, clean, id, kept, publish, subscribe, will};
use crate::broker::{Input, Limits, Listening, SessionName};
use crate::packet::{Connect, Disconnect, Pingreq};

const NEW: &str = "CONNACK accepted";
const PRESENT: &str = "CONNACK accepted, session present";
const DISPLACED: &str = "closed: the same Client Identifier has connected anew [MQTT-3.1.4-2]";
const WILL: &str = r#"PUBLISH "will" q0, 4 octets"#;

/// A server, somebody who sees all Wills, and a Client that has one.
fn with_will(connect: Connect) -> (Rig, Peer, Peer, Connect) {
    let mut rig = Rig::new();
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "will", Q0);
    let connect = connect.with_will(&will("will", "gone", Q0, false));
    let older = rig.connect(connect.clone());
    assert_eq!(rig.hear(older), [NEW]);
    (rig, watcher, older, connect)
}

/// A second connection of the same Client, which waits.
fn again(rig: &mut Rig, connect: &Connect) -> Peer {
    let newer = rig.open();
    rig.say(newer, connect.clone());
    assert_eq!(rig.listening(newer), Listening::AfterAnswer);
    assert!(rig.hear(newer).is_empty(), "not before the older connection has ended");
    newer
}

#[test]
fn a_disconnect_that_is_read_late_counts() {
    // MQTT-3.1.4-2, MQTT-3.14.4-3: it had come before the CONNECT that follows it.
    for connect in [clean("a"), kept("a")] {
        let (mut rig, watcher, older, connect) = with_will(connect);
        let newer = again(&mut rig, &connect);
        assert_eq!(rig.hear(older), ["hear out"]);
        rig.say(older, Disconnect);
        assert_eq!(rig.hear(older), ["closed: DISCONNECT"]);
        rig.input(older, Input::HeardOut);
        rig.input(newer, Input::Woken);
        assert_eq!(rig.hear(newer), [if connect.clean_session() { NEW } else { PRESENT }]);
        assert!(rig.hear(watcher).is_empty(), "no Will after DISCONNECT");
        rig.cut(newer);
        assert_eq!(rig.hear(watcher), [WILL], "the newer one's");
    }
}

#[test]
fn without_a_disconnect_the_will_is_due() {
    // MQTT-3.1.4-2, MQTT-3.1.2-8
    let (mut rig, watcher, older, connect) = with_will(kept("a"));
    let newer = again(&mut rig, &connect);
    assert_eq!(rig.hear(older), ["hear out"]);
    assert!(rig.hear(watcher).is_empty(), "it may still say DISCONNECT");
    assert!(rig.hear(older).is_empty(), "that is asked once");
    rig.input(older, Input::HeardOut);
    assert_eq!(rig.hear(older), [DISPLACED]);
    assert_eq!(rig.hear(watcher), [WILL]);
    rig.input(newer, Input::Woken);
    assert_eq!(rig.hear(newer), [PRESENT]);
    // What it says later changes nothing.
    rig.say(older, Disconnect);
    rig.cut(newer);
    assert_eq!(rig.hear(watcher), [WILL], "the newer one's");
}

#[test]
fn what_had_come_is_carried_out_and_answered() {
    let mut rig = Rig::new();
    let older = rig.connect(kept("a"));
    rig.hear(older);
    let newer = again(&mut rig, &kept("a"));
    assert_eq!(rig.hear(older), ["hear out"]);
    rig.say(older, subscribe(1, &[("t", Q1)]));
    rig.say(older, publish("t", "x", Q2, 7));
    rig.input(older, Input::HeardOut);
    assert_eq!(rig.hear(older), ["SUBACK id 1 q1", "PUBREC id 7", DISPLACED]);
    rig.input(newer, Input::Woken);
    assert_eq!(rig.hear(newer), [PRESENT, r#"PUBLISH "t" q1 id 1, 1 octets"#]);
    assert!(rig.hear(older).is_empty());
}

#[test]
fn what_waits_goes_to_the_newer_connection() {
    let mut rig = Rig::new();
    let older = rig.connect(kept("a"));
    rig.subscribe_after_connack(older, "t", Q1);
    let newer = again(&mut rig, &kept("a"));
    let b = rig.client("b");
    rig.say(b, publish("t", "x", Q1, 1));
    assert_eq!(rig.hear(older), ["hear out"], "and nothing for it");
    rig.input(older, Input::HeardOut);
    rig.input(newer, Input::Woken);
    assert_eq!(rig.hear(newer), [PRESENT, r#"PUBLISH "t" q1 id 1, 1 octets"#]);
}

#[test]
fn several_get_their_turn_in_order() {
    // MQTT-3.1.4-2, MQTT-3.1.4-4: each is let in, and the last stays.
    for connect in [clean("a"), kept("a")] {
        let mut rig = Rig::new();
        let first = rig.connect(connect.clone());
        rig.hear(first);
        let [second, third] = [(); 2].map(|()| again(&mut rig, &connect));
        rig.input(third, Input::Woken);
        assert!(rig.hear(third).is_empty(), "it is not its turn");
        assert_eq!(rig.hear(first), ["hear out"]);
        rig.input(first, Input::HeardOut);
        rig.input(third, Input::Woken);
        assert!(rig.hear(third).is_empty(), "nor is it now");
        rig.input(second, Input::Woken);
        assert_eq!(rig.hear(second).last().map(String::as_str), Some("hear out"));
        rig.input(second, Input::HeardOut);
        assert_eq!(rig.hear(second), [DISPLACED]);
        rig.input(third, Input::Woken);
        assert_eq!(rig.hear(third).len(), 1);
        assert_eq!(rig.listening(third), Listening::Now);
        assert_eq!(rig.broker.session_count(), 1);
    }
}

#[test]
fn whoever_gives_up_waiting_stands_in_nobodys_way() {
    for connect in [clean("a"), kept("a")] {
        let mut rig = Rig::new();
        let first = rig.connect(connect.clone());
        rig.hear(first);
        let [second, third] = [(); 2].map(|()| again(&mut rig, &connect));
        rig.cut(second);
        assert_eq!(rig.hear(first), ["hear out"]);
        rig.input(first, Input::HeardOut);
        rig.cut(third);
        let is_kept = !connect.clean_session();
        assert_eq!(rig.broker.session_count(), usize::from(is_kept), "a clean one has ended");
        let fourth = rig.connect(connect);
        assert_eq!(rig.hear(fourth), [if is_kept { PRESENT } else { NEW }]);
    }
}

#[test]
fn an_older_connection_that_does_not_end_is_not_waited_for_for_ever() {
    // U-3.2.2.3-1
    let mut rig = Rig::new();
    let first = rig.client("a");
    let second = again(&mut rig, &clean("a"));
    rig.pass(Limits::default().connect_timeout);
    let heard = rig.hear(second);
    assert_eq!(heard[0], "CONNACK refused with 3: server unavailable");
    // Nobody waits any more.
    rig.input(first, Input::HeardOut);
    rig.say(first, Pingreq);
    assert_eq!(rig.hear(first), ["PINGRESP"]);
}

#[test]
fn a_session_that_is_waited_for_is_not_ended_under_those_who_wait() {
    // An operator ends it between the end of the one and the turn of the next.
    let mut rig = Rig::new();
    let first = rig.connect(kept("a"));
    rig.subscribe_after_connack(first, "t", Q1);
    let [second, third] = [(); 2].map(|()| again(&mut rig, &kept("a")));
    rig.cut(first);
    let name = SessionName::given(&kept("a").client_id());
    assert!(rig.broker.remove_session(&name));
    rig.input(second, Input::Woken);
    assert_eq!(rig.hear(second), [NEW, "hear out"]);
    rig.input(second, Input::HeardOut);
    rig.input(third, Input::Woken);
    assert_eq!(rig.hear(third), [PRESENT]);
}

#[test]
fn too_many_do_not_wait() {
    // U-3.2.2.3-1
    let mut rig = Rig::new();
    let first = rig.client("a");
    let waiting = [(); 256].map(|()| again(&mut rig, &clean("a")));
    let late = rig.open();
    rig.say(late, clean("a"));
    assert_eq!(rig.hear(late)[0], "CONNACK refused with 3: server unavailable");
    assert_eq!(rig.hear(first), ["hear out"]);
    rig.input(first, Input::HeardOut);
    rig.input(waiting[0], Input::Woken);
    assert_eq!(rig.hear(waiting[0])[0], NEW);
}

#[test]
fn the_older_connection_does_not_end_the_session_of_the_newer_one() {
    let mut rig = Rig::new();
    let first = rig.connect(kept("a"));
    let second = rig.connect(kept("a"));
    rig.hear(second);
    rig.subscribe(second, "t", Q1);
    rig.input(first, Input::NetworkClosed);
    rig.say(second, publish("t", "x", Q1, 1));
    assert_eq!(rig.hear(second), ["PUBACK id 1", r#"PUBLISH "t" q1 id 1, 1 octets"#]);
    rig.say(first, subscribe(1, &[("u", Q0)]));
    rig.say(second, crate::packet::Puback { packet_id: id(1) });
    assert!(rig.hear(second).is_empty());
}

#[test]
fn one_that_takes_nothing_is_closed_at_once_when_it_was_heard_out() {
    // MQTT-3.1.4-2
    let mut rig = Rig::new();
    let first = rig.client("a");
    rig.say(first, Pingreq);
    let second = rig.connect(clean("a"));
    assert_eq!(rig.hear(second), [NEW]);
    let reason = rig.give_up(first).expect("it has to end");
    assert_eq!(format!("closed: {reason}"), DISPLACED);
    assert!(rig.hear(first).is_empty());
}

/// The same with a rate of ten messages a second, eleven of which the older one has sent.
fn ahead_of_its_rate() -> (Rig, Peer, Peer, Connect) {
    let mut rig = Rig::with_limits(Limits { max_publish_rate: 10, ..Limits::default() });
    let watcher = rig.client("watcher");
    rig.subscribe(watcher, "#", Q0);
    let connect = clean("a").with_will(&will("will", "gone", Q0, false));
    let older = rig.connect(connect.clone());
    rig.hear(older);
    for _ in 0..11 {
        rig.say(older, publish("t", "x", Q0, 0));
    }
    assert_ne!(rig.listening(older), Listening::Now);
    assert_eq!(rig.hear(watcher).len(), 11);
    (rig, watcher, older, connect)
}

#[test]
fn who_is_ahead_of_its_rate_is_heard_out_at_once() {
    // MQTT-3.14.4-3, MQTT-3.1.4-2
    let (mut rig, watcher, older, connect) = ahead_of_its_rate();
    let newer = again(&mut rig, &connect);
    assert_eq!(rig.hear(older), ["hear out"]);
    assert_eq!(rig.listening(older), Listening::Now);
    // What is too early is not taken over: an acknowledgement would be a promise.
    rig.say(older, publish("t", "x", Q1, 1));
    rig.say(older, Pingreq);
    assert_eq!(rig.hear(older), ["PINGRESP"]);
    // Nor what comes behind it, though there is time for that by then.
    rig.pass(Duration::from_secs(1));
    rig.say(older, publish("t", "x", Q1, 2));
    rig.say(older, Disconnect);
    assert_eq!(rig.hear(older), ["closed: DISCONNECT"]);
    rig.input(newer, Input::Woken);
    assert_eq!(rig.hear(newer), [NEW]);
    assert!(rig.hear(watcher).is_empty(), "neither a message nor the Will");
}

#[test]
fn of_those_that_come_together_in_haste_each_has_to_be_in_time() {
    let (mut rig, watcher, a, _) = ahead_of_its_rate();
    rig.input(a, Input::NetworkFailing);
    rig.pass(Duration::from_millis(100));
    for _ in 0..2 {
        rig.say_among(a, publish("t", "x", Q0, 0));
    }
    rig.pass_on(a);
    assert_eq!(rig.hear(watcher).len(), 1, "there is time for one by then");
}

#[test]
fn a_disconnect_that_is_read_after_the_network_has_failed_counts() {
    // MQTT-3.14.4-3
    let (mut rig, watcher, a, _) = ahead_of_its_rate();
    rig.input(a, Input::NetworkFailing);
    assert_eq!(rig.hear(a), ["hear out"]);
    assert_eq!(rig.listening(a), Listening::Now);
    rig.say(a, publish("t", "x", Q0, 0));
    rig.say(a, Disconnect);
    assert_eq!(rig.hear(a), ["closed: DISCONNECT"]);
    rig.input(a, Input::HeardOut);
    assert!(rig.hear(a).is_empty());
    assert!(rig.hear(watcher).is_empty(), "neither a message nor the Will");
}

#[test]
fn without_one_the_will_is_due_when_all_was_heard() {
    // MQTT-3.1.2-8
    let (mut rig, watcher, older, connect) = with_will(kept("a"));
    rig.input(older, Input::NetworkFailing);
    rig.input(older, Input::NetworkFailing);
    assert_eq!(rig.hear(older), ["hear out"], "that is asked once");
    assert!(rig.hear(watcher).is_empty(), "it may still say DISCONNECT");
    rig.input(older, Input::HeardOut);
    assert_eq!(rig.hear(older), ["closed: network connection closed without DISCONNECT"]);
    assert_eq!(rig.hear(watcher), [WILL]);
    let back = rig.connect(connect);
    assert_eq!(rig.hear(back), [PRESENT]);
}

#[test]
fn what_comes_for_a_client_that_has_failed_was_never_sent() {
    // MQTT-3.3.1-1: so it is no duplicate when it is.
    let mut rig = Rig::new();
    let older = rig.connect(kept("a"));
    rig.subscribe_after_connack(older, "t", Q1);
    rig.input(older, Input::NetworkFailing);
    let b = rig.client("b");
    rig.say(b, publish("t", "x", Q1, 1));
    assert_eq!(rig.hear(older), ["hear out"]);
    rig.input(older, Input::HeardOut);
    rig.hear(older);
    let back = rig.connect(kept("a"));
    assert_eq!(rig.hear(back), [PRESENT, r#"PUBLISH "t" q1 id 1, 1 octets"#]);
}

#[test]
fn a_client_that_has_failed_may_wait_elsewhere_already() {
    let (mut rig, watcher, older, connect) = with_will(kept("a"));
    let newer = again(&mut rig, &connect);
    rig.input(older, Input::NetworkFailing);
    assert_eq!(rig.hear(older), ["hear out"], "once for both");
    rig.input(older, Input::HeardOut);
    assert_eq!(rig.hear(older), ["closed: network connection closed without DISCONNECT"]);
    assert_eq!(rig.hear(watcher), [WILL]);
    rig.input(newer, Input::Woken);
    assert_eq!(rig.hear(newer), [PRESENT]);
}

#[test]
fn a_stranger_whose_network_fails_is_gone() {
    let mut rig = Rig::new();
    let stranger = rig.open();
    rig.input(stranger, Input::NetworkFailing);
    assert_eq!(rig.hear(stranger), ["closed: network connection closed without DISCONNECT"]);
}
