//! Topic Names and Topic Filters: what they may hold, and which reaches which.
//!
//! Both are checked once, where they are made; whoever holds one need not look again. Matching
//! compares levels octet by octet: nothing is normalised, folded or trimmed.
//!
//! Clauses: section 4.7. Not here: who may use a topic, and Control Packets, which import this.

mod check;
mod filter;
mod filter_sets;
mod invalid;
mod name;
pub(crate) mod scan;
#[cfg(test)]
mod strategies;
mod subscription_tree;
mod topic_map;

pub use filter::TopicFilter;
pub use invalid::{InvalidTopic, InvalidTopicKind};
pub use name::TopicName;
pub use subscription_tree::SubscriptionTree;
pub use topic_map::TopicMap;

/// The topic level separator.
const SEPARATOR: u8 = b'/';
/// The wildcard that stands for one level.
const ONE_LEVEL: u8 = b'+';
/// The wildcard that stands for the level it is under and all levels below.
const ALL_LEVELS: u8 = b'#';
