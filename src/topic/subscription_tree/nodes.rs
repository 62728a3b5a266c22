//! The tree's nodes, and the vector that they lie in.

use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

use super::subscribers::Subscribers;

/// What hangs from one level of the tree.
#[derive(Clone, Debug)]
pub(super) struct Node<K, V> {
    /// The child under `+`.
    pub(super) one_level: Option<NodeId>,
    /// How many children there are under levels with a text; a lookup passes by when there is none.
    pub(super) named: u32,
    /// Those whose Topic Filter ends here. Boxed, never empty: most nodes have none.
    pub(super) here: Option<Box<Subscribers<K, V>>>,
    /// Those whose Topic Filter goes on with `#`.
    pub(super) below: Option<Box<Subscribers<K, V>>>,
}

impl<K, V> Node<K, V> {
    /// Whether no filter ends here or goes on from here.
    pub(super) fn is_unused(&self) -> bool {
        self.one_level.is_none() && self.named == 0 && self.here.is_none() && self.below.is_none()
    }

    /// Where the subscribers stand whose filter goes on with `#`, or else ends here.
    pub(super) fn subscribers_mut(
        &mut self,
        ends_in_hash: bool,
    ) -> &mut Option<Box<Subscribers<K, V>>> {
        if ends_in_hash { &mut self.below } else { &mut self.here }
    }
}

impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Self { one_level: None, named: 0, here: None, below: None }
    }
}

/// A node's place in the vector, counted from 1, so that an absent child costs no space.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct NodeId(NonZeroU32);

impl NodeId {
    /// The node above all first levels.
    pub(super) const ROOT: Self = Self(NonZeroU32::MIN);

    pub(super) fn number(self) -> u32 {
        self.0.get()
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A vector of nodes whose places are used again. It always holds the root.
#[derive(Clone, Debug)]
pub(super) struct Nodes<N> {
    /// A place that is vacant holds a default node.
    places: Vec<N>,
    vacant: Vec<NodeId>,
}

impl<N: Default> Nodes<N> {
    pub(super) fn new() -> Self {
        Self { places: vec![N::default()], vacant: Vec::new() }
    }

    /// Adds a default node.
    pub(super) fn add(&mut self) -> NodeId {
        self.vacant.pop().unwrap_or_else(|| {
            self.places.push(N::default());
            let count = u32::try_from(self.places.len()).ok().and_then(NonZeroU32::new);
            NodeId(count.expect("at most 2^32 - 1 nodes"))
        })
    }

    /// Drops the node at `id`, which must not be used again.
    pub(super) fn remove(&mut self, id: NodeId) {
        self[id] = N::default();
        self.vacant.push(id);
    }

    /// The nodes in use.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &N)> {
        let mut used = vec![true; self.places.len()];
        self.vacant.iter().for_each(|id| used[id.index()] = false);
        (1..=u32::MAX)
            .filter_map(|place| NonZeroU32::new(place).map(NodeId))
            .zip(&self.places)
            .filter(move |(id, _)| used[id.index()])
    }
}

impl<N> Index<NodeId> for Nodes<N> {
    type Output = N;

    fn index(&self, id: NodeId) -> &N {
        &self.places[id.index()]
    }
}

impl<N> IndexMut<NodeId> for Nodes<N> {
    fn index_mut(&mut self, id: NodeId) -> &mut N {
        &mut self.places[id.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_used_again_and_empty() {
        let mut nodes: Nodes<&str> = Nodes::new();
        let first = nodes.add();
        let second = nodes.add();
        nodes[first] = "first";
        nodes[second] = "second";
        nodes.remove(first);
        assert!(nodes.iter().eq([(NodeId::ROOT, &""), (second, &"second")]));
        assert_eq!(nodes.add(), first);
        assert_eq!(nodes[first], "");
    }

    #[test]
    fn an_absent_child_costs_no_space() {
        assert_eq!(size_of::<Option<NodeId>>(), size_of::<u32>());
    }
}
