use super::*;
use crate::wire::{Connack, Connect, Packet, Publish, Suback, Subscribe};

/// A connection that is past its CONNACK.
fn connected(oracle: &Oracle, id: &str, clean: bool) -> Watch {
    let mut watch = Watch::new(oracle);
    let connect = if clean { Connect::clean(id) } else { Connect::persistent(id) };
    watch.sent(&connect.into());
    read(&mut watch, &Connack::accepted(!clean).into());
    watch
}

/// A connection with a subscription to `t/#` at this QoS.
fn subscribed(oracle: &Oracle, qos: u8) -> Watch {
    let mut watch = connected(oracle, "s", true);
    subscribe(&mut watch, qos);
    watch
}

fn subscribe(watch: &mut Watch, qos: u8) {
    watch.sent(&Subscribe::new(1).filter("t/#", qos).into());
    read(watch, &Suback::new(1, [qos]).into());
}

fn read(watch: &mut Watch, packet: &Packet) {
    watch.read(packet).expect("a CONNACK has come");
    if let Packet::Publish(publish) = packet {
        watch.message(publish);
    }
}

/// The rules that were broken, with their statements.
fn broken(oracle: &Oracle) -> Vec<(Rule, &'static str)> {
    let breaches = oracle.take().breaches;
    breaches.into_iter().map(|(rule, breach)| (rule, breach.statement.expect("one"))).collect()
}

/// What is broken when these are published by one Client and those delivered to another, which is
/// subscribed at this QoS.
fn delivery(published: &[Publish], qos: u8, delivered: &[Publish]) -> Vec<(Rule, &'static str)> {
    let oracle = Oracle::default();
    let mut subscriber = subscribed(&oracle, qos);
    let mut publisher = connected(&oracle, "p", true);
    for publish in published {
        publisher.sent(&publish.clone().into());
    }
    for publish in delivered {
        read(&mut subscriber, &publish.clone().into());
    }
    broken(&oracle)
}

fn at(qos: u8, id: u16, payload: &str) -> Publish {
    Publish::at_qos(qos, id, "t/x", payload)
}

#[test]
fn what_is_as_it_should_be_breaks_nothing() {
    let messages = [at(0, 0, "a"), at(1, 1, "b"), at(2, 2, "c"), at(0, 0, "d")];
    assert_eq!(delivery(&messages, 2, &messages), []);
    // Between messages of different QoS no order is owed.
    let others = [at(1, 1, "b"), at(0, 0, "a"), at(2, 2, "c"), at(0, 0, "d")];
    assert_eq!(delivery(&messages, 2, &others), []);
}

#[test]
fn the_connack_comes_first() {
    let oracle = Oracle::default();
    let mut watch = Watch::new(&oracle);
    watch.sent(&Connect::clean("a").into());
    assert!(watch.read(&Packet::Pingresp).is_err());
    assert_eq!(broken(&oracle), [(Rule::ConnackFirst, "MQTT-3.2.0-1")]);
}

#[test]
fn answers_are_to_what_was_sent() {
    for (answer, statement) in [
        (Packet::Puback(8), "MQTT-2.3.1-6"),
        (Packet::Pubrec(8), "MQTT-2.3.1-6"),
        (Packet::Pubrel(7), "MQTT-2.3.1-6"),
        (Packet::Pubcomp(8), "U-3.7.2-1"),
        (Packet::Unsuback(7), "MQTT-2.3.1-7"),
        (Suback::new(7, [0]).into(), "MQTT-2.3.1-7"),
    ] {
        let oracle = Oracle::default();
        let mut watch = connected(&oracle, "a", true);
        watch.sent(&Publish::qos2(7, "t", "x").into());
        read(&mut watch, &answer);
        assert_eq!(broken(&oracle), [(Rule::AnswersToWhatWasSent, statement)], "{answer}");
        read(&mut watch, &Packet::Pubrec(7));
        assert_eq!(broken(&oracle), []);
    }
}

#[test]
fn no_message_has_more_qos_than_is_due() {
    let above = [(Rule::NoQosAboveWhatIsDue, "MQTT-3.8.4-6")];
    assert_eq!(delivery(&[at(0, 0, "a")], 2, &[at(1, 1, "a")]), above);
    assert_eq!(delivery(&[at(2, 1, "a")], 1, &[at(2, 1, "a")]), above);
    // What the judge has published twice may come by either.
    assert_eq!(delivery(&[at(0, 0, "a"), at(1, 1, "a")], 2, &[at(1, 1, "a")]), []);
}

#[test]
fn messages_come_on_topics_that_were_subscribed_to() {
    let elsewhere = [Publish::qos0("u/x", "a")];
    let stray = [(Rule::TopicsMatch, "MQTT-3.3.2-3")];
    assert_eq!(delivery(&elsewhere, 0, &elsewhere), stray);
}

#[test]
fn messages_of_one_stream_come_in_order() {
    let out_of_order = [(Rule::Order, "MQTT-4.6.0-6")];
    for qos in 0..=2 {
        let messages = [at(qos, 1, "a"), at(qos, 2, "b"), at(qos, 3, "c")];
        let [a, b, c] = messages.clone();
        assert_eq!(delivery(&messages, qos, &[a.clone(), c.clone(), b.clone()]), out_of_order);
        // A message may be lost on the way at QoS 0, and one that is sent again is no news.
        assert_eq!(delivery(&messages, qos, &[a.clone(), c.clone()]), []);
        if qos > 0 {
            assert_eq!(delivery(&messages, qos, &[a, c, b.dup()])[1..], []);
        }
    }
}

