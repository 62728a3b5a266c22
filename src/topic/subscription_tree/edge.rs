//! The way from a node to one of its children.

use std::hash::{Hash, Hasher};

use super::levels::LevelId;
use super::nodes::NodeId;

/// A node, and the level that leads on from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Edge {
    pub(super) from: NodeId,
    pub(super) level: LevelId,
}

impl Hash for Edge {
    /// Both numbers as one, which std's hasher takes in faster than one after the other.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.from.number()) << 32 | u64::from(self.level.number()));
    }
}
