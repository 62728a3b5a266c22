//! Topic Names and Topic Filters for property tests: few and short levels, so that they meet.

use proptest::prelude::*;

use super::{TopicFilter, TopicName};

/// Up to four levels, some of them empty, some with `$`, some with octets around the separator's.
pub(super) fn name() -> impl Strategy<Value = TopicName> {
    prop::collection::vec(level(), 1..5)
        .prop_filter_map("a name is not empty", |levels| TopicName::new(levels.join("/")).ok())
}

/// The same, with wildcards.
pub(super) fn filter() -> impl Strategy<Value = TopicFilter> {
    let level = prop_oneof![3 => level(), 1 => Just("+")];
    (prop::collection::vec(level, 0..5), prop::bool::weighted(0.3)).prop_filter_map(
        "a filter is not empty",
        |(mut levels, ends_in_hash)| {
            if ends_in_hash {
                levels.push("#");
            }
            TopicFilter::new(levels.join("/")).ok()
        },
    )
}

fn level() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just("a"),
        3 => Just("b"),
        2 => Just(""),
        2 => prop::sample::select(vec!["$", "$a", "%", "a!", "aa", "A", "\u{1}", "\u{e9}"]),
    ]
}
