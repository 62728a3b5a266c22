//! How long a Session has been without its Client, as far as somebody has looked.
//!
//! Not here: what becomes of it then (`expiring`).

use std::num::NonZeroU64;
use std::time::Duration;

use super::Session;
use crate::broker::{Change, Unit};

/// A number of whole seconds since whatever the holder counts from, with room for none of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(
    /// One more than there are.
    NonZeroU64,
);

impl Since {
    pub(super) const fn new(seconds: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(seconds))
    }

    pub(super) const fn seconds(self) -> u64 {
        self.0.get() - 1
    }
}

impl<C> Session<C> {
    /// Whether there is something to do about its absence.
    pub(in crate::broker) fn may_expire(&self, expiry: Duration, now: Duration) -> bool {
        let is_absent = !self.clean && self.is_free();
        is_absent && self.absent_for(now).is_none_or(|time| time >= expiry)
    }

    /// Whether its Client has been away for `expiry` at time `now`; if nobody has seen that it is
    /// away, it is from now on.
    pub(in crate::broker) fn expires(
        &mut self,
        expiry: Duration,
        now: Duration,
        unit: &mut Unit<'_>,
    ) -> bool {
        if self.clean || !self.is_free() {
            return false;
        }
        if let Some(time) = self.absent_for(now) {
            return time >= expiry;
        }
        // Whole seconds are kept: not one that had begun before, or it would end too early.
        let since = now.as_secs() + u64::from(now.subsec_nanos() > 0);
        self.absent_since = Some(Since::new(since));
        self.record(unit, |session| Change::Absent { session, since: Some(since) });
        false
    }

    /// Its Client is back.
    pub(super) fn returned(&mut self, unit: &mut Unit<'_>) {
        if self.absent_since.take().is_some() {
            self.record(unit, |session| Change::Absent { session, since: None });
        }
    }

    /// For how long; `None` when nobody has seen it, or the clock was set back since.
    fn absent_for(&self, now: Duration) -> Option<Duration> {
        Duration::from_secs(now.as_secs()).checked_sub(Duration::from_secs(self.absent_since()?))
    }
}
