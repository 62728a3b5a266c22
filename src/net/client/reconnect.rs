//! When to connect again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// How to go on when the connection is lost.
///
/// Waits double from one attempt to the next, and each is shortened at random by up to a half:
/// when a Server comes back, its Clients do not all come back in the same moment. A connection
/// that has lasted for longer than the wait before it begins anew with the first.
///
/// Not gone on after is what the next attempt would only meet again: a refusal for another reason
/// than that the Server is unavailable, a breach of the protocol by the Server, and a certificate
/// that does not count.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reconnect {
    /// The longest that the first attempt waits. Default: half a second.
    pub first_wait: Duration,
    /// The longest that any attempt waits. Default: one minute.
    pub longest_wait: Duration,
    /// How many attempts in a row may fail before the Client ends; `None`, the default, for no end.
    pub attempts: Option<u32>,
    /// Whether to try again also when there has not been a connection yet. Default: no, because
    /// who waits for [`Client::connect`](super::Client::connect) wants to know what is wrong.
    pub from_the_start: bool,
}

impl Default for Reconnect {
    fn default() -> Self {
        let (first_wait, longest_wait) = (Duration::from_millis(500), Duration::from_secs(60));
        Self { first_wait, longest_wait, attempts: None, from_the_start: false }
    }
}

/// The waits between attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    rule: Reconnect,
    failed: u32,
    /// The last wait that was given.
    wait: Duration,
}

impl Backoff {
    pub(super) const fn new(rule: Reconnect) -> Self {
        Self { rule, failed: 0, wait: Duration::ZERO }
    }

    pub(super) const fn rule(&self) -> &Reconnect {
        &self.rule
    }

    /// A connection was accepted, and has lasted for so long.
    pub(super) fn lasted(&mut self, time: Duration) {
        if time > self.wait {
            (self.failed, self.wait) = (0, Duration::ZERO);
        }
    }

    /// How long to wait for the next attempt; `None` when there have been enough.
    pub(super) fn next(&mut self) -> Option<Duration> {
        // The seed of a hash map is the randomness that the standard library has.
        self.next_with(RandomState::new().hash_one(self.failed))
    }

    fn next_with(&mut self, random: u64) -> Option<Duration> {
        if self.rule.attempts.is_some_and(|most| self.failed >= most) {
            return None;
        }
        let doubled = self.rule.first_wait.saturating_mul(1 << self.failed.min(31));
        let longest = doubled.min(self.rule.longest_wait);
        self.failed = self.failed.saturating_add(1);
        let part = f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        self.wait = longest.min(A_DAY).mul_f64(1.0 - part / 2.0);
        Some(self.wait)
    }
}

/// Nobody means to wait for longer, whatever the options say.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(attempts: Option<u32>) -> Reconnect {
        let (first_wait, longest_wait) = (Duration::from_secs(1), Duration::from_secs(10));
        Reconnect { first_wait, longest_wait, attempts, ..Reconnect::default() }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(rule(None));
        let waits: Vec<_> = (0..6).filter_map(|_| backoff.next_with(0)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10].map(Duration::from_secs));
        for _ in 0..100 {
            assert!(backoff.next_with(0).is_some(), "for ever");
        }
    }

    #[test]
    fn a_wait_is_shortened_by_up_to_a_half() {
        let all = Backoff::new(rule(None)).next_with(u64::MAX).unwrap();
        assert!((500..501).contains(&all.as_millis()), "{all:?}");
        for _ in 0..100 {
            let wait = Backoff::new(rule(None)).next().unwrap();
            assert!((500..=1_000).contains(&wait.as_millis()), "{wait:?}");
        }
    }

    #[test]
    fn only_a_connection_that_lasted_begins_anew() {
        let mut backoff = Backoff::new(rule(Some(3)));
        for _ in 0..3 {
            assert!(backoff.next_with(0).is_some());
            backoff.lasted(Duration::from_millis(900));
        }
        assert_eq!(backoff.next_with(0), None, "three attempts, and none has lasted");
        backoff.lasted(Duration::from_secs(5));
        assert_eq!(backoff.next_with(0), Some(Duration::from_secs(1)));
    }
}
