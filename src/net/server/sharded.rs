//! Counters that many threads add to without meeting: each has a place of its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many places there are. Threads beyond share them.
pub(super) const PLACES: usize = 16;

/// The place of this thread.
pub(super) fn place() -> usize {
    thread_local! {
        static PLACE: Cell<usize> = const { Cell::new(PLACES) };
    }
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    let mut place = PLACE.get();
    if place == PLACES {
        place = THREADS.fetch_add(1, Ordering::Relaxed) % PLACES;
        PLACE.set(place);
    }
    place
}

/// So many counters, each the sum of what all threads have added.
#[derive(Debug)]
pub(super) struct Sharded<const N: usize>([Shard<N>; PLACES]);

/// On cache lines of its own, whatever stands beside it.
#[derive(Debug)]
#[repr(align(128))]
struct Shard<const N: usize>([AtomicU64; N]);

impl<const N: usize> Default for Sharded<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Shard(std::array::from_fn(|_| AtomicU64::new(0)))))
    }
}

impl<const N: usize> Sharded<N> {
    /// Adds to the counter at `index`.
    pub(super) fn add(&self, index: usize, times: u64) {
        self.0[place()].0[index].fetch_add(times, Ordering::Relaxed);
    }

    /// The counter at `index`.
    pub(super) fn sum(&self, index: usize) -> u64 {
        self.0.iter().map(|shard| shard.0[index].load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_add_is_summed_up() {
        let counters = Sharded::<2>::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * PLACES {
                scope.spawn(|| (0..100).for_each(|_| counters.add(1, 3)));
            }
        });
        assert_eq!((counters.sum(0), counters.sum(1)), (0, 2 * PLACES as u64 * 300));
    }
}
