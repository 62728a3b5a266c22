//! Rows of names and filters, long ones, and any sequence of calls against the comparison of one
//! filter with one name.

use proptest::prelude::*;

use super::super::strategies::{filter, name};
use super::*;

fn name_of(text: impl Into<bytestring::ByteString>) -> TopicName {
    TopicName::new(text).unwrap()
}

/// The names that a filter finds, in the map's order.
fn found<V>(map: &TopicMap<V>, filter: impl Into<bytestring::ByteString>) -> Vec<String> {
    let mut names = Vec::new();
    map.for_each_match(&TopicFilter::new(filter).unwrap(), |name, _| names.push(name.to_string()));
    names
}

/// In the map's order.
const NAMES: [&str; 18] = [
    "/",
    "/sport",
    "!",
    "$",
    "$SYS/one",
    "%",
    "Sport",
    "sport",
    "sport/",
    "sport/$SYS",
    "sport/golf",
    "sport/golf/one",
    "sport/tennis",
    "sport/tennis/\u{1}",
    "sport/tennis/one",
    "sport!",
    "sports",
    "zoo/tennis/one",
];

macro_rules! finds {
    ($($test:ident: $filter:expr => $expected:expr;)+) => {$(
        #[test]
        fn $test() {
            let mut map = TopicMap::new();
            for name in NAMES.iter().rev() {
                map.insert(name_of(*name), ());
            }
            assert_eq!(found(&map, $filter), $expected);
        }
    )+};
}

finds! {
    // Topic Filter => Topic Names, in the map's order
    exact:           "sport"         => ["sport"];
    exact_deep:      "sport/tennis"  => ["sport/tennis"];
    exact_missing:   "sport/chess"   => [""; 0];
    other_case:      "SPORT"         => [""; 0];                        // [MQTT-4.7.3-4]
    empty_levels:    "/"             => ["/"];
    trailing:        "sport/"        => ["sport/"];
    parent_of_hash:  "sport/golf/#"  => ["sport/golf", "sport/golf/one"];
    hash_below:      "sport/#"       => NAMES[7..15];
    hash_of_a_leaf:  "Sport/#"       => ["Sport"];
    everything:      "#"             => [&NAMES[..3], &NAMES[5..]].concat(); // [MQTT-4.7.2-1]
    first_level:     "+"             => ["!", "%", "Sport", "sport", "sport!", "sports"];
    second_level:    "+/+"           => ["/", "/sport", "sport/", "sport/$SYS", "sport/golf", "sport/tennis"];
    plus_in_middle:  "sport/+/one"   => ["sport/golf/one", "sport/tennis/one"];
    plus_then_hash:  "sport/+/#"     => NAMES[8..15];
    plus_leads:      "+/tennis/one"  => ["sport/tennis/one", "zoo/tennis/one"];
    plus_leads_hash: "+/tennis/#"    => ["sport/tennis", "sport/tennis/\u{1}", "sport/tennis/one", "zoo/tennis/one"];
    plus_passes_sys: "+/one"         => [""; 0];                        // [MQTT-4.7.2-1]
    reserved:        "$SYS/#"        => ["$SYS/one"];
    reserved_plus:   "$SYS/+"        => ["$SYS/one"];
    reserved_alone:  "$"             => ["$"];
}

#[test]
fn one_value_a_name() {
    let mut map = TopicMap::new();
    assert_eq!(map.insert(name_of("a/b"), 1), None);
    assert_eq!(map.insert(name_of("a/b"), 2), Some(1));
    assert_eq!(map.insert(name_of("a/b/"), 3), None);
    assert_eq!((map.len(), map.get(&name_of("a/b")), map.get(&name_of("a"))), (2, Some(&2), None));
    assert_eq!(map.remove(&name_of("a")), None);
    assert_eq!(map.remove(&name_of("a/b")), Some(2));
    assert_eq!(map.remove(&name_of("a/b/")), Some(3));
    assert!(map.is_empty());
}

#[test]
fn many_names_between_two_matches_are_passed_by() {
    let mut map = TopicMap::new();
    for device in 0..10 {
        for value in 0..10 * PASSED_BEFORE_DESCENT {
            map.insert(name_of(format!("{device}/a/{value}")), ());
        }
        map.insert(name_of(format!("{device}/b")), ());
    }
    let expected: Vec<String> = (0..10).map(|device| format!("{device}/b")).collect();
    assert_eq!(found(&map, "+/b"), expected);
}

#[test]
fn as_many_levels_as_a_topic_can_have() {
    let empty_levels = "/".repeat(65_535);
    let name = format!("{}a", "a/".repeat(32_767));
    let mut map = TopicMap::new();
    map.insert(name_of(empty_levels.clone()), ());
    map.insert(name_of(name.clone()), ());
    assert_eq!(found(&map, format!("{}+", "+/".repeat(32_767))), [name.as_str()]);
    assert_eq!(found(&map, format!("{}#", "+/".repeat(32_767))), [empty_levels.clone(), name]);
    assert_eq!(found(&map, empty_levels.clone()), [empty_levels]);
}

#[test]
fn threads_can_share_it() {
    fn shared<T: Send + Sync>() {}
    shared::<TopicMap<String>>();
}

/// One call to the map.
#[derive(Clone, Debug)]
enum Call {
    Insert(TopicName, u16),
    Remove(TopicName),
    Match(TopicFilter),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => (name(), any::<u16>()).prop_map(|(name, value)| Call::Insert(name, value)),
        1 => name().prop_map(Call::Remove),
        3 => filter().prop_map(Call::Match),
    ]
}

/// What `filter` finds, `most` at a time, each time behind the last of those before.
fn in_parts(map: &TopicMap<u16>, filter: &TopicFilter, most: usize) -> Vec<(TopicName, u16)> {
    let mut all: Vec<(TopicName, u16)> = Vec::new();
    loop {
        let before = all.len();
        let after = all.last().map(|(name, _)| name.clone());
        map.visit_matches(filter, after.as_ref(), |name, value| {
            let is_wanted = all.len() < before + most;
            if is_wanted {
                all.push((name.clone(), *value));
            }
            is_wanted
        });
        if all.len() == before {
            return all;
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_comparing_each_name(calls in prop::collection::vec(call(), 1..80)) {
        let mut map = TopicMap::new();
        let mut model: Vec<(TopicName, u16)> = Vec::new();
        for call in calls {
            match call {
                Call::Insert(name, value) => {
                    let known = model.iter_mut().find(|(n, _)| *n == name);
                    let replaced = known.map(|known| std::mem::replace(&mut known.1, value));
                    prop_assert_eq!(map.insert(name.clone(), value), replaced);
                    if replaced.is_none() {
                        model.push((name, value));
                    }
                }
                Call::Remove(name) => {
                    let known = model.iter().position(|(n, _)| *n == name);
                    let removed = known.map(|known| model.swap_remove(known).1);
                    prop_assert_eq!(map.remove(&name), removed);
                }
                Call::Match(filter) => {
                    let mut seen = Vec::new();
                    map.for_each_match(&filter, |name, value| seen.push((name.clone(), *value)));
                    let mut expected = model.clone();
                    expected.retain(|(name, _)| filter.matches(name));
                    expected.sort_by(|(one, _), (other, _)| one.levels().cmp(other.levels()));
                    prop_assert_eq!(&seen, &expected);
                    for most in 1..=3 {
                        prop_assert_eq!(&in_parts(&map, &filter, most), &expected);
                    }
                }
            }
            prop_assert_eq!(map.len(), model.len());
            prop_assert_eq!(map.is_empty(), model.is_empty());
        }
    }
}
