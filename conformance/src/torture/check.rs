//! The guarantees of delivery, held against a history.
//!
//! Clauses: 4.1, 4.3, 4.6, [MQTT-3.1.2-8], [MQTT-3.2.2-2], [MQTT-3.3.1-5], [MQTT-3.14.4-3]. What was
//! not acknowledged may have come or not; a Will is left out where the broker ended around it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::history::{Entry, Kind, Name, What, Who};
use super::{Promise, Violation};

/// Around the end of a broker nobody knows what it has still read.
const AROUND: Duration = Duration::from_secs(2);

/// What comes so long after the last message is late.
const LATE: Duration = Duration::from_secs(5);

/// How many messages and Wills were promised and have not come.
pub(super) fn missing(entries: &[Entry], promise: Promise) -> usize {
    let is_missing = |violation: &Violation| matches!(violation.kind, "lost" | "no Will");
    check(entries, promise).iter().filter(|violation| is_missing(violation)).count()
}

/// All in which the history falls short.
pub(super) fn check(entries: &[Entry], promise: Promise) -> Vec<Violation> {
    let facts = Facts::gather(entries);
    let mut violations = facts.sessions(promise);
    violations.extend(facts.ends());
    for (&subscriber, subscription) in &facts.subscriptions {
        violations.extend(facts.losses(subscriber, subscription));
        violations.extend(facts.lateness(subscriber));
        violations.extend(facts.copies(subscriber));
        violations.extend(facts.order(subscriber));
        violations.extend(facts.wills(subscriber, subscription));
    }
    violations.extend(facts.retained());
    violations
}

/// What a history says, sorted.
struct Facts<'a> {
    entries: &'a [Entry],
    /// When each message was first sent, and on which connection.
    sent: BTreeMap<Name, (usize, u32)>,
    acknowledged: BTreeSet<Name>,
    subscriptions: BTreeMap<Who, Subscription>,
    /// What came to whom: where in the history, and at which level.
    received: BTreeMap<(Who, Name), Vec<(usize, u8)>>,
    /// When who had the last message.
    fenced: BTreeMap<Who, usize>,
    /// When the broker ended.
    ended: Vec<Duration>,
    /// What came with RETAIN, to those who subscribe or by mistake: it has not been lost.
    retained: BTreeSet<(Who, Name)>,
}

/// A subscription that still stands at the end.
struct Subscription {
    since: usize,
    qos: u8,
}

impl<'a> Facts<'a> {
    fn gather(entries: &'a [Entry]) -> Self {
        let mut connection = BTreeMap::new();
        let (mut sent, mut acknowledged) = (BTreeMap::new(), BTreeSet::new());
        let (mut retained, mut fenced, mut ended) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let (mut subscriptions, mut received) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        for (place, Entry { who, what, at }) in entries.iter().enumerate() {
            match *what {
                What::Ended { .. } => ended.push(*at),
                What::Fenced => {
                    fenced.insert(*who, place);
                }
                What::Connected { session_present, number } => {
                    connection.insert(*who, number);
                    if !session_present {
                        subscriptions.remove(who);
                    }
                }
                What::Sent { name, .. } => {
                    let number = connection.get(who).copied().unwrap_or(0);
                    sent.entry(name).or_insert((place, number));
                }
                What::Acknowledged(name) => {
                    acknowledged.insert(name);
                }
                What::Subscribed { qos } => {
                    let subscription = Subscription { since: place, qos };
                    subscriptions.entry(*who).or_insert(subscription);
                }
                What::Received { name, qos, retain: false, .. } => {
                    received.entry((*who, name)).or_default().push((place, qos));
                }
                What::Received { name, retain: true, .. } => {
                    retained.insert((*who, name));
                }
                _ => {}
            }
        }
        Self { entries, sent, acknowledged, subscriptions, received, fenced, ended, retained }
    }

    /// [MQTT-3.2.2-2], [MQTT-4.1.0-1]: a Session that was there is there.
    fn sessions(&self, promise: Promise) -> Vec<Violation> {
        // Where each of them connected last.
        let mut seen = BTreeMap::new();
        let mut ended = BTreeSet::new();
        let mut violations = Vec::new();
        for (place, Entry { who, what, .. }) in self.entries.iter().enumerate() {
            match what {
                What::Ended { .. } => ended.extend(seen.keys().copied()),
                What::Connected { session_present, .. } => {
                    let before = seen.insert(*who, place);
                    let is_excused = promise == Promise::Volatile && ended.contains(who);
                    ended.remove(who);
                    if let Some(before) = before.filter(|_| !session_present && !is_excused) {
                        let text = format!("the Session of {who} is gone");
                        let concerns = |it: &&Entry| {
                            (it.who == *who || it.who == Who::Broker) && it.what.name().is_none()
                        };
                        let between = self.entries[before..=place].iter().filter(concerns);
                        let story = between.map(ToString::to_string).collect();
                        violations.push(Violation::new(
                            "session lost",
                            "MQTT-3.2.2-2",
                            text,
                            story,
                        ));
                    }
                }
                _ => {}
            }
        }
        violations
    }

