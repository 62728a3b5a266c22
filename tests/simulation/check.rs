//! The guarantees of delivery, held against a history.
//!
//! Clauses: 4.1, 4.3, 4.6, [MQTT-3.1.2-8], [MQTT-3.3.1-5], [MQTT-3.14.4-3]. What the standard
//! leaves open is left open here: a message that was asked for and never acknowledged may come or
//! not, and a subscription counts from its SUBACK to the first word of its end.

use std::collections::BTreeMap;

use mqttspec::packet::QoS;
use mqttspec::topic::{TopicFilter, TopicName};

use super::history::{Fate, History, Receipt, Sent, Span};

/// All in which `history` falls short; `probe` subscribed to what is retained in the end.
pub(crate) fn check(history: &History, probe: usize) -> Vec<String> {
    let mut faults = history.faults.clone();
    let receipts = by_receiver(history);
    let owed = owed(history);
    for (&(subscriber, number), received) in &receipts {
        let message = &history.messages[number];
        let what = || format!("{} to peer {subscriber}", describe(number, message));
        faults.extend(never_forbidden(message, received).map(|why| format!("{}: {why}", what())));
        faults.extend(at_most_once(message, received).map(|why| format!("{}: {why}", what())));
        if !received.iter().all(|receipt| was_asked_for(history, receipt, message)) {
            faults.push(format!("{}: nobody had asked for it", what()));
        }
    }
    let mut dropped = history.dropped.clone().unwrap_or_default();
    for &(subscriber, number) in owed.keys() {
        if !receipts.contains_key(&(subscriber, number)) {
            // For so many there was no room, and the server has said so.
            if let Some(count @ 1..) = dropped.get_mut(&subscriber) {
                *count -= 1;
                continue;
            }
            let what = describe(number, &history.messages[number]);
            faults.push(format!("{what}: never came to peer {subscriber}"));
        }
    }
    faults.extend(order(history, &owed));
    // Who asks for what is retained has no more room than others.
    if history.dropped.is_none() {
        faults.extend(retained(history, probe));
    }
    faults
}

fn describe(number: usize, message: &Sent) -> String {
    let Sent { publisher, topic, qos, .. } = message;
    format!("message {number} of peer {publisher} ({topic:?}, QoS {})", qos.number())
}

/// What came of a message to a peer, but for what was retained.
fn by_receiver(history: &History) -> BTreeMap<(usize, usize), Vec<&Receipt>> {
    let mut receipts = BTreeMap::<_, Vec<_>>::new();
    for receipt in history.receipts.iter().filter(|receipt| !receipt.retain) {
        receipts.entry((receipt.subscriber, receipt.message)).or_default().push(receipt);
    }
    receipts
}

fn matches(filter: &str, topic: &str) -> bool {
    let filter = TopicFilter::new(filter.to_owned()).expect("a Topic Filter");
    filter.matches(&TopicName::new(topic.to_owned()).expect("a Topic Name"))
}

/// Which messages must have come to whom, and at which level at least.
fn owed(history: &History) -> BTreeMap<(usize, usize), QoS> {
    let mut owed = BTreeMap::new();
    let standing = history.spans.iter().filter(|span| span.until.is_none());
    for (span, from) in standing.filter_map(|span| span.from.map(|from| (span, from))) {
        let promised = history.messages.iter().enumerate().filter(|(_, message)| {
            message.fate == Fate::Done
                && !message.is_empty
                && message.asked > from
                && message.qos.min(span.qos) != QoS::AtMostOnce
                && matches(&span.filter, &message.topic)
        });
        owed.extend(promised.map(|(number, _)| ((span.subscriber, number), span.qos)));
    }
    owed
}

// [MQTT-3.1.2-10], [MQTT-3.14.4-3]: no Will that was discarded, and none before it is due.
fn never_forbidden(message: &Sent, received: &[&Receipt]) -> Option<&'static str> {
    match message.fate {
        Fate::Forbidden => Some("a Will that had been discarded"),
        Fate::Done if received.iter().any(|receipt| receipt.at < message.asked) => {
            Some("a Will before it was due")
        }
        Fate::Done | Fate::Open => None,
    }
}

