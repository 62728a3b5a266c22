//! Levels as numbers: equal texts, equal numbers.
//!
//! A Topic Name's level is hashed once, and the tree then compares numbers. The table is keyed at
//! random, because the texts come from strangers.

use std::collections::HashMap;

/// The number that stands for a level.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct LevelId(u32);

impl LevelId {
    pub(super) fn number(self) -> u32 {
        self.0
    }
}

/// The levels in use, each with its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    /// Texts are copies: a slice of the packet they came in would keep all of it in memory.
    used: HashMap<Box<str>, Level>,
    /// Numbers that were given back. Those in use and these are, together, 0 to their count.
    vacant: Vec<LevelId>,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    id: LevelId,
    /// Never 0.
    uses: u32,
}

impl Levels {
    /// The number of `text`; `None` when nobody uses it.
    pub(super) fn find(&self, text: &str) -> Option<LevelId> {
        self.used.get(text).map(|level| level.id)
    }

    /// The number of `text`, which has one more use from now on.
    pub(super) fn acquire(&mut self, text: &str) -> LevelId {
        if let Some(level) = self.used.get_mut(text) {
            level.uses += 1;
            return level.id;
        }
        let id = self.vacant.pop().unwrap_or_else(|| {
            // Each level has a node, and nodes run out first.
            LevelId(u32::try_from(self.used.len()).expect("no more levels than nodes"))
        });
        self.used.insert(text.into(), Level { id, uses: 1 });
        id
    }

    /// Gives back one use of `text`, which must be in use, and returns what was its number.
    pub(super) fn release(&mut self, text: &str) -> LevelId {
        let level = self.used.get_mut(text).expect("only a level in use is released");
        let id = level.id;
        level.uses -= 1;
        if level.uses == 0 {
            self.used.remove(text);
            self.vacant.push(id);
        }
        id
    }

    /// Whether no level is in use.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Panics unless the levels in use are those of `uses`, as often as it says.
    pub(super) fn check_invariants(&self, uses: &HashMap<LevelId, u32>) {
        assert_eq!(self.used.len(), uses.len(), "levels in use");
        assert!(self.used.values().all(|level| uses.get(&level.id) == Some(&level.uses)));
        let count = self.used.len() + self.vacant.len();
        let mut seen = vec![false; count];
        self.used.values().map(|level| &level.id).chain(&self.vacant).for_each(|id| {
            assert!(!std::mem::replace(&mut seen[id.0 as usize], true), "{id:?} stands twice");
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_until_the_last_use() {
        let mut levels = Levels::default();
        let sport = levels.acquire("sport");
        assert_eq!(levels.acquire("sport"), sport);
        assert_ne!(levels.acquire("Sport"), sport);
        levels.release("sport");
        assert_eq!(levels.find("sport"), Some(sport));
        levels.release("sport");
        assert_eq!(levels.find("sport"), None);
        assert_eq!(levels.acquire(""), sport, "a number that was given back is used again");
    }
}
