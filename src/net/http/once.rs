//! Work that is done once for all who ask while it goes on.
//!
//! To look at a million Sessions takes tenths of a second of a core. However many ask at once, one
//! does it at a time, and whoever asked before that began gets what came of it: nobody gets
//! something from before they asked.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What came of the last work, and when that was begun.
#[derive(Debug)]
pub(super) struct Once<T>(Mutex<Option<(Instant, T)>>);

impl<T: Clone> Once<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Does `work`, or waits for somebody who does; on a thread that may block.
    pub(super) fn get(&self, work: impl FnOnce() -> T) -> T {
        self.since(Instant::now(), work)
    }

    /// What was begun at `asked` or later.
    fn since(&self, asked: Instant, work: impl FnOnce() -> T) -> T {
        // Whoever has panicked has left nothing behind.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((begun, done)) = &*last
            && *begun >= asked
        {
            return done.clone();
        }
        let begun = Instant::now();
        let done = work();
        *last = Some((begun, done.clone()));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_after_the_question_answers_it_and_nothing_older() {
        let once = Once::new();
        let early = Instant::now();
        assert_eq!(once.get(|| 1), 1);
        assert_eq!(once.since(early, || 2), 1, "it was asked before that was begun");
        assert_eq!(once.get(|| 3), 3, "and this was not");
    }
}
