//! The changes on their way to the store, and who waits for them.
//!
//! Connections record changes while they work, each inside a unit; the writer takes what has
//! gathered in one piece, at a moment when nobody is inside. So each group holds whole units, in an
//! order in which they happened, and one sync serves all connections that were at work meanwhile.
//!
//! Clauses: [MQTT-4.3.2-2], [MQTT-4.3.3-2]. Not here: the thread that commits (`writer`).

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::sharded::{self, PLACES};
use super::shared::SharedConnection;
use crate::broker::{self, Change, Position, Unit};

/// The changes on their way to the store.
pub(super) struct Journal {
    /// Whoever is inside a unit holds one of these for reading. Several, so that connections do not
    /// all touch the same one.
    gates: [RwLock<()>; PLACES],
    gathered: Mutex<Gathered>,
    /// There is something to take, or nothing more will come.
    more: Condvar,
    numbers: AtomicU64,
    durable: AtomicU64,
    /// Whether acknowledgements wait.
    waits: bool,
    failing: AtomicBool,
    waiting: Mutex<Vec<(Position, SharedConnection)>>,
}

#[derive(Default)]
struct Gathered {
    changes: Vec<Change>,
    octets: usize,
    /// How many changes were ever recorded.
    recorded: u64,
    closed: bool,
}

/// Changes that are to be committed together.
pub(super) struct Group {
    pub(super) changes: Vec<Change>,
    /// What is durable when they are.
    pub(super) up_to: Position,
}

/// With so many octets gathered, nobody waits for more.
const GROUP_OCTETS: usize = 16 * 1024 * 1024;

impl Journal {
    /// A journal whose numbers begin above `last_number`; without `waits` what is recorded counts as
    /// durable at once.
    pub(super) fn new(last_number: u64, waits: bool) -> Self {
        Self {
            gates: std::array::from_fn(|_| RwLock::new(())),
            gathered: Mutex::default(),
            more: Condvar::new(),
            numbers: AtomicU64::new(last_number + 1),
            durable: AtomicU64::new(0),
            waits,
            failing: AtomicBool::new(false),
            waiting: Mutex::default(),
        }
    }

    /// Does a piece of work whose changes come into one group.
    pub(super) fn unit<R>(&self, work: impl FnOnce(&mut Unit<'_>) -> R) -> R {
        let _inside = self.gates[sharded::place()].read().unwrap_or_else(PoisonError::into_inner);
        work(&mut Unit::recording(self))
    }

    /// Whether what was recorded up to `position` survives the end of the server.
    pub(super) fn is_durable(&self, position: Position) -> bool {
        !self.waits || position.0 <= self.durable.load(Ordering::Acquire)
    }

    /// Whether changes cannot be kept at the moment.
    pub(super) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Acquire)
    }

    /// Wakes `connection` when `position` is durable, or it becomes clear that it will not be.
    pub(super) fn wake_at(&self, position: Position, connection: &SharedConnection) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that the writer either has this one on its list or was there before.
        if self.is_durable(position) || self.is_failing() {
            connection.wake();
        } else {
            waiting.push((position, connection.clone()));
        }
    }

    /// Takes what has gathered, after `pause` at most or when there is a lot; waits for something to
    /// be there. `None` when there is nothing left and nothing more will come.
    pub(super) fn next_group(&self, pause: Duration) -> Option<Group> {
        let begin = Instant::now();
        let mut gathered = self.gathered();
        loop {
            let rest = pause.saturating_sub(begin.elapsed());
            let enough = gathered.closed || gathered.octets >= GROUP_OCTETS || rest.is_zero();
            if enough && (gathered.closed || !gathered.changes.is_empty()) {
                break;
            }
            gathered = match enough {
                true => self.more.wait(gathered).unwrap_or_else(PoisonError::into_inner),
                false => {
                    let waited = self.more.wait_timeout(gathered, rest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        drop(gathered);
        let _nobody_inside =
            self.gates.each_ref().map(|gate| gate.write().unwrap_or_else(PoisonError::into_inner));
        let mut gathered = self.gathered();
        gathered.octets = 0;
        let changes = std::mem::take(&mut gathered.changes);
        let up_to = Position(gathered.recorded);
        (!changes.is_empty()).then_some(Group { changes, up_to })
    }

    /// What was recorded up to `position` is durable.
    pub(super) fn committed(&self, position: Position) {
        self.durable.store(position.0, Ordering::Release);
        self.failing.store(false, Ordering::Release);
        self.wake_waiting(|waiting| waiting <= position);
    }

    /// Nothing can be kept until the next [`committed`](Self::committed): whoever waits is told.
    pub(super) fn fail(&self) {
        self.failing.store(true, Ordering::Release);
        self.wake_waiting(|_| true);
    }

    /// Whether nothing more will come.
    pub(super) fn is_closed(&self) -> bool {
        self.gathered().closed
    }

    /// Waits for `pause`, or until the journal is closed.
    pub(super) fn pause(&self, pause: Duration) {
        let waited =
            self.more.wait_timeout_while(self.gathered(), pause, |gathered| !gathered.closed);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Nothing more will come: the writer ends with what there is.
    pub(super) fn close(&self) {
        self.gathered().closed = true;
        self.more.notify_all();
    }

    fn wake_waiting(&self, is_due: impl Fn(Position) -> bool) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extract_if(.., |(position, _)| is_due(*position)).for_each(|(_, one)| one.wake());
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl broker::Journal for Journal {
    fn record(&self, change: Change) -> Position {
        let octets = change.octets();
        let mut gathered = self.gathered();
        let is_first = gathered.changes.is_empty();
        gathered.changes.push(change);
        gathered.recorded += 1;
        let before = gathered.octets;
        gathered.octets += octets;
        let is_enough = before < GROUP_OCTETS && gathered.octets >= GROUP_OCTETS;
        let position = Position(gathered.recorded);
        drop(gathered);
        if is_first || is_enough {
            self.more.notify_one();
        }
        position
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("durable", &self.durable).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::{Journal as _, SessionNumber};

    fn ended(journal: &Journal, number: u64) -> Position {
        journal.record(Change::SessionEnded { session: SessionNumber(number) })
    }

    #[test]
    fn nothing_is_durable_before_its_group_is_committed() {
        let journal = Journal::new(0, true);
        let first = ended(&journal, 1);
        let group = journal.next_group(Duration::ZERO).expect("a change");
        let later = ended(&journal, 2);
        assert_eq!((group.changes.len(), group.up_to), (1, first));
        assert!(!journal.is_durable(first));

        journal.committed(group.up_to);
        assert!(journal.is_durable(first));
        assert!(!journal.is_durable(later), "it came after the group was taken");
    }

    #[test]
    fn who_need_not_wait_does_not() {
        let journal = Journal::new(0, false);
        assert!(journal.is_durable(ended(&journal, 1)));
    }
}
