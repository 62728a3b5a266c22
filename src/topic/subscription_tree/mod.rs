//! Subscriptions by Topic Filter: which of them a Topic Name reaches.
//!
//! A tree with a node for each level, kept flat: levels are numbers, one table leads from a node
//! and a number to the child, and nodes lie in one vector. A lookup goes down level by level with
//! the set of nodes that still match, so it costs what the name and its matches cost, however many
//! subscriptions there are, and neither lookup nor drop recurses: a name may have 65,536 levels.
//!
//! Clauses: [MQTT-3.8.4-3], [MQTT-3.10.4-1], [MQTT-4.7.2-1], [MQTT-4.7.3-4]. Not here: what a
//! subscription means; keys and values are the caller's.

use std::collections::HashMap;
use std::hash::Hash;

use self::edge::Edge;
use self::frontier::Frontier;
use self::levels::{LevelId, Levels};
use self::nodes::{Node, NodeId, Nodes};
use self::subscribers::Subscribers;
use super::{TopicFilter, TopicName};

mod edge;
mod frontier;
mod levels;
mod nodes;
mod subscribers;
#[cfg(test)]
mod tests;

/// Subscriptions, each a value `V` under a Topic Filter and a key `K`, found by Topic Name.
///
/// The key tells subscribers of one filter apart: a Client Identifier, or a number that stands for
/// it. It is cloned once a filter has more than a few subscribers, so it should be cheap to clone.
///
/// Removing a subscription gives back all that only it used. The vectors and tables keep their
/// capacity for the next one.
///
/// # Examples
///
/// ```
/// use mqttspec::topic::{SubscriptionTree, TopicFilter, TopicName};
///
/// let mut tree = SubscriptionTree::new();
/// tree.insert(&TopicFilter::new("sport/#").unwrap(), "ann", 1);
/// tree.insert(&TopicFilter::new("+/tennis").unwrap(), "bob", 0);
///
/// let mut reached = Vec::new();
/// tree.for_each_match(&TopicName::new("sport").unwrap(), |key, qos| reached.push((*key, *qos)));
/// assert_eq!(reached, [("ann", 1)]);
/// ```
#[derive(Clone, Debug)]
pub struct SubscriptionTree<K, V> {
    nodes: Nodes<Node<K, V>>,
    /// From a node to its child under a level. A table of tables would cost each node a table,
    /// and each step a pointer to follow.
    edges: HashMap<Edge, NodeId>,
    /// The levels that edges stand for; each edge counts as one use.
    levels: Levels,
    /// Subscriptions in all nodes.
    len: usize,
}

impl<K, V> SubscriptionTree<K, V> {
    /// A tree without subscriptions.
    pub fn new() -> Self {
        Self { nodes: Nodes::new(), edges: HashMap::new(), levels: Levels::default(), len: 0 }
    }

    /// How many subscriptions there are: pairs of a Topic Filter and a key.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no subscription.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `visit` once for each subscription whose Topic Filter matches `name`.
    ///
    /// A key that subscribed with several matching filters is visited for each of them. The order
    /// follows from the calls of [`insert`](Self::insert) and [`remove`](Self::remove) that came
    /// before, and from nothing else.
    ///
    /// Clauses: [MQTT-4.7.2-1], [MQTT-4.7.3-4].
    pub fn for_each_match(&self, name: &TopicName, mut visit: impl FnMut(&K, &V)) {
        let mut visit_all = |subscribers: &Option<Box<Subscribers<K, V>>>| {
            subscribers
                .iter()
                .flat_map(|set| set.iter())
                .for_each(|(key, value)| visit(key, value));
        };
        // [MQTT-4.7.2-1] A wildcard that begins a filter passes a `$` at the start of the name by;
        // from the second level on wildcards take anything.
        let mut wildcards_take_it = !name.is_reserved();
        let mut frontier = Frontier::default();
        let mut next = Frontier::default();
        frontier.push(NodeId::ROOT);
        for level in name.levels() {
            // [MQTT-4.7.3-4] The level as it came: another spelling is another number, or none.
            let id = self.levels.find(level);
            for node_id in frontier.iter() {
                let node = &self.nodes[node_id];
                if wildcards_take_it {
                    visit_all(&node.below);
                    node.one_level.into_iter().for_each(|child| next.push(child));
                }
                if node.named > 0
                    && let Some(id) = id
                    && let Some(&child) = self.edges.get(&Edge { from: node_id, level: id })
                {
                    next.push(child);
                }
            }
            if next.is_empty() {
                return;
            }
            std::mem::swap(&mut frontier, &mut next);
            next.clear();
            wildcards_take_it = true;
        }
        for node_id in frontier.iter() {
            let node = &self.nodes[node_id];
            visit_all(&node.here);
            // §4.7.1.2 `#` also takes the level it hangs from.
            visit_all(&node.below);
        }
    }

    /// The child of `parent` under a level of a Topic Filter other than `#`.
    fn child(&self, parent: NodeId, level: &str) -> Option<NodeId> {
        if level == "+" {
            return self.nodes[parent].one_level;
        }
        let level = self.levels.find(level)?;
        self.edges.get(&Edge { from: parent, level }).copied()
    }

