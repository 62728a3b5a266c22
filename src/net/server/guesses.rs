//! How many wrong passwords may come from one place, and how soon more.
//!
//! Time comes in as an argument: this is a value.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::address::Address;

/// The wrong passwords of late.
///
/// A place may give so many at once, and one more after each pause. What is remembered of it is
/// when all of them are forgiven.
#[derive(Debug)]
pub(super) struct Guesses {
    /// How many at once; 0 for no bound.
    most: u32,
    pause: Duration,
    forgiven: BTreeMap<Address, Instant>,
}

/// So many places are remembered. Above it those are forgotten that would be forgiven soonest.
const PLACES: usize = 65_536;

impl Guesses {
    pub(super) const fn new(most: u32, pause: Duration) -> Self {
        Self { most, pause, forgiven: BTreeMap::new() }
    }

    /// Whether another password of `address` is to be looked at.
    pub(super) fn may_guess(&self, address: Address, now: Instant) -> bool {
        let Some(forgiven) = self.forgiven.get(&address) else { return true };
        let (pause, rest) = (self.pause, forgiven.saturating_duration_since(now));
        rest.saturating_add(pause) <= pause.saturating_mul(self.most)
    }

    /// One of `address` was wrong.
    pub(super) fn wrong(&mut self, address: Address, now: Instant) {
        if self.most == 0 || self.pause.is_zero() {
            return;
        }
        if self.forgiven.len() >= PLACES && !self.forgiven.contains_key(&address) {
            self.forget(now);
        }
        let forgiven = self.forgiven.entry(address).or_insert(now);
        *forgiven = (*forgiven).max(now) + self.pause;
    }

    /// Makes room for another place.
    fn forget(&mut self, now: Instant) {
        self.forgiven.retain(|_, forgiven| *forgiven > now);
        if self.forgiven.len() >= PLACES
            && let Some((&soonest, _)) = self.forgiven.iter().min_by_key(|(_, forgiven)| **forgiven)
        {
            self.forgiven.remove(&soonest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(6);
    const HERE: Address = Address::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn so_many_at_once_and_one_more_after_each_pause() {
        let start = Instant::now();
        let mut guesses = Guesses::new(3, PAUSE);
        for _ in 0..3 {
            assert!(guesses.may_guess(HERE, start));
            guesses.wrong(HERE, start);
        }
        assert!(!guesses.may_guess(HERE, start));
        assert!(guesses.may_guess(Address::Local, start), "others may");
        let almost = start + PAUSE - Duration::from_millis(1);
        assert!(!guesses.may_guess(HERE, almost));
        assert!(guesses.may_guess(HERE, start + PAUSE));
        guesses.wrong(HERE, start + PAUSE);
        assert!(!guesses.may_guess(HERE, start + PAUSE));
        // Whoever goes on at the pace that is left gets no more than that.
        let mut taken = 0;
        for second in 6..606 {
            let now = start + Duration::from_secs(second);
            if guesses.may_guess(HERE, now) {
                guesses.wrong(HERE, now);
                taken += 1;
            }
        }
        assert!((99..=100).contains(&taken), "{taken}");
        // All is forgiven after as many pauses.
        let later = start + Duration::from_secs(606) + 3 * PAUSE;
        for _ in 0..3 {
            assert!(guesses.may_guess(HERE, later));
            guesses.wrong(HERE, later);
        }
        assert!(!guesses.may_guess(HERE, later));
    }

    #[test]
    fn without_a_bound_nothing_is_remembered() {
        let start = Instant::now();
        let mut guesses = Guesses::new(0, PAUSE);
        (0..1_000).for_each(|_| guesses.wrong(HERE, start));
        assert!(guesses.may_guess(HERE, start));
        assert!(guesses.forgiven.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_who_guesses_most_is_not_forgotten() {
        let start = Instant::now();
        let mut guesses = Guesses::new(1, PAUSE);
        guesses.wrong(HERE, start);
        guesses.wrong(HERE, start);
        for number in 0..65_600_u32 {
            guesses.wrong(Address::V4(Ipv4Addr::from_bits(number)), start);
        }
        assert_eq!(guesses.forgiven.len(), PLACES);
        assert!(!guesses.may_guess(HERE, start));
        guesses.wrong(Address::Local, start + 2 * PAUSE);
        assert_eq!(guesses.forgiven.len(), 1, "the others were forgiven meanwhile");
    }
}
