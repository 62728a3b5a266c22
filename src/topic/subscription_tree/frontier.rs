//! The nodes that match a Topic Name so far.
//!
//! Nearly always few, so the first ones lie on the stack and a lookup allocates nothing.

use super::nodes::NodeId;

/// Nodes in the order in which they were pushed.
#[derive(Debug)]
pub(super) struct Frontier {
    first: [NodeId; Self::ON_STACK],
    /// How many of `first` count.
    on_stack: usize,
    /// Those that came when `first` was full.
    rest: Vec<NodeId>,
}

impl Frontier {
    /// Each `+` that goes along a name can double the nodes: enough for three of them.
    const ON_STACK: usize = 8;

    pub(super) fn push(&mut self, node: NodeId) {
        match self.first.get_mut(self.on_stack) {
            Some(place) => {
                *place = node;
                self.on_stack += 1;
            }
            None => self.rest.push(node),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> {
        self.first[..self.on_stack].iter().chain(&self.rest).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.on_stack == 0
    }

    pub(super) fn clear(&mut self) {
        self.on_stack = 0;
        self.rest.clear();
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self { first: [NodeId::ROOT; Self::ON_STACK], on_stack: 0, rest: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::nodes::Nodes;
    use super::*;

    #[test]
    fn keeps_order_beyond_the_stack_and_forgets_all() {
        let mut nodes: Nodes<u8> = Nodes::new();
        let ids: Vec<NodeId> = (0..3 * Frontier::ON_STACK).map(|_| nodes.add()).collect();
        let mut frontier = Frontier::default();
        assert!(frontier.is_empty());
        for &id in &ids {
            frontier.push(id);
        }
        assert!(frontier.iter().eq(ids.iter().copied()));
        frontier.clear();
        assert!(frontier.is_empty());
        assert_eq!(frontier.iter().count(), 0);
    }
}
