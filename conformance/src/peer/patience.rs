//! How long a connection waits for what.
//!
//! At a first look, when all cases run at once, a wait is a multiple of the longest that the
//! subject has taken for anything up to now. Silence proves little then: what fails by it is
//! looked at again, with the whole of each wait and without the crowd.
//!
//! A judge that was told to be hasty is so only as far as subject and machine can keep up: where
//! answers were seen to take long, no wait is shorter than a multiple of that either.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The waits of a case. All of them end early, when what is waited for arrives.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// For something that is due.
    pub(crate) due: Duration,
    /// For the subject to close a connection.
    pub(crate) close: Duration,
    /// After one and a half times the Keep Alive.
    pub(crate) keep_alive: Duration,
    /// For what should have come and has not, to tell late from never; zero for no such wait.
    pub(crate) late: Duration,
    /// How long the subject takes.
    pub(crate) pace: Arc<Pace>,
    /// Whether that is all the time it gets.
    pub(crate) is_hasty: bool,
    /// When the case as a whole must be over.
    pub(crate) end: Instant,
}

impl Patience {
    /// The moment that is `wait` from now, or the end of the case if that is sooner.
    pub(crate) fn deadline(&self, wait: Duration) -> Instant {
        (Instant::now() + wait).min(self.end)
    }

    /// Until when to wait, from `begin` on, for what may take as long as `wait`. It may move away
    /// meanwhile, when others find the subject slower than was known.
    pub(crate) fn until(&self, begin: Instant, wait: Duration) -> Instant {
        self.until_within(begin, wait, self.leeway())
    }

    /// The same for a close, which is never waited for longer than this: a Server may well close a
    /// connection later for another reason, and that is no answer.
    pub(crate) fn until_closed(&self, begin: Instant) -> Instant {
        self.until_within(begin, self.close, LEEWAY)
    }

    fn until_within(&self, begin: Instant, wait: Duration, leeway: Duration) -> Instant {
        let wait = if self.is_hasty { self.pace.enough().min(wait) } else { wait };
        (begin + self.drawn_out(wait, leeway)).min(self.end)
    }

    /// As long as `wait`, or longer where that was seen to be too short.
    pub(crate) fn at_least(&self, wait: Duration) -> Duration {
        self.drawn_out(wait, self.leeway())
    }

    fn drawn_out(&self, wait: Duration, leeway: Duration) -> Duration {
        wait.max(self.pace.need().min(leeway))
    }

    const fn leeway(&self) -> Duration {
        if self.is_second_look() { LEEWAY_AT_SECOND_LOOK } else { LEEWAY }
    }

    /// Whether there is time to tell late from never.
    pub(crate) const fn is_second_look(&self) -> bool {
        !self.late.is_zero()
    }

    /// Takes note that something took the subject as long as this.
    pub(crate) fn took(&self, duration: Duration) {
        self.pace.note(duration);
    }

    /// Whether the case has used up its time.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

/// How long the subject takes to answer, as all connections of a run have seen it.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    slowest_micros: AtomicU64,
}

impl Pace {
    fn note(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.slowest_micros.fetch_max(micros, Ordering::Relaxed);
    }

    /// What ought to be enough for any one thing.
    fn enough(&self) -> Duration {
        LEAST + self.need()
    }

    fn need(&self) -> Duration {
        let slowest = Duration::from_micros(self.slowest_micros.load(Ordering::Relaxed));
        slowest.saturating_mul(MARGIN)
    }
}

/// Long beside a round trip on any network, and short beside the patience of a person.
const LEAST: Duration = Duration::from_secs(1);

/// How far a wait may be drawn out for a subject that is slow.
const LEEWAY: Duration = Duration::from_secs(5);

/// The same where the verdict falls: some take seconds for what they do in milliseconds alone.
const LEEWAY_AT_SECOND_LOOK: Duration = Duration::from_secs(20);

/// How much longer than the slowest answer another may take.
const MARGIN: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_subject_is_given_time_and_never_more_than_the_whole() {
        let begin = Instant::now();
        let pace = Arc::new(Pace::default());
        let (due, end) = (Duration::from_secs(5), begin + Duration::from_secs(60));
        let patience = Patience {
            due,
            close: due,
            keep_alive: due,
            late: Duration::ZERO,
            pace: Arc::clone(&pace),
            is_hasty: true,
            end,
        };
        let wait = || patience.until(begin, due) - begin;
        assert_eq!(wait(), Duration::from_secs(1));
        patience.took(Duration::from_millis(250));
        patience.took(Duration::from_millis(1));
        assert_eq!(wait(), Duration::from_secs(3));
        patience.took(Duration::from_secs(2));
        assert_eq!(wait(), due);
        let patient = Patience { is_hasty: false, ..patience };
        assert_eq!(patient.until(begin, due), begin + due);
        // Told to be hasty, with a subject that is not.
        assert_eq!(patient.until(begin, Duration::from_millis(100)), begin + LEEWAY);
        let last = Patience { late: Duration::from_secs(40), ..patient };
        assert_eq!(last.until(begin, due), begin + Duration::from_secs(16));
        assert_eq!(last.until_closed(begin), begin + due);
    }
}
