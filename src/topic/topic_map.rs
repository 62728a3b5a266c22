//! Values by Topic Name, such as retained messages: which of them a Topic Filter reaches.
//!
//! An ordered map whose order makes a filter's matches a few runs: levels compare one after the
//! other, so what lies under a level stands together, and whatever a filter cannot reach is passed
//! by in one step. No recursion, no hashing of what strangers send, one order for all to see.
//!
//! Clauses: [MQTT-4.7.2-1], [MQTT-4.7.3-4]. Not here: when a message is retained.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::{ALL_LEVELS, ONE_LEVEL, SEPARATOR, TopicFilter, TopicName};

/// Values `V`, each at a Topic Name, found by Topic Filter.
///
/// # Examples
///
/// ```
/// use mqttspec::topic::{TopicFilter, TopicMap, TopicName};
///
/// let mut retained = TopicMap::new();
/// retained.insert(TopicName::new("sport").unwrap(), 1);
/// retained.insert(TopicName::new("sport/tennis").unwrap(), 2);
/// retained.insert(TopicName::new("$SYS/uptime").unwrap(), 3);
///
/// let mut found = Vec::new();
/// retained.for_each_match(&TopicFilter::new("sport/#").unwrap(), |_, value| found.push(*value));
/// assert_eq!(found, [1, 2]);
/// retained.for_each_match(&TopicFilter::new("+/uptime").unwrap(), |_, _| unreachable!());
/// ```
#[derive(Clone, Debug)]
pub struct TopicMap<V> {
    /// By the name with its separators made the least of octets, see [`ordered`].
    entries: BTreeMap<Box<[u8]>, (TopicName, V)>,
}

impl<V> TopicMap<V> {
    /// A map without values.
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new() }
    }

    /// How many Topic Names have a value.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no Topic Name has a value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts `value` at `name` and returns the value that was there.
    ///
    /// The map then holds `name`, and with it the octets that `name` shares.
    pub fn insert(&mut self, name: TopicName, value: V) -> Option<V> {
        let replaced = self.entries.insert(ordered(name.as_str()), (name, value));
        replaced.map(|(_, value)| value)
    }

    /// Removes the value at `name` and returns it.
    pub fn remove(&mut self, name: &TopicName) -> Option<V> {
        self.entries.remove(&ordered(name.as_str())).map(|(_, value)| value)
    }

    /// The value at `name`.
    pub fn get(&self, name: &TopicName) -> Option<&V> {
        self.entries.get(&ordered(name.as_str())).map(|(_, value)| value)
    }

    /// Calls `visit` once for each Topic Name that `filter` matches, in order: level by level, and
    /// within a level octet by octet. `a` comes before `a/b`, and `a/b` before `a!`.
    ///
    /// Costs a few descents for each level that the filter reaches, whatever else the map holds; a
    /// filter without wildcards costs one.
    ///
    /// Clauses: [MQTT-4.7.2-1], [MQTT-4.7.3-4].
    pub fn for_each_match(&self, filter: &TopicFilter, mut visit: impl FnMut(&TopicName, &V)) {
        self.visit_matches(filter, None, |name, value| {
            visit(name, value);
            true
        });
    }

    /// The same for the Topic Names behind `after`, or for all, until `visit` says `false`.
    pub fn visit_matches(
        &self,
        filter: &TopicFilter,
        after: Option<&TopicName>,
        mut visit: impl FnMut(&TopicName, &V) -> bool,
    ) {
        let pattern = ordered(filter.as_str());
        let mut from = literal_start(&pattern).to_vec();
        if let Some(after) = after {
            let mut next = ordered(after.as_str()).into_vec();
            next.push(LEVEL_END);
            from = from.max(next);
        }
        'descent: loop {
            let mut passed = 0;
            let start = (Bound::Included(from.as_slice()), Bound::Unbounded);
            for (key, (name, value)) in self.entries.range::<[u8], _>(start) {
                if **key < *from {
                    passed += 1;
                    if passed > PASSED_BEFORE_DESCENT {
                        continue 'descent;
                    }
                    continue;
                }
                passed = 0;
                match compare(&pattern, key) {
                    Verdict::Match if visit(name, value) => {}
                    Verdict::Match => return,
                    Verdict::TooShort => {}
                    Verdict::Seek { keep, then } => {
                        from.clear();
                        from.extend_from_slice(&key[..keep]);
                        from.extend_from_slice(then);
                    }
                    Verdict::Beyond => return,
                }
            }
            return;
        }
    }
}

