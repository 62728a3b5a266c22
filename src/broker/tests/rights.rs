//! Passwords and access rules, from CONNECT to the last message.

use super::rig::*;
use crate::broker::{
    Access, Bound, Broker, CloseReason, Input, Kept, Limits, Listening, Local, Policy, Proof,
    UnauthorizedPublish,
};
use crate::packet::{Binary, Connect, Credentials, Text};

/// Who may do what in these tests.
const RULES: &str = "\
topic read public/#
user anna
topic readwrite house/#
topic deny house/safe/#
user bert
topic readwrite #
pattern readwrite own/%c/#
";

/// A server that checks passwords and lets in who says nothing.
fn rig() -> Rig {
    with(RULES, Policy { check_passwords: true, anonymous: ALLOWED, ..Policy::default() })
}

const ALLOWED: crate::broker::Anonymous = crate::broker::Anonymous::Allowed;

fn with(rules: &str, policy: Policy) -> Rig {
    let mut rig = Rig::new();
    rig.broker = Broker::new(Local::new(), Limits::default()).with_policy(policy);
    rig.broker.replace_access(Access::parse(rules).unwrap());
    rig
}

fn by(user: &'static str, connect: Connect) -> Connect {
    let password = Some(Binary::new("secret").unwrap());
    connect.with_credentials(&Credentials { user_name: Text::new(user).unwrap(), password })
}

/// Connects, and has the password checked.
fn enter(rig: &mut Rig, user: &'static str, connect: Connect) -> (Peer, Vec<String>) {
    let peer = rig.connect(by(user, connect));
    assert_eq!(rig.hear(peer), [format!("is it {user}?")]);
    rig.input(peer, Input::Authenticated(Proof::Given));
    let heard = rig.hear(peer);
    (peer, heard)
}

fn user(rig: &mut Rig, user: &'static str, name: &'static str) -> Peer {
    let (peer, heard) = enter(rig, user, clean(name));
    assert_eq!(heard, ["CONNACK accepted"]);
    peer
}

#[test]
fn nothing_is_looked_at_while_a_password_is_checked() {
    let mut rig = rig();
    let a = rig.connect(by("anna", clean("a")));
    assert_eq!(rig.listening(a), Listening::AfterAnswer);
    assert_eq!(rig.hear(a), ["is it anna?"]);
    rig.input(a, Input::Authenticated(Proof::Given));
    assert_eq!(rig.listening(a), Listening::Now);
    assert_eq!(rig.hear(a), ["CONNACK accepted"]);
}

#[test]
fn what_is_not_proved_is_refused() {
    // U-3.1.4-1, MQTT-3.2.2-5
    for (proof, expected) in [
        (Proof::Missing, "closed: CONNECT refused, not authorized [U-3.1.4-1]"),
        (Proof::Deferred, "closed: CONNECT refused, server unavailable [U-3.2.2.3-1]"),
    ] {
        let mut rig = rig();
        let a = rig.connect(by("anna", clean("a")));
        rig.input(a, Input::Authenticated(proof));
        assert_eq!(rig.hear(a).last().unwrap(), expected);
        // Once is enough, and too late is too late.
        rig.input(a, Input::Authenticated(Proof::Given));
        assert_eq!(rig.hear(a), [""; 0]);
    }
}

#[test]
fn an_answer_that_does_not_come_is_a_refusal() {
    let mut rig = rig();
    let a = rig.connect(by("anna", clean("a")));
    rig.pass(Limits::default().connect_timeout);
    let expected = "closed: CONNECT refused, server unavailable [U-3.2.2.3-1]";
    assert_eq!(rig.hear(a).last().unwrap(), expected);
}

#[test]
fn who_leaves_while_its_password_is_checked_leaves_nothing() {
    let mut rig = rig();
    let a = rig.connect(by("anna", kept("a")));
    rig.hear(a);
    rig.cut(a);
    rig.input(a, Input::Authenticated(Proof::Given));
    assert_eq!(rig.hear(a), [""; 0]);
    let (_, heard) = enter(&mut rig, "anna", kept("a"));
    assert_eq!(heard, ["CONNACK accepted"]);
}

