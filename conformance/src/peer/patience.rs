//! How long a connection waits for what.

use std::time::{Duration, Instant};

/// The waits of a case. All of them end early, when what is waited for arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For something that is due.
    pub(crate) due: Duration,
    /// For the subject to close a connection.
    pub(crate) close: Duration,
    /// After one and a half times the Keep Alive.
    pub(crate) keep_alive: Duration,
    /// When the case as a whole must be over.
    pub(crate) end: Instant,
}

impl Patience {
    /// The moment that is `wait` from now, or the end of the case if that is sooner.
    pub(crate) fn deadline(self, wait: Duration) -> Instant {
        (Instant::now() + wait).min(self.end)
    }

    /// Whether the case has used up its time.
    pub(crate) fn is_over(self) -> bool {
        Instant::now() >= self.end
    }
}