    /// Everybody comes to an end when the network behaves.
    fn ends(&self) -> Vec<Violation> {
        let stuck = self.entries.iter().filter_map(|entry| match &entry.what {
            What::Stuck(why) => Some((entry.who, why)),
            _ => None,
        });
        stuck
            .map(|(who, why)| {
                let text = format!("{who} does not come to its end: {why}");
                Violation::new("stuck", "MQTT-4.4.0-1", text, self.story(&[who], None))
            })
            .collect()
    }

    /// [MQTT-4.3.2-2], [MQTT-4.3.3-2], [MQTT-4.5.0-1]: what was acknowledged comes.
    fn losses(&self, subscriber: Who, subscription: &Subscription) -> Vec<Violation> {
        let is_owed = |name: &&Name| {
            let since = self.sent.get(*name).map(|(place, _)| *place);
            let is_late_enough = since.is_some_and(|place| place > subscription.since);
            is_late_enough && name.kind.qos().min(subscription.qos) > 0
        };
        let owed = self.acknowledged.iter().filter(is_owed);
        let has_come = |key| self.received.contains_key(&key) || self.retained.contains(&key);
        owed.filter(|name| !has_come((subscriber, **name)))
            .map(|&name| {
                let text = format!("{name} was acknowledged, and never came to {subscriber}");
                let statement = if name.kind.qos() == 2 { "MQTT-4.3.3-2" } else { "MQTT-4.3.2-2" };
                self.violation("lost", statement, text, subscriber, name)
            })
            .collect()
    }

    /// [MQTT-4.4.0-1]: what was on its way when a connection was lost comes with the next.
    fn lateness(&self, subscriber: Who) -> Vec<Violation> {
        let Some(&fence) = self.fenced.get(&subscriber) else { return Vec::new() };
        let due = self.entries[fence].at + LATE;
        let late = self.of(subscriber).filter(|(_, receipts)| {
            let (place, qos) = receipts[0];
            qos > 0 && self.entries[place].at > due
        });
        let mut violations = Vec::new();
        for ((_, name), receipts) in late {
            let Some(&(sent, _)) = self.sent.get(name) else { continue };
            let is_loss = |it: &Entry| it.who == subscriber && matches!(it.what, What::Lost { .. });
            if !self.entries[sent..fence].iter().any(is_loss) {
                // No statement says how soon a message has to come.
                continue;
            }
            let seconds = (self.entries[receipts[0].0].at - self.entries[fence].at).as_secs_f64();
            let text = format!("{name} came to {subscriber} {seconds:.0} s after the last message");
            violations.push(self.violation("late", "MQTT-4.4.0-1", text, subscriber, *name));
        }
        violations
    }

    /// [MQTT-4.3.1-1], [MQTT-4.3.3-2]: at QoS 0 and 2 once at most, unless either way was QoS 1.
    fn copies(&self, subscriber: Who) -> Vec<Violation> {
        let mut violations = Vec::new();
        for ((_, name), receipts) in self.of(subscriber) {
            let may_repeat = name.kind.qos() == 1 || receipts.iter().any(|(_, qos)| *qos == 1);
            if receipts.len() > 1 && !may_repeat {
                let text = format!("{name} came to {subscriber} {} times", receipts.len());
                let statement = if name.kind.qos() == 2 { "MQTT-4.3.3-2" } else { "MQTT-4.3.1-1" };
                violations.push(self.violation("repeated", statement, text, subscriber, *name));
            }
        }
        violations
    }

    /// [MQTT-4.6.0-5], [MQTT-4.6.0-6]: of one topic and level, in the order of sending.
    fn order(&self, subscriber: Who) -> Vec<Violation> {
        let mut firsts: Vec<(usize, Name)> = self
            .of(subscriber)
            .filter(|((_, name), receipts)| {
                // A first copy that went unheard at QoS 0 is nobody's fault.
                name.kind != Kind::Will && (name.kind.qos() != 1 || receipts[0].1 > 0)
            })
            .map(|((_, name), receipts)| (receipts[0].0, *name))
            .collect();
        firsts.sort_unstable();
        let mut last = BTreeMap::<(u32, Kind), Name>::new();
        let mut violations = Vec::new();
        for (_, name) in firsts {
            let before = last.insert((name.publisher, name.kind), name);
            let Some(before) = before.filter(|before| before.number > name.number) else {
                continue;
            };
            // What was left on an older connection may be read after what came on a newer one.
            let connection = |name: Name| self.sent.get(&name).map(|(_, number)| *number);
            if name.kind == Kind::Qos0 && connection(before) != connection(name) {
                continue;
            }
            let text = format!("{name} came to {subscriber} after {before}");
            violations.push(self.violation("out of order", "MQTT-4.6.0-6", text, subscriber, name));
        }
        violations
    }

