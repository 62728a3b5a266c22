//! Operations on both topic trees against lists that are looked through from end to end.

use std::collections::BTreeMap;

use mqttspec::topic::{SubscriptionTree, TopicFilter, TopicMap, TopicName};

use super::choices::Choices;

/// Few levels, so that they meet; some that look like something else.
const LEVELS: [&str; 8] = ["a", "b", "", "$x", "aa", "+", "#", "\u{e9}"];

/// Has operations chosen by `octets` done to the trees and to lists: both find the same.
pub fn topics(octets: &[u8]) {
    let mut choices = Choices::new(octets);
    let mut tree = SubscriptionTree::new();
    let mut list = BTreeMap::<(TopicFilter, u8), u8>::new();
    let mut map = TopicMap::new();
    let mut names = BTreeMap::<TopicName, u8>::new();
    while !choices.is_empty() {
        let what = choices.below(6);
        let text = text(&mut choices);
        let (name, filter) = (TopicName::new(text.clone()), TopicFilter::new(text));
        let (key, value) = (u8::try_from(choices.below(4)).unwrap_or(0), choices.octet());
        match (what, name, filter) {
            (0, _, Ok(filter)) => {
                assert_eq!(tree.insert(&filter, key, value), list.insert((filter, key), value));
            }
            (1, _, Ok(filter)) => {
                assert_eq!(tree.remove(&filter, &key), list.remove(&(filter, key)));
            }
            (2, Ok(name), _) => {
                let mut found = Vec::new();
                tree.for_each_match(&name, |&key, &value| found.push((key, value)));
                let matching = list.iter().filter(|((filter, _), _)| matches(filter, &name));
                let mut expected: Vec<_> =
                    matching.map(|((_, key), value)| (*key, *value)).collect();
                found.sort_unstable();
                expected.sort_unstable();
                assert_eq!(found, expected, "{name:?}");
            }
            (3, Ok(name), _) => {
                assert_eq!(map.insert(name.clone(), value), names.insert(name, value))
            }
            (4, Ok(name), _) => assert_eq!(map.remove(&name), names.remove(&name)),
            (5, _, Ok(filter)) => {
                let mut found = Vec::new();
                map.for_each_match(&filter, |name, &value| found.push((name.clone(), value)));
                let matching = names.iter().filter(|(name, _)| matches(&filter, name));
                let expected: Vec<_> =
                    matching.map(|(name, value)| (name.clone(), *value)).collect();
                found.sort_unstable();
                assert_eq!(found, expected, "{filter:?}");
            }
            _ => {}
        }
        assert_eq!((tree.len(), map.len()), (list.len(), names.len()));
        tree.check_invariants();
    }
}

fn text(choices: &mut Choices<'_>) -> String {
    let count = 1 + choices.below(4);
    (0..count).map(|_| choices.one_of(&LEVELS)).collect::<Vec<_>>().join("/")
}

/// [MQTT-4.7.1-2], [MQTT-4.7.1-3], [MQTT-4.7.2-1], as they are written down.
fn matches(filter: &TopicFilter, name: &TopicName) -> bool {
    fn levels(filter: &[&str], name: &[&str]) -> bool {
        match (filter, name) {
            (["#"], _) => true,
            (["+", filter @ ..], [_, name @ ..]) => levels(filter, name),
            ([wanted, filter @ ..], [level, name @ ..]) => wanted == level && levels(filter, name),
            ([], []) => true,
            _ => false,
        }
    }
    let (filter, name) = (filter.as_str(), name.as_str());
    let is_hidden = name.starts_with('$') && filter.starts_with(['+', '#']);
    let (filter, name): (Vec<_>, Vec<_>) = (filter.split('/').collect(), name.split('/').collect());
    !is_hidden && levels(&filter, &name)
}
