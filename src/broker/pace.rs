//! How fast a Client may publish: who is ahead of time is not listened to until it has come.
//!
//! Whoever floods a subscriber that does not keep up is not listened to for a moment, either: what
//! would be dropped for want of room need not be read yet.
//!
//! Nothing is lost by it. The Client's packets wait in its own socket, and its Keep Alive is kept
//! by those that are taken. Only when its connection has to end now there is no time to wait: all
//! that has come is looked at, and what is ahead of time is not taken over, nor acknowledged.

use std::time::{Duration, Instant};

/// How far a Client is ahead of the rate it may publish at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The nanoseconds that each PUBLISH takes up; 0 for no bound.
    interval: u32,
    haste: Haste,
    /// When all that was published would have been in time.
    due: Option<Instant>,
}

/// What becomes of a PUBLISH that is ahead of time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Haste {
    /// It waits for its time.
    None,
    /// Nothing waits any more: it would not be taken over.
    Now,
    /// One was not taken over, and so no other is: they would be out of order.
    TooLate,
}

/// What may come at once after a pause: as much as this time has room for.
const BURST: Duration = Duration::from_secs(1);

impl Pace {
    /// At most `rate` messages a second; 0 for no bound.
    pub(super) fn new(rate: u32) -> Self {
        let interval = 1_000_000_000_u32.checked_div(rate).unwrap_or(0);
        Self { interval, haste: Haste::None, due: None }
    }

    /// A PUBLISH has come: whether it may be taken over.
    pub(super) fn published(&mut self, now: Instant) -> bool {
        if self.haste != Haste::None && self.interval > 0 && self.ahead(now).is_some() {
            self.haste = Haste::TooLate;
        }
        if self.haste == Haste::TooLate {
            return false;
        }
        if self.interval > 0 {
            let due = self.due.map_or(now, |due| due.max(now));
            self.due = Some(due + Duration::from_nanos(self.interval.into()));
        }
        true
    }

    /// Nothing more is to be looked at before `until`; whoever has a rate is slow enough.
    pub(super) fn pause(&mut self, until: Instant) {
        if self.interval == 0 {
            self.due = Some(until + BURST);
        }
    }

    /// From here on nothing waits for its time.
    pub(super) fn hasten(&mut self) {
        if self.haste == Haste::None {
            self.haste = Haste::Now;
        }
    }

    /// Whether there is no time to wait.
    pub(super) fn is_hasty(&self) -> bool {
        self.haste != Haste::None
    }

    /// Whether all that was published was in time, so that nothing need be known of it.
    pub(super) fn is_at_rest(&self, now: Instant) -> bool {
        self.haste == Haste::None && self.due.is_none_or(|due| due <= now)
    }

    /// When the next packet is to be looked at; `None` for at once.
    pub(super) fn resumes(&self, now: Instant) -> Option<Instant> {
        self.ahead(now).filter(|_| self.haste == Haste::None)
    }

    /// When what comes next would be in time, if it is ahead of it.
    fn ahead(&self, now: Instant) -> Option<Instant> {
        self.due?.checked_sub(BURST).filter(|resumes| *resumes > now)
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
            assert!(pace.published(start));
        }
        assert_eq!(pace.resumes(start), None, "ten are in time");
        assert!(pace.published(start));
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
            assert!(pace.published(now));
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
        assert!(pace.published(start));
        assert_eq!(pace.resumes(start), Some(until));
        assert_eq!(pace.resumes(until), None);
    }

    #[test]
    fn who_has_no_rate_is_taken_over_in_haste_whoever_was_to_wait_for_it() {
        let start = Instant::now();
        let mut pace = Pace::new(0);
        pace.pause(start + Duration::from_millis(3));
        pace.hasten();
        assert_eq!(pace.resumes(start), None);
        assert!(pace.published(start));
    }

    #[test]
    fn without_a_bound_nobody_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(0);
        assert!((0..100_000).all(|_| pace.published(start)));
        assert_eq!(pace.resumes(start), None);
    }

    #[test]
    fn in_haste_nobody_waits_and_what_is_ahead_of_time_is_not_taken() {
        let start = Instant::now();
        let mut pace = Pace::new(10);
        assert!((0..11).all(|_| pace.published(start)));
        assert!(pace.resumes(start).is_some());
        pace.hasten();
        assert_eq!(pace.resumes(start), None);
        let later = start + Duration::from_millis(100);
        assert!(pace.published(later), "one is in time by now");
        assert!(!pace.published(later));
        pace.hasten();
        let much_later = start + Duration::from_secs(9);
        assert!(!pace.published(much_later), "it would come before the one that was not taken");
    }

    #[test]
    fn a_pause_does_not_hold_in_haste() {
        let start = Instant::now();
        let mut pace = Pace::new(0);
        pace.pause(start + Duration::from_millis(3));
        pace.hasten();
        assert_eq!(pace.resumes(start), None);
        assert!(pace.published(start), "there is no rate");
    }
}