impl<V> Default for TopicMap<V> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a pattern makes of a key, and where its next match can be.
enum Verdict<'p> {
    /// No key from this one on matches.
    Beyond,
    /// The key matches.
    Match,
    /// No key matches that is less than the first `keep` octets of this one and `then`.
    Seek { keep: usize, then: &'p [u8] },
    /// The key ends before the pattern does. Keys that go on from it come next.
    TooShort,
}

/// Compares a Topic Filter with a Topic Name, both [`ordered`].
fn compare<'p>(pattern: &'p [u8], key: &[u8]) -> Verdict<'p> {
    // [MQTT-4.7.2-1] A wildcard that begins a filter passes the server's own topics by.
    if key[0] == b'$' && matches!(pattern[0], ONE_LEVEL | ALL_LEVELS) {
        return Verdict::Seek { keep: 0, then: b"%" };
    }
    let mut start = 0;
    // The end of the last level that `+` took: what can still match then has another level there.
    let mut taken = None;
    let beyond = |taken: Option<usize>| match taken {
        Some(keep) => Verdict::Seek { keep, then: &[LEVEL_END + 1] },
        None => Verdict::Beyond,
    };
    let mut rest = Some(pattern);
    while let Some(wanted_levels) = rest {
        let wanted = first_level(wanted_levels);
        // §4.7.1.2 `#` takes all that is left, also nothing.
        if wanted == [ALL_LEVELS] {
            return Verdict::Match;
        }
        let Some(levels) = key.get(start..) else {
            return Verdict::TooShort;
        };
        let level = first_level(levels);
        let end = start + level.len();
        if wanted == [ONE_LEVEL] {
            taken = Some(end);
        } else {
            // [MQTT-4.7.3-4] Octet by octet, nothing folded or normalised.
            match level.cmp(wanted) {
                Ordering::Less => {
                    return Verdict::Seek { keep: start, then: literal_start(wanted_levels) };
                }
                Ordering::Equal => {}
                Ordering::Greater => return beyond(taken),
            }
        }
        start = end + 1;
        rest = wanted_levels.get(wanted.len() + 1..);
    }
    if start > key.len() { Verdict::Match } else { beyond(taken) }
}

/// A Topic Name or Topic Filter with its separators as the least of octets, which neither may hold
/// otherwise [MQTT-4.7.3-2]: the order of octets is then the order of levels.
fn ordered(text: &str) -> Box<[u8]> {
    text.bytes().map(|octet| if octet == SEPARATOR { LEVEL_END } else { octet }).collect()
}

/// The levels before the first wildcard: no match comes before a key that is these.
fn literal_start(pattern: &[u8]) -> &[u8] {
    match pattern.iter().position(|octet| matches!(*octet, ONE_LEVEL | ALL_LEVELS)) {
        // A name that ends before the wildcard's separator can match, by the parent of `#`.
        Some(wildcard) => &pattern[..wildcard.saturating_sub(1)],
        None => pattern,
    }
}

/// The octets up to the end of the first level.
fn first_level(levels: &[u8]) -> &[u8] {
    let end = levels.iter().position(|&octet| octet == LEVEL_END);
    &levels[..end.unwrap_or(levels.len())]
}

/// What stands for the separator in a key.
const LEVEL_END: u8 = 0;

/// How many keys are passed by one after the other before it is quicker to descend anew.
const PASSED_BEFORE_DESCENT: usize = 8;

#[cfg(test)]
mod tests;