    /// Makes the child of `parent` under a level of a Topic Filter other than `#`.
    fn add_child(&mut self, parent: NodeId, level: &str) -> NodeId {
        let child = self.nodes.add();
        if level == "+" {
            self.nodes[parent].one_level = Some(child);
        } else {
            let level = self.levels.acquire(level);
            self.edges.insert(Edge { from: parent, level }, child);
            self.nodes[parent].named += 1;
        }
        child
    }

    /// Undoes [`add_child`](Self::add_child).
    fn remove_child(&mut self, parent: NodeId, level: &str) {
        let child = if level == "+" {
            self.nodes[parent].one_level.take()
        } else {
            let level = self.levels.release(level);
            self.nodes[parent].named -= 1;
            self.edges.remove(&Edge { from: parent, level })
        };
        self.nodes.remove(child.expect("only a child that is there is removed"));
    }
}

impl<K: Clone + Eq + Hash, V> SubscriptionTree<K, V> {
    /// Subscribes `key` to `filter` with `value`.
    ///
    /// Returns the value that `key` had under an identical filter, which this one replaces; `None`
    /// when the subscription is new.
    ///
    /// Clause: [MQTT-3.8.4-3].
    ///
    /// # Panics
    ///
    /// When the tree would have more than 4,294,967,295 nodes.
    pub fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        let mut node = NodeId::ROOT;
        let mut ends_in_hash = false;
        for level in filter.levels() {
            if level == "#" {
                ends_in_hash = true;
            } else {
                node = self.child(node, level).unwrap_or_else(|| self.add_child(node, level));
            }
        }
        // [MQTT-3.8.4-3] The same filter leads to the same place, and the same key stands there once.
        let replaced = self.nodes[node]
            .subscribers_mut(ends_in_hash)
            .get_or_insert_default()
            .insert(key, value);
        self.len += usize::from(replaced.is_none());
        replaced
    }

    /// Ends the subscription of `key` to `filter`.
    ///
    /// Returns its value; `None`, and nothing changes, when `key` has no subscription with exactly
    /// this filter: `a/+` does not end `a/b`, nor `#` everything.
    ///
    /// Clause: [MQTT-3.10.4-1].
    pub fn remove(&mut self, filter: &TopicFilter, key: &K) -> Option<V> {
        let mut node = NodeId::ROOT;
        let mut way_back = Vec::new();
        let mut ends_in_hash = false;
        // [MQTT-3.10.4-1] `+` and `#` are characters to compare here, not wildcards.
        for level in filter.levels() {
            if level == "#" {
                ends_in_hash = true;
            } else {
                way_back.push((node, level));
                node = self.child(node, level)?;
            }
        }
        let place = self.nodes[node].subscribers_mut(ends_in_hash);
        let subscribers = place.as_mut()?;
        let removed = subscribers.remove(key)?;
        if subscribers.is_empty() {
            *place = None;
        }
        self.len -= 1;
        while self.nodes[node].is_unused()
            && let Some((parent, level)) = way_back.pop()
        {
            self.remove_child(parent, level);
            node = parent;
        }
        Some(removed)
    }

    /// Checks what the tree relies on, in time that grows with its size; for tests.
    ///
    /// Each node but the root has one parent, knows how many children it has, and leads to a
    /// subscription; each level is used by as many edges as it counts; nothing is left over.
    ///
    /// # Panics
    ///
    /// When any of that does not hold.
    pub fn check_invariants(&self) {
        let mut parents: HashMap<NodeId, usize> = HashMap::new();
        let mut children: HashMap<NodeId, u32> = HashMap::new();
        let mut uses: HashMap<LevelId, u32> = HashMap::new();
        self.edges.iter().for_each(|(edge, &child)| {
            *parents.entry(child).or_default() += 1;
            *children.entry(edge.from).or_default() += 1;
            *uses.entry(edge.level).or_default() += 1;
        });
        self.levels.check_invariants(&uses);

        let mut subscriptions = 0;
        let mut nodes = 0;
        for (id, node) in self.nodes.iter() {
            nodes += 1;
            node.one_level.into_iter().for_each(|child| *parents.entry(child).or_default() += 1);
            assert_eq!(node.named, children.remove(&id).unwrap_or(0), "children of {id:?}");
            assert!(id == NodeId::ROOT || !node.is_unused(), "{id:?} leads to no subscription");
            for subscribers in [&node.here, &node.below].into_iter().flatten() {
                subscribers.check_invariants();
                subscriptions += subscribers.len();
            }
        }
        assert!(children.is_empty(), "an edge leaves a node that is gone");
        assert!(!parents.contains_key(&NodeId::ROOT), "the root has a parent");
        assert_eq!(parents.len() + 1, nodes, "a node without parent, or a child that is gone");
        assert!(parents.values().all(|&count| count == 1), "a node with two parents");
        assert_eq!(subscriptions, self.len, "subscriptions");
    }
}

impl<K, V> Default for SubscriptionTree<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