#[test]
fn a_publish_without_rights_is_acknowledged_and_goes_nowhere() {
    // MQTT-3.3.5-2
    let mut rig = rig();
    let (a, b) = (user(&mut rig, "anna", "a"), user(&mut rig, "bert", "b"));
    rig.subscribe(b, "#", Q2);
    rig.say(a, publish("house/safe/key", "m", Q1, 1));
    rig.say(a, publish("elsewhere", "m", Q2, 2));
    rig.say(a, publish("elsewhere", "m", Q0, 0));
    assert_eq!(
        rig.hear(a),
        [
            r#"note: PUBLISH to "house/safe/key" goes nowhere, without the right to [MQTT-3.3.5-2]"#,
            "PUBACK id 1",
            r#"note: PUBLISH to "elsewhere" goes nowhere, without the right to [MQTT-3.3.5-2]"#,
            "PUBREC id 2",
            r#"note: PUBLISH to "elsewhere" goes nowhere, without the right to [MQTT-3.3.5-2]"#,
        ]
    );
    assert_eq!(rig.hear(b), [""; 0]);
    rig.say(a, publish("house/door", "m", Q1, 3));
    assert_eq!(rig.hear(a), ["PUBACK id 3"]);
    assert_eq!(rig.hear(b), [r#"PUBLISH "house/door" q1 id 1, 1 octets"#]);
}

#[test]
fn or_it_ends_the_connection() {
    // MQTT-3.3.5-2
    let unauthorized_publish = UnauthorizedPublish::Close;
    let mut rig = with("topic write a", Policy { unauthorized_publish, ..Policy::default() });
    for (qos, number) in [(Q0, 0), (Q1, 1), (Q2, 2)] {
        let a = rig.client("a");
        rig.say(a, publish("b", "m", qos, number));
        assert_eq!(rig.hear(a), ["closed: PUBLISH without the right to [MQTT-3.3.5-2]"]);
    }
}

#[test]
fn a_retained_message_without_rights_is_not_kept_and_takes_none_away() {
    // MQTT-3.3.5-2
    let mut rig = rig();
    let (a, b) = (user(&mut rig, "anna", "a"), user(&mut rig, "bert", "b"));
    rig.say(b, retained("house/safe/key", "iron"));
    rig.say(a, retained("house/safe/key", ""));
    rig.say(a, retained("elsewhere", "m"));
    rig.hear(b);
    let heard = rig.subscribe(b, "#", Q0);
    assert_eq!(heard, [r#"PUBLISH "house/safe/key" q0 retain, 4 octets"#]);
}

#[test]
fn a_filter_without_rights_is_refused_and_the_others_are_not() {
    // MQTT-3.8.4-5
    let mut rig = rig();
    let a = user(&mut rig, "anna", "a");
    rig.say(
        a,
        subscribe(1, &[("house/+", Q1), ("house/safe/+", Q1), ("own/a/x", Q0), ("$SYS/#", Q0)]),
    );
    assert_eq!(rig.hear(a), ["SUBACK id 1 q1 failure q0 failure"]);
}

#[test]
fn everything_is_what_may_be_read() {
    let mut rig = rig();
    let (a, b) = (user(&mut rig, "anna", "a"), user(&mut rig, "bert", "b"));
    rig.say(b, retained("house/safe/key", "iron"));
    rig.say(b, retained("house/door", "open"));
    rig.hear(b);
    for filter in ["#", "+/#", "house/#", "+/+/#", "house/+/+"] {
        let heard = rig.subscribe(a, filter, Q0);
        let expected = [r#"PUBLISH "house/door" q0 retain, 4 octets"#];
        let reaches_door = filter != "house/+/+";
        assert_eq!(heard, if reaches_door { &expected[..] } else { &[] }, "{filter}");
    }
    for topic in ["house/safe", "house/safe/key", "secret", "/house/door", "house", "house/"] {
        rig.say(b, publish(topic, "m", Q0, 0));
    }
    assert_eq!(
        rig.hear(a),
        [r#"PUBLISH "house" q0, 1 octets"#, r#"PUBLISH "house/" q0, 1 octets"#]
    );
}

#[test]
fn nobody_is_woken_for_what_it_may_not_read() {
    let mut rig = rig();
    let (reader, bert) = (rig.client("r"), user(&mut rig, "bert", "b"));
    rig.subscribe(reader, "#", Q1);
    let mut woken = |topic, qos| {
        rig.say(bert, publish(topic, "x", qos, 1));
        (rig.broker.holder().next_woken().is_some(), rig.hear(reader).len())
    };
    for qos in [Q0, Q1] {
        assert_eq!(woken("house/door", qos), (false, 0));
        assert_eq!(woken("public/door", qos), (true, 1));
    }
}

#[test]
fn a_will_is_under_the_same_rules() {
    let mut rig = rig();
    let b = user(&mut rig, "bert", "b");
    rig.subscribe(b, "#", Q0);
    for (topic, comes) in [("house/safe/key", false), ("house/door", true)] {
        let connect = clean("a").with_will(&will(topic, "gone", Q0, false));
        let (a, _) = enter(&mut rig, "anna", connect);
        rig.cut(a);
        assert_eq!(rig.hear(b).len(), usize::from(comes), "{topic}");
    }
}

#[test]
fn other_rules_hold_at_once() {
    let mut rig = rig();
    let (a, b) = (user(&mut rig, "anna", "a"), user(&mut rig, "bert", "b"));
    rig.subscribe(a, "house/#", Q1);
    rig.say(b, publish("house/waits", "m", Q1, 1));
    rig.say(b, publish("house/waits", "m", Q0, 0));
    let rules = "user anna\ntopic read garden/#\nuser bert\ntopic write #\n";
    rig.broker.replace_access(Access::parse(rules).unwrap());
    // What waited, what comes now, and what is asked for.
    rig.say(b, publish("house/door", "m", Q1, 2));
    assert_eq!(rig.hear(a), [""; 0]);
    rig.say(a, subscribe(2, &[("house/#", Q1), ("garden/#", Q1)]));
    assert_eq!(rig.hear(a), ["SUBACK id 2 failure q1"]);
    rig.say(b, publish("garden/gate", "m", Q1, 3));
    assert_eq!(rig.hear(a), [r#"PUBLISH "garden/gate" q1 id 1, 1 octets"#]);
}

#[test]
fn a_session_belongs_to_its_user() {
    // U-3.1.4-1: the identifier is another's.
    let mut rig = rig();
    let (a, _) = enter(&mut rig, "anna", kept("tablet"));
    let refused = "closed: CONNECT refused, identifier rejected [U-3.1.4-1]";
    let (_, heard) = enter(&mut rig, "bert", clean("tablet"));
    assert_eq!(heard.last().unwrap(), refused);
    assert_eq!(rig.hear(a), [""; 0], "it stays connected");
    rig.cut(a);
    let nobody = rig.connect(kept("tablet"));
    assert_eq!(rig.hear(nobody).last().unwrap(), refused);
    let (_, heard) = enter(&mut rig, "anna", kept("tablet"));
    assert_eq!(heard, ["CONNACK accepted, session present"]);
}

#[test]
fn nobodys_session_is_for_who_comes_first_and_brings_no_more_than_it_may_read() {
    let mut rig = rig();
    let nobody = rig.connect(kept("tablet"));
    rig.hear(nobody);
    rig.subscribe(nobody, "public/#", Q1);
    rig.cut(nobody);
    let b = user(&mut rig, "bert", "b");
    rig.say(b, publish("public/news", "m", Q1, 1));
    let (a, heard) = enter(&mut rig, "anna", kept("tablet"));
    assert_eq!(heard, ["CONNACK accepted, session present"]);
    rig.cut(a);
    let nobody = rig.connect(kept("tablet"));
    assert!(rig.hear(nobody).last().unwrap().contains("identifier rejected"));
}

#[test]
fn who_waits_for_its_older_connection_is_still_who_it_was() {
    let mut rig = rig();
    let (first, _) = enter(&mut rig, "anna", kept("tablet"));
    let second = rig.open();
    rig.say(second, by("anna", kept("tablet")));
    rig.hear(second);
    rig.input(second, Input::Authenticated(Proof::Given));
    assert_eq!(rig.listening(second), Listening::AfterAnswer, "for the first to end");
    rig.cut(first);
    rig.input(second, Input::Woken);
    assert_eq!(rig.hear(second), ["CONNACK accepted, session present"]);
    assert_eq!(rig.subscribe(second, "house/#", Q0), [""; 0]);
}

#[test]
fn who_waited_for_a_session_that_is_anothers_by_now_stands_in_nobodys_way() {
    let mut rig = rig();
    let first = rig.connect(kept("tablet"));
    rig.hear(first);
    let anna = rig.open();
    rig.say(anna, by("anna", kept("tablet")));
    rig.hear(anna);
    rig.input(anna, Input::Authenticated(Proof::Given));
    let late = rig.open();
    rig.say(late, kept("tablet"));
    rig.cut(first);
    rig.input(anna, Input::Woken);
    assert_eq!(rig.hear(anna), ["CONNACK accepted, session present", "hear out"]);
    rig.input(anna, Input::HeardOut);
    rig.input(late, Input::Woken);
    assert!(rig.hear(late).last().unwrap().contains("identifier rejected"));
    let (_, heard) = enter(&mut rig, "anna", kept("tablet"));
    assert_eq!(heard, ["CONNACK accepted, session present"]);
}

#[test]
fn the_owner_of_a_session_outlives_the_server() {
    let mut rig = Rig::keeping(Kept::default());
    rig.broker.replace_access(Access::parse(RULES).unwrap());
    let anna = || Text::new("anna").unwrap();
    let a = rig.open_as(anna());
    rig.say(a, kept("tablet"));
    assert_eq!(rig.hear(a), ["CONNACK accepted"]);
    let mut all = Kept::default();
    rig.broker.holder().take_changes().into_iter().for_each(|change| all.apply(change));
    let mut rig = Rig::keeping(all);
    let nobody = rig.connect(kept("tablet"));
    assert!(rig.hear(nobody).last().unwrap().contains("identifier rejected"));
    let a = rig.open_as(anna());
    rig.say(a, kept("tablet"));
    assert_eq!(rig.hear(a), ["CONNACK accepted, session present"]);
}

#[test]
fn a_connection_can_be_dismissed() {
    let mut rig = rig();
    let (a, b) = (user(&mut rig, "anna", "a"), user(&mut rig, "bert", "b"));
    let dismissed = rig.broker.dismiss(CloseReason::UserChanged, |_, user| user == Some("anna"));
    assert_eq!(dismissed, 1);
    let expected = "closed: its user has another password now, or is gone";
    assert_eq!(rig.hear(a), [expected]);
    assert_eq!(rig.hear(b), [""; 0]);
}

#[test]
fn more_levels_than_are_taken() {
    let mut rig = Rig::with_limits(Limits { max_topic_levels: 3, ..Limits::default() });
    let a = rig.client("a");
    rig.say(a, subscribe(1, &[("a/b/#", Q0), ("a/b/c/#", Q0), ("///", Q0)]));
    assert_eq!(rig.hear(a), ["SUBACK id 1 q0 failure failure"]);
    rig.say(a, publish("a/b/c", "m", Q0, 0));
    assert_eq!(rig.hear(a), [r#"PUBLISH "a/b/c" q0, 1 octets"#]);
    assert_eq!(rig.broker.holder().reached_bounds(), [(Bound::MaxTopicLevels, 2)].into());
    // Three octets, and four levels.
    for topic in ["a/b/c/d", "///"] {
        let a = rig.client("a");
        rig.say(a, publish(topic, "m", Q1, 1));
        assert_eq!(rig.hear(a), ["closed: a topic of more levels than are taken here"]);
    }
    assert_eq!(rig.broker.holder().reached_bounds(), [(Bound::MaxTopicLevels, 4)].into());
}

#[test]
fn a_filter_without_right_to_it_has_reached_no_bound() {
    let mut rig = rig();
    rig.broker = Broker::new(Local::new(), Limits { max_subscriptions: 1, ..Limits::default() });
    rig.broker.replace_access(Access::parse(RULES).unwrap());
    let a = rig.client("a");
    rig.say(a, subscribe(1, &[("house/a", Q0), ("public/a", Q0)]));
    assert_eq!(rig.hear(a), ["SUBACK id 1 failure q0"]);
    assert_eq!(rig.broker.holder().reached_bounds(), [].into());
    rig.say(a, subscribe(2, &[("public/b", Q0)]));
    assert_eq!(rig.hear(a), ["SUBACK id 2 failure"]);
    assert_eq!(rig.broker.holder().reached_bounds(), [(Bound::MaxSubscriptions, 1)].into());
}

#[test]
fn who_publishes_too_fast_is_listened_to_later() {
    let mut rig = Rig::with_limits(Limits { max_publish_rate: 10, ..Limits::default() });
    let a = rig.client("a");
    let mut taken = 0;
    while rig.listening(a) == Listening::Now {
        rig.say(a, publish("t", "m", Q0, 0));
        taken += 1;
    }
    assert_eq!(taken, 11);
    rig.pass(std::time::Duration::from_millis(100));
    assert_eq!(rig.listening(a), Listening::Now);
}