// [MQTT-4.3.1-1], [MQTT-4.3.3-2]: at QoS 1, on the way in or out, a message may come again.
fn at_most_once(message: &Sent, received: &[&Receipt]) -> Option<String> {
    let may_repeat = message.may_repeat && message.qos != QoS::AtMostOnce
        || message.qos == QoS::AtLeastOnce
        || received.iter().any(|receipt| receipt.qos == QoS::AtLeastOnce);
    (received.len() > 1 && !may_repeat).then(|| format!("came {} times", received.len()))
}

fn was_asked_for(history: &History, receipt: &Receipt, message: &Sent) -> bool {
    let concerns = |span: &&Span| {
        span.subscriber == receipt.subscriber
            && span.asked < receipt.at
            && matches(&span.filter, &message.topic)
    };
    // [MQTT-3.8.4-6] And no better than it was granted.
    let granted = history.spans.iter().filter(concerns).map(|span| span.qos).max();
    granted.is_some_and(|granted| receipt.qos <= granted.min(message.qos))
}

/// [MQTT-4.6.0-5], [MQTT-4.6.0-6]: of one publisher, topic and level, in the order of asking.
fn order(history: &History, owed: &BTreeMap<(usize, usize), QoS>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut last = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for receipt in history.receipts.iter().filter(|receipt| !receipt.retain) {
        let Receipt { subscriber, message: number, qos, .. } = *receipt;
        let message = &history.messages[number];
        let is_first = seen.insert((subscriber, number), ()).is_none();
        // What may come again counts when it came first, and only where the first cannot have
        // gone unheard, nor have been dropped for want of room: its publisher may send it again.
        let repeats =
            message.may_repeat || message.qos == QoS::AtLeastOnce || qos == QoS::AtLeastOnce;
        let was_dropped = || {
            let dropped = history.dropped.as_ref().and_then(|dropped| dropped.get(&subscriber));
            dropped.is_some_and(|&count| count > 0)
        };
        if repeats && (!is_first || !owed.contains_key(&(subscriber, number)) || was_dropped()) {
            continue;
        }
        let line = (subscriber, message.publisher, &message.topic, message.qos, qos);
        // The Wills of one peer are of different connections.
        if message.topic.starts_with('w') {
            continue;
        }
        if let Some(before) = last.insert(line, number)
            && before > number
        {
            let what = describe(number, message);
            faults.push(format!("{what}: came to peer {subscriber} after message {before}"));
        }
    }
    faults
}

/// [MQTT-3.3.1-5], [MQTT-3.3.1-7]: of each topic the last message, unless it took all back.
fn retained(history: &History, probe: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let mut topics = BTreeMap::<&str, Vec<usize>>::new();
    for (number, message) in history.messages.iter().enumerate() {
        if message.retain && !message.topic.starts_with('w') {
            topics.entry(&message.topic).or_default().push(number);
        }
    }
    for (topic, numbers) in topics {
        let found: Vec<usize> = history
            .receipts
            .iter()
            .filter(|receipt| receipt.subscriber == probe && receipt.retain)
            .filter(|receipt| history.messages[receipt.message].topic == topic)
            .map(|receipt| receipt.message)
            .collect();
        // From the last that must have been taken on, each may be the last that was.
        let is_done = |number: &usize| {
            let message = &history.messages[*number];
            message.fate == Fate::Done && message.qos != QoS::AtMostOnce
        };
        let certain = numbers.iter().rposition(is_done);
        let possible = &numbers[certain.unwrap_or(0)..];
        let may_be_none =
            certain.is_none() || possible.iter().any(|&number| history.messages[number].is_empty);
        let is_right = match found[..] {
            [] => may_be_none,
            [found] => possible.contains(&found),
            _ => false,
        };
        if !is_right {
            faults.push(format!("{topic:?} has {found:?} retained, not one of {possible:?}"));
        }
    }
    faults
}
