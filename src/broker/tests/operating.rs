//! What whoever runs the server looks at and ends, and what the server says of itself.

use super::rig::*;
use crate::broker::{
    Broker, CloseReason, Holder as _, Kept, KeptSession, Limits, Local, LocalConnection, Policy,
    SessionName, SessionNumber,
};
use crate::packet::{ClientId, Text};
use crate::topic::TopicName;

fn name(client: &'static str) -> SessionName {
    SessionName::given(&ClientId::new(Text::new(client).unwrap()))
}

#[test]
fn an_absent_session_is_ended_at_once() {
    let mut rig = Rig::keeping(Kept::default());
    let absent = rig.connect(kept("absent"));
    rig.subscribe_after_connack(absent, "t", Q1);
    rig.cut(absent);
    rig.server_says(publish("t", "waits", Q1, 1));
    let backlog = rig.broker.look_at_session(&name("absent"), |session| session.backlog());
    assert_eq!(backlog, Some((1, 0)));

    assert!(rig.broker.remove_session(&name("absent")));
    assert!(!rig.broker.remove_session(&name("absent")), "it is gone");
    let back = rig.connect(kept("absent"));
    assert_eq!(rig.hear(back), ["CONNACK accepted"], "a new Session");
    let mut left = Kept::default();
    rig.broker.holder().take_changes().into_iter().for_each(|change| left.apply(change));
    assert_eq!(left.sessions.len(), 1, "nothing is left of the older one");
    assert!(left.sessions.values().all(|session| session.subscriptions.is_empty()));
}

#[test]
fn the_session_of_a_connected_client_ends_with_its_connection() {
    // MQTT-3.1.2-8: the Will is published.
    let mut rig = Rig::new();
    let heir = rig.client("heir");
    rig.subscribe(heir, "will", Q0);
    let victim = rig.connect(kept("victim").with_will(&will("will", "gone", Q0, false)));
    rig.hear(victim);
    assert!(rig.broker.remove_session(&name("victim")));
    assert_eq!(rig.hear(victim), ["closed: asked for by the operator"]);
    assert_eq!(rig.hear(heir).len(), 1);
    assert!(rig.broker.look_at_session(&name("victim"), |_| ()).is_none());
}

#[test]
fn sessions_are_listed_behind_any_of_them() {
    let mut rig = Rig::new();
    for client in ["a", "b", "c"] {
        rig.client(client);
    }
    let list = |after: Option<&'static str>, most| {
        let mut names = Vec::new();
        rig.broker.for_each_session(after.map(name), |name, _| {
            names.push(name.to_string());
            names.len() < most
        });
        names
    };
    assert_eq!(list(None, 9), [r#""a""#, r#""b""#, r#""c""#]);
    assert_eq!(list(Some("a"), 1), [r#""b""#]);
    assert_eq!(list(Some("bb"), 9), [r#""c""#]);
    assert_eq!(rig.broker.session_count(), 3);
}

#[test]
fn however_many_there_are_each_is_listed_once() {
    // A thousand are looked up at a time.
    for count in [999, 1_000, 1_001, 2_001] {
        let rig = Rig::keeping(Kept {
            sessions: (0..count).map(|number| (SessionNumber(number), left_by(number))).collect(),
            ..Kept::default()
        });
        let mut names = Vec::new();
        rig.broker.for_each_session(None, |name, _| {
            names.push(name.to_string());
            true
        });
        let expected: Vec<_> = (0..count).map(|number| format!("\"{number:04}\"")).collect();
        assert_eq!(names, expected);
    }
}

/// A Session as an earlier server has left it, with nothing in it.
fn left_by(number: u64) -> KeptSession {
    let client_id = ClientId::new(Text::new(format!("{number:04}")).unwrap());
    KeptSession { client_id, ..KeptSession::default() }
}

#[test]
fn what_a_session_holds_can_be_looked_at() {
    let mut rig = Rig::new();
    let reader = rig.connect(kept("reader"));
    rig.subscribe_after_connack(reader, "t", Q1);
    let look = |rig: &Rig| {
        rig.broker.look_at_session(&name("reader"), |session| {
            (session.is_connected(), session.queued_octets(), session.absent_since())
        })
    };
    rig.server_says(publish("t", "12345", Q1, 1));
    assert_eq!(look(&rig), Some((true, 6, None)));
    rig.hear(reader);
    assert_eq!(look(&rig), Some((true, 0, None)), "it is on its way");
    rig.cut(reader);
    assert_eq!(look(&rig), Some((false, 0, None)), "nobody has looked for it");
}

#[test]
fn one_connection_is_ended_and_no_other_in_its_place() {
    let mut rig = Rig::new();
    let first = rig.client("client");
    rig.client("other");
    let (ours, others) = (LocalConnection(0), LocalConnection(1));
    let end = |rig: &Rig, client, connection| {
        rig.broker.dismiss_connection(&name(client), &connection, CloseReason::Asked)
    };
    assert!(!end(&rig, "client", others), "that of another Session");
    assert!(!end(&rig, "nobody", ours));
    assert_eq!(rig.hear(first), [""; 0]);
    assert!(end(&rig, "client", ours));
    assert_eq!(rig.hear(first), ["closed: asked for by the operator"]);
    assert!(!end(&rig, "client", ours), "it is gone");
}

#[test]
fn a_retained_message_is_taken_away_as_a_client_would() {
    // MQTT-3.3.1-10
    let mut rig = Rig::keeping(Kept::default());
    let client = rig.client("client");
    rig.say(client, retained("t", "kept"));
    let topic = TopicName::new("t").unwrap();
    assert!(rig.broker.remove_retained(&topic));
    assert!(!rig.broker.remove_retained(&topic));
    let mut left = Kept::default();
    rig.broker.holder().take_changes().into_iter().for_each(|change| left.apply(change));
    assert!(left.retained.is_empty());
}

#[test]
fn what_the_server_says_of_itself_is_its_own_to_write_and_takes_nobodys_room() {
    // U-4.7.2-1
    let limits = Limits { max_retained_messages: 1, ..Limits::default() };
    let mut rig = Rig::with_limits(limits);
    let policy = Policy { relay_reserved_topics: true, ..Policy::default() };
    rig.broker = Broker::new(Local::new(), limits).with_policy(policy);
    for topic in ["$SYS/broker/a", "$SYS/broker/b"] {
        rig.server_says(retained(topic, "true"));
    }
    let client = rig.client("client");
    for topic in ["$SYS/broker/a", "$SYS", "$other", "t"] {
        rig.say(client, retained(topic, "forged"));
    }
    rig.hear(client);
    // "$other" has the room, so "t" has none; $SYS is not the Client's.
    assert_eq!(rig.subscribe(client, "$other", Q0).len(), 1);
    assert_eq!(rig.subscribe(client, "#", Q0), [""; 0]);
    let told = rig.subscribe(client, "$SYS/#", Q0);
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|message| message.contains("4 octets")), "{told:?}");
    rig.broker.holder().read_retained(|retained| {
        assert_eq!((retained.counted(), retained.len()), ((1, 12), 3));
    });
}
