//! Judgements that no sabotage of the catalogue brings about: each is brought about here.
//!
//! A case may tell several things from each other, and falls to the sabotage of one. These are the
//! others, as far as they lie in what a broker without users sends: a breach of its own for each,
//! in front of the reference broker.

use std::net::{Ipv4Addr, SocketAddr};

use mqttspec_conformance::sabotage::{Breach, Event, Fate, Proxy, Sabotage};
use mqttspec_conformance::wire::{Connack, Octets as _, Packet, Publish, Suback};
use mqttspec_conformance::{Glob, RunOptions, Subject, Target, Verdict, judge};

/// What the case at `address` says behind this breach.
fn said(address: &str, breach: fn() -> Breach) -> String {
    let command =
        format!("'{}' broker --volatile --bind 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_mqttspec"));
    let broker = Subject::spawn(command.as_str()).expect("it starts");
    let sabotage = Sabotage { name: "judgement/own", breaks: &[], title: "", breach };
    let sabotage: &'static Sabotage = Box::leak(Box::new(sabotage));
    let nearby = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let proxy = Proxy::start(nearby, broker.target().clone(), Some(sabotage)).expect("a port");
    let mut options = RunOptions::default();
    options.filter = Some(Glob::new(address));
    options.second_look = false;
    let subject = Subject::at(Target::new("127.0.0.1", proxy.address().port()));
    let report = judge(&subject, &options, &mut ());
    let case = report.cases.iter().find(|case| case.case == address).expect("it was judged");
    assert!(matches!(case.verdict, Verdict::Fail | Verdict::Warn), "{:?}", case.message);
    case.message.clone().expect("it says what it saw")
}

/// Changes each message of the broker for which this says so.
fn messages(change: fn(&mut Publish) -> bool) -> Breach {
    Box::new(move |_, event| match event {
        Event::FromServer(Packet::Publish(publish)) => {
            let mut changed = publish.clone();
            match change(&mut changed) {
                true => Fate::Instead(changed.octets()),
                false => Fate::Pass,
            }
        }
        _ => Fate::Pass,
    })
}

/// Puts something else in the place of what the broker sends, where there is something.
fn packets(other: fn(&Packet) -> Option<Vec<u8>>) -> Breach {
    Box::new(move |_, event| match event {
        Event::FromServer(packet) => other(packet).map_or(Fate::Pass, Fate::Instead),
        _ => Fate::Pass,
    })
}

fn at_qos(publish: &mut Publish, qos: u8) -> bool {
    (publish.qos, publish.id) = (qos, Some(9));
    true
}

macro_rules! judgements {
    ($($name:ident: $address:literal behind $breach:expr => $said:literal;)+) => {$(
        #[test]
        fn $name() {
            let said = said($address, || $breach);
            assert!(said.contains($said), "{said}");
        }
    )+};
}

judgements! {
    // the case; what the broker does; what the case must say
    qos_0_at_another_level: "qos0/sent-without-dup-or-identifier"
        behind messages(|publish| at_qos(publish, 1))
        => "expected PUBLISH of QoS 0, saw PUBLISH d0 q1";
    copies_above_what_was_granted: "overlap/name-0-plus-1"
        behind messages(|publish| at_qos(publish, 2))
        => "expected copies at QoS 1 at most, saw copies at QoS [2]";
    new_message_with_retain: "retain/flag-tells-new-from-established"
        behind messages(|publish| !std::mem::replace(&mut publish.retain, true))
        => "expected RETAIN 0, saw PUBLISH d0 q1 r1";
    retained_at_another_level: "retain/qos-0-stays-qos-0"
        behind messages(|publish| publish.retain && at_qos(publish, 1))
        => "expected PUBLISH of QoS 0, saw PUBLISH d0 q1 r1";
    retained_twice: "retain/topics-are-kept-apart"
        behind packets(|packet| match packet {
            Packet::Publish(publish) if publish.retain => {
                let other = Publish::qos0(publish.topic.clone(), "of another topic").retain();
                Some([publish.octets(), other.octets()].concat())
            }
            _ => None,
        })
        => "expected no other retained message";
    another_name_than_the_filter_takes: "publish/topic-name-matches-the-wildcard-filter"
        behind messages(|publish| {
            let ends = publish.topic.ends_with(b"/c");
            if ends {
                publish.topic.truncate(publish.topic.len() - 1);
                publish.topic.push(b'd');
            }
            ends
        })
        => "expected a Topic Name that matches";
    messages_are_cut: "order/from-each-of-two-publishers"
        behind messages(|publish| publish.payload.pop().is_some())
        => "expected a message of two octets";
    another_of_many_exchanges: "qos2/exchanges-side-by-side"
        behind messages(|publish| {
            let is_one = publish.payload == b"300";
            if is_one {
                publish.payload = b"301".to_vec();
            }
            is_one
        })
        => "expected the messages 1, 300 and 65535, once each, saw 1, 301, 65535";
    pubrels_out_of_order: "order/pubrels-follow-pubrecs"
        behind packets(|packet| match packet {
            Packet::Pubrel(id) => Some(Packet::Pubrel(id % 5 + 1).octets()),
            _ => None,
        })
        => "expected PUBREL id=1, saw PUBREL id=2";
    another_message_again: "redelivery/after-disconnect"
        behind messages(|publish| publish.dup && { publish.payload.push(b'!'); true })
        => " again, saw PUBLISH d1";
    nothing_retained_at_qos_0: "retain/qos-0-is-kept"
        behind packets(|packet| match packet {
            Packet::Publish(publish) if publish.retain => Some(Vec::new()),
            _ => None,
        })
        => "saw 0 retained messages";
    a_code_too_many: "subscribe/same-filter-twice-gets-two-return-codes"
        behind packets(|packet| match packet {
            Packet::Suback(suback) => {
                Some(Suback::new(suback.id, [&suback.codes[..], &[0]].concat()).octets())
            }
            _ => None,
        })
        => "expected 2 return codes, saw 3";
    a_client_with_a_will_is_turned_away: "connect/fields-in-their-order"
        behind {
            let mut has_will = false;
            Box::new(move |_, event| match event {
                Event::FromClient(Packet::Connect(connect)) => {
                    has_will = connect.will.is_some();
                    Fate::Pass
                }
                Event::FromServer(Packet::Connack(_)) if has_will => {
                    Fate::Instead(Connack::refused(3).octets())
                }
                _ => Fate::Pass,
            })
        }
        => "expected CONNACK code=0 accepted, saw CONNACK";
    what_the_filter_does_not_take: "retain/nothing-that-the-filter-does-not-match"
        behind {
            let mut kept = Vec::new();
            Box::new(move |_, event| match event {
                Event::FromClient(Packet::Publish(publish)) => {
                    kept.clone_from(&publish.topic);
                    Fate::Pass
                }
                Event::FromServer(suback @ Packet::Suback(_)) if !kept.is_empty() => {
                    let kept = Publish::qos0(kept.clone(), "kept").retain();
                    Fate::Instead([suback.octets(), kept.octets()].concat())
                }
                _ => Fate::Pass,
            })
        }
        => "expected no message, saw PUBLISH d0 q0 r1";
}