#[test]
fn a_message_of_qos_2_comes_once() {
    let twice = [at(2, 1, "a"), at(2, 2, "a")];
    assert_eq!(delivery(&[at(2, 1, "a")], 2, &twice), [(Rule::OnceAtQos2, "MQTT-4.3.3-2")]);
    assert_eq!(delivery(&twice, 2, &twice), []);
    // At QoS 1 it may come more often.
    let twice = [at(1, 1, "a"), at(1, 2, "a")];
    assert_eq!(delivery(&[at(1, 1, "a")], 2, &twice), []);
}

#[test]
fn copies_for_overlapping_subscriptions_are_no_second_message() {
    let oracle = Oracle::default();
    let mut subscriber = subscribed(&oracle, 2);
    subscriber.sent(&Subscribe::new(2).filter("t/x", 2).into());
    subscriber.sent(&at(2, 1, "a").into());
    read(&mut subscriber, &at(2, 1, "a").into());
    read(&mut subscriber, &at(2, 2, "a").into());
    assert_eq!(broken(&oracle), []);
}

#[test]
fn who_releases_out_of_turn_is_owed_no_order() {
    let oracle = Oracle::default();
    let mut subscriber = subscribed(&oracle, 2);
    let mut publisher = connected(&oracle, "p", true);
    for packet in [at(2, 1, "a").into(), at(2, 2, "b").into(), Packet::Pubrel(2), Packet::Pubrel(1)]
    {
        publisher.sent(&packet);
    }
    read(&mut subscriber, &at(2, 1, "b").into());
    read(&mut subscriber, &at(2, 2, "a").into());
    assert_eq!(broken(&oracle), []);
}

#[test]
fn dup_is_for_what_is_sent_again() {
    let new = [(Rule::NoDupAtFirst, "MQTT-3.3.1-3")];
    assert_eq!(delivery(&[at(1, 1, "a")], 1, &[at(1, 1, "a").dup()]), new);

    for (again, expected) in [
        (at(1, 1, "a"), &[(Rule::DupWhenSentAgain, "MQTT-3.3.1-1")][..]),
        (at(1, 1, "a").dup(), &[]),
    ] {
        let oracle = Oracle::default();
        let mut subscriber = connected(&oracle, "s", false);
        subscribe(&mut subscriber, 1);
        subscriber.sent(&at(1, 9, "a").into());
        read(&mut subscriber, &at(1, 1, "a").into());
        let mut subscriber = connected(&oracle, "s", false);
        read(&mut subscriber, &again.into());
        assert_eq!(broken(&oracle), expected);
    }
}

#[test]
fn it_says_nothing_of_messages_after_a_breach_of_the_judge() {
    let oracle = Oracle::default();
    let mut subscriber = subscribed(&oracle, 0);
    oracle.mute();
    read(&mut subscriber, &Publish::qos0("elsewhere", "a").into());
    read(&mut subscriber, &Packet::Puback(9));
    assert_eq!(broken(&oracle), []);
}

#[test]
fn the_ledger_has_the_first_breach_and_all_who_heard_one() {
    let ledger = Ledger::default();
    let pages = |statement, seen: &str| {
        let oracle = Oracle::default();
        oracle.repeat(Rule::Order, vec![Mismatch::new("order", seen).of(statement)]);
        crate::record::Pages { heard: oracle.take(), ..Default::default() }
    };
    ledger.enter("a/one", &pages("MQTT-4.6.0-6", "first"));
    ledger.enter("a/two", &pages("MQTT-4.6.0-6", "second"));
    ledger.enter("a/two", &pages("MQTT-4.6.0-5", "third"));
    let heard = ledger.of(Rule::Order);
    assert_eq!(heard.occasions, 3);
    let told: Vec<_> = heard.breaches.iter().map(|(b, cases)| (&*b.seen, &cases[..])).collect();
    assert_eq!(told, [("first", &["a/one", "a/two"][..]), ("third", &["a/two"][..])]);
    assert!(ledger.is_broken(Rule::Order.address()));
    assert!(!ledger.is_broken(Rule::OnceAtQos2.address()));
}

#[test]
fn a_payload_is_not_taken_for_an_identifier() {
    let oracle = Oracle::default();
    let subscriber = subscribed(&oracle, 1);
    let mut publisher = connected(&oracle, "p", true);
    publisher.sent(&at(1, 1, "payload").into());
    publisher.sent(&at(1, 2, "load").into());
    let id = u16::from_be_bytes(*b"pa");
    assert_eq!(subscriber.identified(&at(1, 9, "payload")), Ok(()));
    assert!(subscriber.identified(&at(1, id, "yload")).is_err());
    assert_eq!(broken(&oracle), [(Rule::FormOfPublish, "MQTT-2.3.1-1")]);
    // That may well be another message.
    assert_eq!(subscriber.identified(&at(1, u16::from_be_bytes(*b"xx"), "load")), Ok(()));
}
