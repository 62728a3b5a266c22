//! A store in memory: for tests, and for a server that is rebuilt within one process.

use super::{Store, StoreError};
use crate::broker::{Change, Kept};

/// A store in memory, which ends with the process.
///
/// It is also the measure for every other store: what it gives back is, by definition, right.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Memory {
    kept: Kept,
}

impl Memory {
    /// A store that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that holds `kept`.
    pub const fn with(kept: Kept) -> Self {
        Self { kept }
    }
}

impl Store for Memory {
    fn load(&mut self) -> Result<Kept, StoreError> {
        Ok(self.kept.clone())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        changes.iter().cloned().for_each(|change| self.kept.apply(change));
        Ok(())
    }
}
