//! Rows of filters and names, long and numerous ones, and any sequence of calls against the
//! comparison of one filter with one name.

use proptest::prelude::*;

use super::super::strategies::{filter, name};
use super::*;

/// The keys that a name reaches, sorted.
fn reached<V>(tree: &SubscriptionTree<&'static str, V>, name: &str) -> Vec<&'static str> {
    let mut keys = Vec::new();
    tree.for_each_match(&TopicName::new(name).unwrap(), |key, _| keys.push(*key));
    keys.sort_unstable();
    keys
}

fn filter_of(text: impl Into<bytestring::ByteString>) -> TopicFilter {
    TopicFilter::new(text).unwrap()
}

macro_rules! reaches {
    ($($test:ident: $topic:expr => $expected:expr;)+) => {$(
        #[test]
        fn $test() {
            let filters = [
                "#", "+", "+/#", "/", "/+", "$SYS/#", "$SYS/+", "+/+", "sport", "sport/", "sport/#",
                "sport/+", "sport/+/#", "sport/tennis", "sport/tennis/#", "Sport", "+/tennis/#",
            ];
            let mut tree = SubscriptionTree::new();
            for text in filters {
                tree.insert(&filter_of(text), text, ());
            }
            let expected: [&str; _] = $expected;
            assert_eq!(reached(&tree, $topic), expected);
        }
    )+};
}

reaches! {
    // Topic Name => Topic Filters, sorted
    one_level:      "sport"             => ["#", "+", "+/#", "sport", "sport/#"];
    other_case:     "Sport"             => ["#", "+", "+/#", "Sport"]; // [MQTT-4.7.3-4]
    composed:       "spo\u{301}rt"      => ["#", "+", "+/#"];          // [MQTT-4.7.3-4]
    empty_last:     "sport/"            => ["#", "+/#", "+/+", "sport/", "sport/#", "sport/+", "sport/+/#"];
    two_levels:     "sport/tennis"      => ["#", "+/#", "+/+", "+/tennis/#", "sport/#", "sport/+", "sport/+/#", "sport/tennis", "sport/tennis/#"];
    three_levels:   "sport/tennis/one"  => ["#", "+/#", "+/tennis/#", "sport/#", "sport/+/#", "sport/tennis/#"];
    empty_levels:   "/"                 => ["#", "+/#", "+/+", "/", "/+"];
    three_empty:    "//"                => ["#", "+/#"];
    other_word:     "sports"            => ["#", "+", "+/#"];
    reserved:       "$SYS/uptime"       => ["$SYS/#", "$SYS/+"];       // [MQTT-4.7.2-1]
    reserved_root:  "$SYS"              => ["$SYS/#"];                 // [MQTT-4.7.2-1]
    reserved_other: "$other"            => [];                         // [MQTT-4.7.2-1]
    dollar_below:   "sport/$SYS"        => ["#", "+/#", "+/+", "sport/#", "sport/+", "sport/+/#"];
}

#[test]
fn the_same_filter_and_key_replaces() {
    // [MQTT-3.8.4-3] One subscription, with the value of the later one.
    let mut tree = SubscriptionTree::new();
    assert!(tree.is_empty());
    assert_eq!(tree.insert(&filter_of("a/+"), "ann", 0), None);
    assert!(!tree.is_empty());
    assert_eq!(tree.insert(&filter_of("a/+"), "ann", 2), Some(0));
    assert_eq!(tree.insert(&filter_of("a/+"), "bob", 1), None);
    assert_eq!(tree.insert(&filter_of("a/b"), "ann", 1), None, "another filter adds");
    assert_eq!(tree.len(), 3);

    let mut seen = Vec::new();
    tree.for_each_match(&TopicName::new("a/b").unwrap(), |key, value| seen.push((*key, *value)));
    seen.sort_unstable();
    assert_eq!(seen, [("ann", 1), ("ann", 2), ("bob", 1)]);
}

#[test]
fn only_the_identical_filter_removes() {
    // [MQTT-3.10.4-1] Wildcards are compared as characters, and nothing else happens.
    let mut tree = SubscriptionTree::new();
    tree.insert(&filter_of("a/b"), "ann", ());
    for other in ["#", "a/#", "a/+", "+/b", "a/b/#", "a/b/", "/a/b", "A/b", "a", "+/+"] {
        assert_eq!(tree.remove(&filter_of(other), &"ann"), None, "{other}");
    }
    assert_eq!(tree.remove(&filter_of("a/b"), &"bob"), None);
    assert_eq!(reached(&tree, "a/b"), ["ann"]);
    assert_eq!(tree.remove(&filter_of("a/b"), &"ann"), Some(()));
    assert!(tree.is_empty());
}

#[test]
fn all_is_given_back() {
    let filters = ["#", "+", "+/+/#", "a", "a/b", "a/b/#", "a/+/c", "/", "//", "a/b/c/d/e", "b"];
    let mut tree = SubscriptionTree::new();
    for round in 0..3 {
        for (filter, key) in filters.iter().flat_map(|filter| [(filter, 1), (filter, 2)]) {
            assert_eq!(tree.insert(&filter_of(*filter), key, round), None);
            tree.check_invariants();
        }
        for (filter, key) in filters.iter().flat_map(|filter| [(filter, 2), (filter, 1)]) {
            assert_eq!(tree.remove(&filter_of(*filter), &key), Some(round));
            tree.check_invariants();
        }
        assert_eq!(tree.len(), 0);
        assert_eq!(tree.edges.len(), 0);
        assert!(tree.levels.is_empty());
        assert_eq!(tree.nodes.iter().count(), 1, "the root is left");
    }
}

#[test]
fn as_many_levels_as_a_topic_can_have() {
    let empty_levels = "/".repeat(65_535);
    let wildcards = format!("{}+", "+/".repeat(32_767));
    let name = format!("{}a", "a/".repeat(32_767));
    let mut tree = SubscriptionTree::new();
    for (filter, key) in [(&empty_levels, "empty"), (&wildcards, "wildcards"), (&name, "name")] {
        tree.insert(&filter_of(filter.clone()), key, ());
    }
    tree.check_invariants();
    assert_eq!(reached(&tree, &empty_levels), ["empty"]);
    assert_eq!(reached(&tree, &name), ["name", "wildcards"]);
    for (filter, key) in [(empty_levels, "empty"), (wildcards, "wildcards"), (name, "name")] {
        assert_eq!(tree.remove(&filter_of(filter), &key), Some(()));
    }
    tree.check_invariants();
}

#[test]
fn every_wildcard_that_can_stand_for_a_level_is_followed() {
    // 2^10 filters, more than the frontier has room for on the stack.
    let mut tree = SubscriptionTree::new();
    for bits in 0..1024_u32 {
        let levels: Vec<&str> =
            (0..10).map(|level| if bits >> level & 1 == 1 { "+" } else { "a" }).collect();
        tree.insert(&filter_of(levels.join("/")), bits, ());
    }
    let mut keys = Vec::new();
    tree.for_each_match(&TopicName::new("a/a/a/a/a/a/a/a/a/a").unwrap(), |key, ()| keys.push(*key));
    keys.sort_unstable();
    assert!(keys.into_iter().eq(0..1024));
}

#[test]
fn equal_histories_give_equal_orders() {
    let history = || {
        let mut tree = SubscriptionTree::new();
        for key in 0..100 {
            for filter in ["#", "a/+", "a/b", "+/b", "a/#"] {
                tree.insert(&filter_of(filter), key, ());
            }
        }
        for key in (0..100).step_by(3) {
            tree.remove(&filter_of("a/b"), &key);
        }
        let mut order = Vec::new();
        tree.for_each_match(&TopicName::new("a/b").unwrap(), |key, ()| order.push(*key));
        order
    };
    assert_eq!(history(), history());
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut tree = SubscriptionTree::new();
    tree.insert(&filter_of("a"), "ann", ());
    let before = tree.clone();
    tree.remove(&filter_of("a"), &"ann");
    assert_eq!(reached(&before, "a"), ["ann"]);
    assert_eq!(reached(&tree, "a"), [""; 0]);
}

#[test]
fn threads_can_share_it() {
    fn shared<T: Send + Sync>() {}
    shared::<SubscriptionTree<String, u8>>();
}

/// One call to the tree.
#[derive(Clone, Debug)]
enum Call {
    Insert(TopicFilter, u8, u16),
    Remove(TopicFilter, u8),
    Match(TopicName),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => (filter(), 0..3_u8, any::<u16>()).prop_map(|(f, key, value)| Call::Insert(f, key, value)),
        3 => (filter(), 0..3_u8).prop_map(|(f, key)| Call::Remove(f, key)),
        3 => name().prop_map(Call::Match),
    ]
}

