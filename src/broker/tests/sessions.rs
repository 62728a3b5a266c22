//! Sessions: where they begin, go on and end.

use super::rig::*;
use crate::broker::Holder;
use crate::packet::Disconnect;

const PRESENT: &str = "CONNACK accepted, session present";
const NEW: &str = "CONNACK accepted";

#[test]
fn session_present_tells_the_truth() {
    // MQTT-3.2.2-1, MQTT-3.2.2-2, MQTT-3.2.2-3; an empty Session is one, too.
    let mut rig = Rig::new();
    for (connect, expected) in [
        (kept("a"), NEW),
        (kept("a"), PRESENT),
        (clean("a"), NEW),
        (kept("a"), NEW),
        (kept("a"), PRESENT),
    ] {
        let a = rig.connect(connect);
        assert_eq!(rig.hear(a), [expected]);
        rig.say(a, Disconnect);
    }
}

#[test]
fn a_kept_session_keeps_its_subscriptions_and_what_comes_meanwhile() {
    // MQTT-3.1.2-4, MQTT-3.1.2-5
    let mut rig = Rig::new();
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.subscribe(a, "t/#", Q2);
    rig.say(a, Disconnect);
    let b = rig.client("b");
    rig.say(b, publish("t/0", "x", Q0, 0));
    rig.say(b, publish("t/1", "x", Q1, 1));
    rig.say(b, publish("t/2", "x", Q2, 2));
    let a = rig.connect(kept("a"));
    assert_eq!(
        rig.hear(a),
        [PRESENT, r#"PUBLISH "t/1" q1 id 1, 1 octets"#, r#"PUBLISH "t/2" q2 id 2, 1 octets"#]
    );
}

#[test]
fn a_clean_session_begins_and_ends_empty() {
    // MQTT-3.1.2-6
    let mut rig = Rig::new();
    let a = rig.connect(kept("a"));
    rig.hear(a);
    rig.subscribe(a, "t", Q1);
    let b = rig.client("b");
    rig.say(b, publish("t", "in flight", Q1, 1));
    rig.hear(a);
    rig.cut(a);
    rig.say(b, publish("t", "queued", Q1, 2));
    let a = rig.client("a");
    rig.subscribe(a, "u", Q1);
    rig.cut(a);
    rig.say(b, publish("u", "for nobody", Q1, 3));
    let a = rig.connect(kept("a"));
    rig.say(b, publish("t", "for nobody", Q1, 4));
    assert_eq!(rig.hear(a), [NEW]);
    assert!(rig.broker.holder().read_subscriptions(|all| all.is_empty()));
}

#[test]
fn the_same_client_again_ends_the_older_connection() {
    // MQTT-3.1.4-2, MQTT-3.1.4-3
    for (older, newer, answer) in [
        (kept("a"), kept("a"), PRESENT),
        (kept("a"), clean("a"), NEW),
        (clean("a"), kept("a"), NEW),
        (clean("a"), clean("a"), NEW),
    ] {
        let mut rig = Rig::new();
        let first = rig.connect(older);
        rig.hear(first);
        rig.subscribe(first, "t", Q1);
        let second = rig.connect(newer);
        assert_eq!(rig.hear(second), [answer]);
        assert_eq!(
            rig.hear(first),
            ["closed: the same Client Identifier has connected anew [MQTT-3.1.4-2]"]
        );
        let b = rig.client("b");
        rig.say(b, publish("t", "x", Q1, 1));
        let got = rig.hear(second).len();
        assert_eq!(got, usize::from(answer == PRESENT), "subscribed only if it goes on");
    }
}

#[test]
fn identifiers_are_compared_to_the_letter() {
    // MQTT-3.1.3-2, MQTT-1.5.3-3
    let mut rig = Rig::new();
    let peers = [rig.client("a"), rig.client("A"), rig.client("\u{feff}a"), rig.client("a ")];
    for peer in peers {
        rig.say(peer, crate::packet::Pingreq);
        assert_eq!(rig.hear(peer), ["PINGRESP"]);
    }
}

#[test]
fn a_will_may_reach_the_session_it_comes_from() {
    let mut rig = Rig::new();
    let a = rig.connect(kept("a").with_will(&will("t", "gone", Q1, false)));
    rig.hear(a);
    rig.subscribe(a, "t", Q1);
    rig.cut(a);
    let a = rig.connect(kept("a"));
    assert_eq!(rig.hear(a), [PRESENT, r#"PUBLISH "t" q1 id 1, 4 octets"#]);
}
