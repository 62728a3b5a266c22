//! Subscriptions to more retained messages than go into a queue at once.

use super::rig::*;
use crate::broker::{Broker, Input, Kept, KeptDelivery, Limits, Local};
use crate::packet::{Puback, QoS};
use crate::session::Message;
use crate::topic::TopicName;

/// More than go at once.
const MANY: usize = 2_500;

/// Retains that many messages, at topics in the order of their numbers.
fn retain(rig: &Rig, qos: QoS) {
    for number in 0..MANY {
        let topic = TopicName::new(format!("r/{number:04}")).unwrap();
        let payload = "kept".into();
        rig.broker.publish(Message { topic, payload, qos, retain: true });
    }
}

/// The topics of what is heard, whatever is no PUBLISH left out.
fn topics(heard: &[String]) -> Vec<String> {
    let publishes = heard.iter().filter_map(|line| line.strip_prefix("PUBLISH \""));
    publishes.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

fn all() -> Vec<String> {
    (0..MANY).map(|number| format!("r/{number:04}")).collect()
}

/// How many messages wait for the only Client.
fn waiting(rig: &Rig) -> usize {
    let mut waiting = 0;
    rig.broker.for_each_session(None, |_, session| {
        waiting = session.backlog().0;
        true
    });
    waiting
}

#[test]
fn all_come_in_their_order_and_few_of_them_wait() {
    // MQTT-3.3.1-6
    let mut rig = Rig::new();
    retain(&rig, Q0);
    let reader = rig.client("reader");
    rig.say(reader, subscribe(1, &[("#", Q0)]));
    assert_eq!(waiting(&rig), 1_000);
    let heard = rig.hear(reader);
    assert_eq!(topics(&heard), all());
    assert!(heard[1..].iter().all(|line| line.contains(" retain")), "{:?}", heard.last());
    assert_eq!(waiting(&rig), 0);
    // [MQTT-3.8.4-3] And once more.
    assert_eq!(topics(&rig.subscribe(reader, "#", Q0)), all());
}

#[test]
fn those_of_qos_1_come_as_they_are_answered() {
    let mut rig = Rig::new();
    retain(&rig, Q1);
    let reader = rig.client("reader");
    let mut heard = rig.subscribe(reader, "r/+", Q2);
    assert_eq!(heard.len(), 1_000, "as many as may be on their way");
    for number in 1..=2_500 {
        rig.say(reader, Puback { packet_id: id(number) });
        heard.extend(rig.hear(reader));
    }
    assert_eq!(topics(&heard), all());
}

#[test]
fn small_queues_lose_none() {
    let mut rig = Rig::with_limits(Limits { max_queued_messages: 2, ..Limits::default() });
    retain(&rig, Q0);
    let reader = rig.client("reader");
    assert_eq!(topics(&rig.subscribe(reader, "#", Q0)), all());
}

#[test]
fn what_was_published_before_goes_before_and_what_comes_later_behind() {
    // MQTT-4.6.0-6
    let mut rig = Rig::new();
    retain(&rig, Q0);
    let reader = rig.client("reader");
    rig.subscribe(reader, "live", Q0);
    let publisher = rig.client("publisher");
    rig.say(publisher, publish("live", "1", Q0, 0));
    rig.say(reader, subscribe(2, &[("r/#", Q0)]));
    rig.say(publisher, publish("live", "22", Q0, 0));
    rig.say(publisher, publish("r/2499", "333", Q0, 0));
    let heard = rig.hear(reader);
    assert_eq!(heard[1], r#"PUBLISH "live" q0, 1 octets"#);
    assert_eq!(topics(&heard[2..]).split_off(MANY), ["live", "r/2499"]);
    assert_eq!(topics(&heard[2..2 + MANY]), all());
}

#[test]
fn what_is_retained_anew_meanwhile_comes_once() {
    let mut rig = Rig::new();
    retain(&rig, Q0);
    let reader = rig.client("reader");
    rig.say(reader, subscribe(2, &[("#", Q0)]));
    let publisher = rig.client("publisher");
    rig.say(publisher, retained("r/2000", "newer"));
    rig.say(publisher, retained("r/3000", "newest"));
    let heard = rig.hear(reader);
    let mut expected = all();
    expected.remove(2_000);
    expected.extend(["r/2000".to_owned(), "r/3000".to_owned()]);
    assert_eq!(topics(&heard), expected);
    let [.., newer, newest] = &heard[..] else { panic!("{heard:?}") };
    assert!(!newer.contains(" retain") && !newest.contains(" retain"), "{newer} {newest}");
}

#[test]
fn a_subscription_that_ends_is_owed_nothing() {
    let mut rig = Rig::new();
    retain(&rig, Q0);
    let reader = rig.client("reader");
    rig.say(reader, subscribe(1, &[("#", Q0), ("r/+", Q0)]));
    rig.say(reader, unsubscribe(2, &["#"]));
    let heard = topics(&rig.hear(reader));
    assert_eq!(heard.len(), 1_000 + MANY, "what was in the queue, and the other subscription's");
}

#[test]
fn a_client_without_acknowledgements_still_gets_what_needs_none() {
    let mut rig = Rig::new();
    retain(&rig, Q1);
    let reader = rig.client("reader");
    rig.subscribe(reader, "r/#", Q1);
    rig.subscribe(reader, "live", Q0);
    let publisher = rig.client("publisher");
    rig.say(publisher, publish("live", "1", Q0, 0));
    assert_eq!(rig.hear(reader), [r#"PUBLISH "live" q0, 1 octets"#]);
}

#[test]
fn a_session_that_outlives_the_server_has_qos_1_at_once_and_is_owed_qos_0() {
    let limits = Limits { max_in_flight: 5_000, ..Limits::default() };
    let mut rig = Rig::new();
    rig.broker = Broker::new(Local::recording(0), limits);
    retain(&rig, Q0);
    let topic = TopicName::new("r/9999").unwrap();
    let message = Message { topic, payload: "kept".into(), qos: Q1, retain: true };
    rig.broker.publish(message);
    let reader = rig.connect(kept("reader"));
    rig.hear(reader);
    rig.say(reader, subscribe(1, &[("#", Q1)]));
    let mut kept = Kept::default();
    rig.broker.holder().take_changes().into_iter().for_each(|change| kept.apply(change));
    let session = kept.sessions.values().next().expect("one");
    let waiting: Vec<_> = session.deliveries.values().collect();
    assert!(matches!(waiting[..], [KeptDelivery::Waiting(_)]), "{waiting:?}");
    let mut heard = topics(&rig.hear(reader));
    heard.sort();
    assert_eq!(heard.len(), MANY + 1);
    assert_eq!(heard.pop().as_deref(), Some("r/9999"));
    assert_eq!(heard, all());
    // Who leaves in between is owed no more of it.
    rig.say(reader, subscribe(1, &[("r/+", Q1)]));
    rig.input(reader, Input::NetworkClosed);
}

#[test]
fn octets_are_owed_likewise() {
    // A mebibyte at once; the topic is one octet of each.
    for (octets, at_once) in [(256 * 1024 - 1, 4), (256 * 1024, 3), (600 * 1024, 1)] {
        let rig = &mut Rig::new();
        for topic in ["a", "b", "c", "d", "e"] {
            let topic = TopicName::new(topic).unwrap();
            let payload = vec![7; octets].into();
            rig.broker.publish(Message { topic, payload, qos: Q0, retain: true });
        }
        let reader = rig.client("reader");
        rig.say(reader, subscribe(1, &[("#", Q0)]));
        assert_eq!(waiting(rig), at_once, "{octets}");
        assert_eq!(topics(&rig.hear(reader)), ["a", "b", "c", "d", "e"]);
    }
}

#[test]
fn who_subscribes_again_is_owed_once() {
    // MQTT-3.8.4-3: the newer subscription takes the place of the older one.
    let mut rig = Rig::new();
    retain(&rig, Q0);
    let reader = rig.client("reader");
    rig.say(reader, subscribe(1, &[("#", Q0)]));
    rig.say(reader, subscribe(2, &[("#", Q0)]));
    let heard = topics(&rig.hear(reader));
    assert_eq!(heard.len(), 1_000 + MANY, "what was in the queue, and all of them");
    assert_eq!(heard[1_000..], all());
}
