//! Each kind of violation, and what comes near it and is none, in histories that are made up.

use super::*;

const PUBLISHER: Who = Who::Publisher(0);
const SUBSCRIBER: Who = Who::Subscriber(0);

/// One thing a second.
fn history(happened: &[(Who, What)]) -> Vec<Entry> {
    let entry = |(at, (who, what)): (u64, &(Who, What))| Entry {
        at: Duration::from_secs(at),
        who: *who,
        what: what.clone(),
    };
    (0..).zip(happened).map(entry).collect()
}

/// The kinds of all violations.
fn kinds(entries: &[Entry], promise: Promise) -> Vec<&'static str> {
    check(entries, promise).iter().map(|violation| violation.kind).collect()
}

fn named(kind: Kind, number: u32) -> Name {
    Name { publisher: 0, kind, number }
}

fn connected(session_present: bool, number: u32) -> What {
    What::Connected { session_present, number }
}

fn lost(number: u32) -> What {
    What::Lost { number, why: "cut".to_owned() }
}

fn sent(name: Name) -> (Who, What) {
    (PUBLISHER, What::Sent { name, dup: false })
}

fn received(name: Name, qos: u8) -> (Who, What) {
    (SUBSCRIBER, What::Received { name, qos, dup: false, retain: false })
}

/// A subscriber at QoS 2 and a publisher, and what happens then.
fn both(then: &[(Who, What)]) -> Vec<Entry> {
    let begin = [
        (SUBSCRIBER, connected(false, 1)),
        (SUBSCRIBER, What::Subscribed { qos: 2 }),
        (PUBLISHER, connected(false, 1)),
    ];
    history(&[&begin, then].concat())
}

#[test]
fn a_session_is_lost_unless_the_broker_has_ended_and_promised_nothing() {
    let again = [(SUBSCRIBER, lost(1)), (SUBSCRIBER, connected(false, 2))];
    assert_eq!(kinds(&both(&again), Promise::Volatile), ["session lost"]);
    let kept = [(SUBSCRIBER, lost(1)), (SUBSCRIBER, connected(true, 2))];
    assert!(kinds(&both(&kept), Promise::Durable).is_empty());
    let ended = [(Who::Broker, What::Ended { killed: true }), (SUBSCRIBER, connected(false, 2))];
    assert!(kinds(&both(&ended), Promise::Volatile).is_empty());
    let told = check(&both(&ended), Promise::Durable);
    assert_eq!(told[0].kind, "session lost");
    assert_eq!(told[0].story.len(), 4, "both connections and what lies between: {told:?}");
}

#[test]
fn who_does_not_come_to_an_end_is_stuck() {
    let stuck = [(PUBLISHER, What::Stuck("no PUBCOMP".to_owned()))];
    let told = check(&both(&stuck), Promise::Volatile);
    assert_eq!((told[0].kind, told.len()), ("stuck", 1));
    assert!(told[0].text.ends_with("does not come to its end: no PUBCOMP"), "{}", told[0].text);
}

#[test]
fn what_comes_long_after_a_lost_connection_is_late() {
    let name = named(Kind::Qos1, 1);
    let late = |between: &[(Who, What)]| {
        let fenced = [(SUBSCRIBER, What::Fenced)];
        let mut entries = both(&[&[sent(name)], between, &fenced, &[received(name, 1)]].concat());
        let last = entries.last_mut().expect("it came");
        last.at += LATE;
        kinds(&entries, Promise::Volatile)
    };
    let broken = [(SUBSCRIBER, lost(1)), (SUBSCRIBER, connected(true, 2))];
    assert_eq!(late(&broken), ["late"]);
    assert!(late(&[]).is_empty(), "without a connection lost nothing says how soon it comes");
}

#[test]
fn what_was_acknowledged_and_never_comes_is_lost() {
    let name = named(Kind::Qos2, 1);
    let acknowledged = (PUBLISHER, What::Acknowledged(name));
    assert_eq!(kinds(&both(&[sent(name), acknowledged.clone()]), Promise::Durable), ["lost"]);
    assert_eq!(missing(&both(&[sent(name), acknowledged]), Promise::Durable), 1);
    assert!(kinds(&both(&[sent(name)]), Promise::Durable).is_empty());
}

#[test]
fn what_may_come_once_comes_once() {
    for (kind, qos, expected) in
        [(Kind::Qos0, 0, 1), (Kind::Qos2, 2, 1), (Kind::Qos1, 1, 0), (Kind::Qos2, 1, 0)]
    {
        let name = named(kind, 1);
        let twice = both(&[sent(name), received(name, qos), received(name, qos)]);
        assert_eq!(check(&twice, Promise::Volatile).len(), expected, "{kind:?} at QoS {qos}");
    }
}

#[test]
fn what_was_sent_later_comes_later() {
    let [first, second] = [1, 2].map(|number| named(Kind::Qos2, number));
    let crossed = [sent(first), sent(second), received(second, 2), received(first, 2)];
    assert_eq!(kinds(&both(&crossed), Promise::Volatile), ["out of order"]);
    // At QoS 0 over two connections what was left on the older one may come last.
    let [first, second] = [1, 2].map(|number| named(Kind::Qos0, number));
    let crossed = [
        sent(first),
        (PUBLISHER, connected(true, 2)),
        sent(second),
        received(second, 0),
        received(first, 0),
    ];
    assert!(kinds(&both(&crossed), Promise::Volatile).is_empty());
}

#[test]
fn a_will_comes_when_a_connection_is_lost_and_not_otherwise() {
    let will = named(Kind::Will, 1);
    assert_eq!(kinds(&both(&[(PUBLISHER, lost(1))]), Promise::Volatile), ["no Will"]);
    assert!(kinds(&both(&[(PUBLISHER, lost(1)), received(will, 1)]), Promise::Volatile).is_empty());
    let left = (PUBLISHER, What::Left { number: 1, certain: true });
    assert_eq!(kinds(&both(&[left, received(will, 1)]), Promise::Volatile), ["Will"]);
}

#[test]
fn what_is_retained_is_the_last_that_was_acknowledged_or_a_later_one() {
    let [first, second] = [1, 2].map(|number| named(Kind::Retained, number));
    let probed = |found: &[Name]| {
        let came = |name: &Name| {
            (Who::Probe, What::Received { name: *name, qos: 1, dup: false, retain: true })
        };
        let published = [
            sent(first),
            received(first, 1),
            sent(second),
            (PUBLISHER, What::Acknowledged(second)),
            received(second, 1),
        ];
        let probed: Vec<_> = found.iter().map(came).collect();
        kinds(&both(&[&published[..], &probed].concat()), Promise::Volatile)
    };
    assert!(probed(&[second]).is_empty());
    assert_eq!(probed(&[first]), ["not retained"]);
    assert_eq!(probed(&[]), ["not retained"]);
}