proptest! {
    #[test]
    fn agrees_with_comparing_each_filter(calls in prop::collection::vec(call(), 1..80)) {
        let mut tree = SubscriptionTree::new();
        let mut model: Vec<(TopicFilter, u8, u16)> = Vec::new();
        for call in calls {
            match call {
                Call::Insert(filter, key, value) => {
                    let known = model.iter_mut().find(|(f, k, _)| *f == filter && *k == key);
                    let replaced = known.map(|known| std::mem::replace(&mut known.2, value));
                    prop_assert_eq!(tree.insert(&filter, key, value), replaced);
                    if replaced.is_none() {
                        model.push((filter, key, value));
                    }
                }
                Call::Remove(filter, key) => {
                    let known = model.iter().position(|(f, k, _)| *f == filter && *k == key);
                    let removed = known.map(|known| model.swap_remove(known).2);
                    prop_assert_eq!(tree.remove(&filter, &key), removed);
                }
                Call::Match(name) => {
                    let mut seen = Vec::new();
                    tree.for_each_match(&name, |key, value| seen.push((*key, *value)));
                    let matching = model.iter().filter(|(filter, ..)| filter.matches(&name));
                    let mut expected: Vec<_> = matching.map(|(_, key, value)| (*key, *value)).collect();
                    seen.sort_unstable();
                    expected.sort_unstable();
                    prop_assert_eq!(seen, expected);
                }
            }
            prop_assert_eq!(tree.len(), model.len());
        }
        tree.check_invariants();
        for (filter, key, value) in model {
            prop_assert_eq!(tree.remove(&filter, &key), Some(value));
        }
        tree.check_invariants();
        prop_assert_eq!(tree.nodes.iter().count(), 1);
    }
}
