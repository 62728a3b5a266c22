//! How fast a Client may publish: who is ahead of time is not listened to until it has come.
//!
//! Whoever floods a subscriber that does not keep up is not listened to for a moment, either: what
//! would be dropped for want of room need not be read yet.
//!
//! Nothing is lost by it. The Client's packets wait in its own socket, and its Keep Alive is kept
//! by those that are taken.

use std::time::{Duration, Instant};

/// How far a Client is ahead of the rate it may publish at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The time that each PUBLISH takes up; zero for no bound.
    interval: Duration,
    /// When all that was published would have been in time.
    due: Option<Instant>,
}

/// What may come at once after a pause: as much as this time has room for.
const BURST: Duration = Duration::from_secs(1);

impl Pace {
    /// At most `rate` messages a second; 0 for no bound.
    pub(super) fn new(rate: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(rate).unwrap_or(Duration::ZERO);
        Self { interval, due: None }
    }

    /// A PUBLISH has come.
    pub(super) fn published(&mut self, now: Instant) {
        if !self.interval.is_zero() {
            let due = self.due.map_or(now, |due| due.max(now));
            self.due = Some(due + self.interval);
        }
    }

    /// Nothing more is to be looked at before `until`; whoever has a rate is slow enough.
    pub(super) fn pause(&mut self, until: Instant) {
        if self.interval.is_zero() {
            self.due = Some(until + BURST);
        }
    }

    /// When the next packet is to be looked at; `None` for at once.
    pub(super) fn resumes(&self, now: Instant) -> Option<Instant> {
        let resumes = self.due?.checked_sub(BURST)?;
        (resumes > now).then_some(resumes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_messages_may_come_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(10);
        for _ in 0..10 {
            assert_eq!(pace.resumes(start), None);
            pace.published(start);
        }
        assert_eq!(pace.resumes(start), None, "ten are in time");
        pace.published(start);
        let resumes = start + Duration::from_millis(100);
        assert_eq!(pace.resumes(start), Some(resumes));
        assert_eq!(pace.resumes(resumes), None);
    }

    #[test]
    fn the_rate_holds_over_time() {
        let start = Instant::now();
        let mut now = start;
        let mut pace = Pace::new(100);
        for _ in 0..1_000 {
            now = pace.resumes(now).unwrap_or(now);
            pace.published(now);
        }
        let taken = now - start;
        assert!((8_900..=9_000).contains(&taken.as_millis()), "{taken:?}");
    }

    #[test]
    fn a_pause_ends() {
        let start = Instant::now();
        let until = start + Duration::from_millis(3);
        let mut pace = Pace::new(0);
        pace.pause(until);
        pace.published(start);
        assert_eq!(pace.resumes(start), Some(until));
        assert_eq!(pace.resumes(until), None);
    }

    #[test]
    fn without_a_bound_nobody_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(0);
        (0..100_000).for_each(|_| pace.published(start));
        assert_eq!(pace.resumes(start), None);
    }
}