    /// [MQTT-3.1.2-8], [MQTT-3.14.4-3]: a Will where a connection was lost, and nowhere else.
    fn wills(&self, subscriber: Who, subscription: &Subscription) -> Vec<Violation> {
        let mut begun = BTreeMap::new();
        let mut violations = Vec::new();
        for (place, Entry { at, who, what }) in self.entries.iter().enumerate() {
            let Who::Publisher(publisher) = *who else { continue };
            let (number, is_due) = match *what {
                What::Connected { number, .. } => {
                    begun.insert((publisher, number), place);
                    continue;
                }
                What::Lost { number, .. } => (number, true),
                What::Left { number, certain: true } => (number, false),
                _ => continue,
            };
            let Some(&begin) = begun.get(&(publisher, number)) else { continue };
            let span = self.entries[begin].at..*at + AROUND;
            if self.ended.iter().any(|at| span.contains(at)) {
                continue;
            }
            let name = Name { publisher, kind: Kind::Will, number };
            let has_come = self.received.contains_key(&(subscriber, name));
            if is_due && !has_come && begin > subscription.since && subscription.qos > 0 {
                let text = format!("{name} was due, and never came to {subscriber}");
                violations.push(self.violation("no Will", "MQTT-3.1.2-8", text, subscriber, name));
            }
            if !is_due && has_come {
                let text = format!("{name} came to {subscriber} after DISCONNECT");
                violations.push(self.violation("Will", "MQTT-3.14.4-3", text, subscriber, name));
            }
        }
        violations
    }

    /// [MQTT-3.3.1-5]: the last that was acknowledged is retained, or one that was sent after it.
    fn retained(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        let publishers = self.sent.keys().map(|name| name.publisher).collect::<BTreeSet<_>>();
        for publisher in publishers {
            let is_meant =
                |name: &&Name| name.publisher == publisher && name.kind == Kind::Retained;
            let Some(&last) = self.acknowledged.iter().filter(is_meant).max() else { continue };
            let found: Vec<Name> = self
                .entries
                .iter()
                .filter(|entry| entry.who == Who::Probe)
                .filter_map(|entry| entry.what.name())
                .filter(|name| is_meant(&name))
                .collect();
            if found.iter().max().is_none_or(|found| *found < last) {
                let text = match found.iter().max() {
                    None => format!("nothing is retained, and {last} was acknowledged"),
                    Some(found) => format!("{found} is retained, and {last} was acknowledged"),
                };
                let story = self.story(&[Who::Publisher(publisher), Who::Probe], Some(last));
                violations.push(Violation::new("not retained", "MQTT-3.3.1-5", text, story));
            }
        }
        violations
    }

    fn of(&self, subscriber: Who) -> impl Iterator<Item = (&(Who, Name), &Vec<(usize, u8)>)> {
        self.received.iter().filter(move |((who, _), _)| *who == subscriber)
    }

    fn violation(
        &self,
        kind: &'static str,
        statement: &'static str,
        text: String,
        subscriber: Who,
        name: Name,
    ) -> Violation {
        let story = self.story(&[Who::Publisher(name.publisher), subscriber], Some(name));
        Violation::new(kind, statement, text, story)
    }

    /// What these did, as far as it concerns `name`: its sending, its receipts, and what became of
    /// connections and the broker between; of those of its publisher until it was acknowledged.
    fn story(&self, whose: &[Who], name: Option<Name>) -> Vec<String> {
        let concerns = |entry: &&Entry| whose.contains(&entry.who) && entry.what.name() == name;
        let about =
            self.entries.iter().filter(concerns).filter(|entry| entry.what.name().is_some());
        let times: Vec<Duration> = about.map(|entry| entry.at).collect();
        let (begin, end) = match (times.first(), times.last()) {
            (Some(&begin), Some(&end)) => (begin, end + AROUND),
            _ => (Duration::ZERO, Duration::MAX),
        };
        let mut story = Vec::new();
        // Where each of them stood when it began.
        for who in whose {
            let standing = self.entries.iter().rfind(|entry| {
                entry.who == *who && entry.at < begin && entry.what.name().is_none()
            });
            story.extend(standing);
        }
        let sender = whose[0];
        let told = self.entries.iter().rfind(|entry| concerns(entry) && entry.who == sender);
        let told = told.filter(|_| name.is_some()).map_or(end, |entry| entry.at);
        let within = self.entries.iter().filter(|entry| (begin..=end).contains(&entry.at));
        story.extend(within.filter(|entry| match entry.what.name() {
            Some(other) => Some(other) == name && whose.contains(&entry.who),
            None if entry.who == sender => entry.at <= told,
            None => entry.who == Who::Broker || whose.contains(&entry.who),
        }));
        story.into_iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests;
