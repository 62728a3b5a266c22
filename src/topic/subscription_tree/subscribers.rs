//! The subscribers of one Topic Filter: usually one, sometimes a hundred thousand.
//!
//! They lie in a vector, which is what a lookup runs through. While they are few, a key is found
//! by looking at each; beyond that an index says where it stands.

use std::collections::HashMap;
use std::hash::Hash;

/// Keys, each once, with their values.
#[derive(Clone, Debug)]
pub(super) struct Subscribers<K, V> {
    entries: Vec<(K, V)>,
    /// There is one when there are more than [`Index::ABOVE`] entries, and none when they are half
    /// as many; between the two it stays as it is, so that coming and going does not rebuild it.
    index: Option<Box<Index<K>>>,
}

/// Where each key stands in the entries.
#[derive(Clone, Debug)]
struct Index<K> {
    positions: HashMap<K, usize>,
}

impl<K, V> Subscribers<K, V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// In the order they came, except that the last one takes the place of one that goes.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }
}

impl<K: Clone + Eq + Hash, V> Subscribers<K, V> {
    /// Sets the value of `key` and returns the one it had.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(position) = self.position(&key) {
            return Some(std::mem::replace(&mut self.entries[position].1, value));
        }
        if let Some(index) = &mut self.index {
            index.positions.insert(key.clone(), self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > Index::<K>::ABOVE {
            self.index = Some(Box::new(Index::of(&self.entries)));
        }
        None
    }

    /// Removes `key` and returns its value.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let position = self.position(key)?;
        let (_, value) = self.entries.swap_remove(position);
        if let Some(index) = &mut self.index {
            index.positions.remove(key);
            if let Some((moved, _)) = self.entries.get(position) {
                *index.positions.get_mut(moved).expect("each entry is in the index") = position;
            }
        }
        // A crowd that has left does not keep its seats.
        if self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2);
            self.index
                .iter_mut()
                .for_each(|index| index.positions.shrink_to(self.entries.len() * 2));
        }
        if self.entries.len() <= Index::<K>::ABOVE / 2 {
            self.index = None;
        }
        Some(value)
    }

    fn position(&self, key: &K) -> Option<usize> {
        match &self.index {
            Some(index) => index.positions.get(key).copied(),
            None => self.entries.iter().position(|(other, _)| other == key),
        }
    }

    /// Panics when it is empty, or the index and the entries disagree.
    pub(super) fn check_invariants(&self) {
        assert!(!self.is_empty(), "no subscriber");
        match &self.index {
            None => assert!(self.len() <= Index::<K>::ABOVE, "no index"),
            Some(index) => {
                assert!(self.len() > Index::<K>::ABOVE / 2, "an index for few");
                assert_eq!(index.positions.len(), self.len(), "keys in the index");
                for (position, (key, _)) in self.entries.iter().enumerate() {
                    assert_eq!(index.positions.get(key), Some(&position), "position in the index");
                }
            }
        }
    }
}

impl<K, V> Default for Subscribers<K, V> {
    fn default() -> Self {
        // Usually one, and a vector left to itself makes room for four.
        Self { entries: Vec::with_capacity(1), index: None }
    }
}

impl<K: Clone + Eq + Hash> Index<K> {
    /// So many entries are looked through about as fast as one key is hashed.
    const ABOVE: usize = 16;

    fn of<V>(entries: &[(K, V)]) -> Self {
        let numbered = entries.iter().enumerate();
        Self { positions: numbered.map(|(position, (key, _))| (key.clone(), position)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_comes_and_goes() {
        let mut subscribers = Subscribers::default();
        for key in 0..100 {
            assert_eq!(subscribers.insert(key, key), None);
            subscribers.check_invariants();
        }
        for key in 0..100 {
            assert_eq!(subscribers.insert(key, key + 1), Some(key));
        }
        assert_eq!(subscribers.len(), 100);
        for key in 0..99 {
            assert_eq!(subscribers.remove(&key), Some(key + 1));
            assert_eq!(subscribers.remove(&key), None);
            subscribers.check_invariants();
        }
        assert!(subscribers.iter().eq(&[(99, 100)]));
        assert!(subscribers.entries.capacity() < 10, "its seats are given back");
        assert_eq!(subscribers.remove(&99), Some(100));
        assert!(subscribers.is_empty());
    }
}
