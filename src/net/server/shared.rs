//! What connections share, behind locks.
//!
//! A publish takes the subscriptions for reading and then each subscriber's Session by itself, so
//! that connections meet only where their Clients do. Sessions are listed under one lock, which
//! only CONNECT and the end of a connection take.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
#[cfg(unix)]
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering as Atomic};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::journal::Journal;
#[cfg(unix)]
use super::lot::{Lot, Parking};
use super::origin::{Origin, Packed};
use super::sharded::Sharded;
use super::traffic::Traffic;
use crate::broker::{
    Access, Backlog, Bound, Holder, Registry, Retained, Session, SessionName, Subscriptions, Unit,
};

/// What connections share, behind locks.
#[derive(Debug, Default)]
pub(super) struct Shared {
    numbers: AtomicU64,
    registry: Mutex<Registry<SharedSession>>,
    retained: RwLock<Retained>,
    access: RwLock<Access>,
    subscriptions: RwLock<Subscriptions<SharedSession>>,
    /// Counted while they are locked for writing.
    subscription_changes: AtomicU64,
    /// `None` when nothing outlives the server.
    journal: Option<Arc<Journal>>,
    /// `None` when each connection keeps its task.
    #[cfg(unix)]
    lot: Option<Arc<Lot>>,
    held: Held,
    /// How often each bound was reached, in the order of [`Bound::ALL`].
    reached: Sharded<{ Bound::ALL.len() }>,
}

/// What all Sessions hold; on a cache line of its own, as every thread looks at it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Held {
    messages: AtomicUsize,
    octets: AtomicUsize,
}

/// A Session; two are the same when their numbers are.
#[derive(Clone, Debug)]
pub(super) struct SharedSession(Arc<Numbered<Mutex<Session<SharedConnection>>>>);

/// A connection, to be woken and looked at; two are the same when their numbers are.
#[derive(Clone, Debug)]
pub(super) struct SharedConnection(Arc<Numbered<Line>>);

/// What others may know of a connection.
///
/// In this order, so that what others write and what its own task writes are not on one cache line.
#[derive(Debug)]
#[repr(C)]
struct Line {
    notify: Notify,
    /// Where it is parked, if it is.
    #[cfg(unix)]
    parking: Parking,
    /// Whose it is, once a CONNECT was accepted.
    name: OnceLock<SessionName>,
    origin: Packed,
    /// In nanoseconds since 1970.
    since: u64,
    traffic: Traffic,
}

#[derive(Debug)]
struct Numbered<T> {
    number: u64,
    it: T,
}

impl Shared {
    /// What is shared by a server that tells `journal` what changes, if there is one.
    pub(super) fn new(journal: Option<Arc<Journal>>) -> Self {
        Self { journal, ..Self::default() }
    }

    /// The same with a place for connections that have nothing to do.
    #[cfg(unix)]
    pub(super) fn with_lot(self, lot: Arc<Lot>) -> Self {
        Self { lot: Some(lot), ..self }
    }

    /// Where connections are that have nothing to do.
    #[cfg(unix)]
    pub(super) fn lot(&self) -> Option<&Arc<Lot>> {
        self.lot.as_ref()
    }

    /// Where changes are on their way to the store.
    pub(super) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// A way to reach a new connection.
    pub(super) fn add_connection(&self, origin: Origin) -> SharedConnection {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let it = Line {
            notify: Notify::new(),
            #[cfg(unix)]
            parking: Parking::new(self.lot.clone()),
            name: OnceLock::new(),
            origin: origin.into(),
            since: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            traffic: Traffic::default(),
        };
        SharedConnection(Arc::new(Numbered { number: self.unique_number(), it }))
    }

    /// How often a bound was reached.
    pub(super) fn times_reached(&self, bound: Bound) -> u64 {
        self.reached.sum(bound as usize)
    }
}

impl SharedConnection {
    /// Its number, which no other connection has.
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// Makes it look for something to do.
    pub(super) fn wake(&self) {
        self.0.it.notify.notify_one();
        // In this order: whoever parks it meanwhile looks at both the other way round.
        #[cfg(unix)]
        self.0.it.parking.call();
    }

    /// Whether it has been woken since it last looked; it has not any more.
    #[cfg(unix)]
    pub(super) fn was_woken(&self) -> bool {
        pin!(self.0.it.notify.notified()).enable()
    }

    /// Where it is parked, if it is.
    #[cfg(unix)]
    pub(super) fn parking(&self) -> &Parking {
        &self.0.it.parking
    }

    /// Ends when the connection has been woken since the last time.
    pub(super) async fn woken(&self) {
        self.0.it.notify.notified().await;
    }

    /// What it has moved.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.0.it.traffic
    }

    /// Where it comes from.
    pub(super) fn origin(&self) -> Origin {
        (&self.0.it.origin).into()
    }

    /// When it was opened.
    pub(super) fn since(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.it.since)
    }

    /// Whose it is, once a CONNECT was accepted.
    pub(super) fn name(&self) -> Option<&SessionName> {
        self.0.it.name.get()
    }

    /// Tells whose it is; the first word counts.
    pub(super) fn set_name(&self, name: &SessionName) -> bool {
        self.0.it.name.set(name.clone()).is_ok()
    }
}

/// Takes a lock, also after a panic of another holder: its change may be half done, but every
/// other client's state is whole, and a server that serves them is better than none.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Holder for Shared {
    type Session = SharedSession;
    type Connection = SharedConnection;

    fn add_session(&self, session: Session<SharedConnection>) -> SharedSession {
        let number = self.unique_number();
        SharedSession(Arc::new(Numbered { number, it: Mutex::new(session) }))
    }

    fn unique_number(&self) -> u64 {
        self.numbers.fetch_add(1, Atomic::Relaxed)
    }

    fn with_registry<R>(&self, work: impl FnOnce(&mut Registry<SharedSession>) -> R) -> R {
        work(&mut lock(&self.registry))
    }

    fn read_access<R>(&self, look: impl FnOnce(&Access) -> R) -> R {
        look(&self.access.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace_access(&self, access: Access) {
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = access;
    }

    fn with_session<R>(
        &self,
        session: &SharedSession,
        work: impl FnOnce(&mut Session<SharedConnection>) -> R,
    ) -> R {
        work(&mut lock(&session.0.it))
    }

    fn read_subscriptions<R>(&self, look: impl FnOnce(&Subscriptions<SharedSession>) -> R) -> R {
        look(&self.subscriptions.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write_subscriptions<R>(
        &self,
        work: impl FnOnce(&mut Subscriptions<SharedSession>) -> R,
    ) -> R {
        let mut subscriptions = self.subscriptions.write().unwrap_or_else(PoisonError::into_inner);
        self.subscription_changes.fetch_add(1, Atomic::Release);
        work(&mut subscriptions)
    }

    fn subscription_changes(&self) -> u64 {
        self.subscription_changes.load(Atomic::Acquire)
    }

    fn read_retained<R>(&self, look: impl FnOnce(&Retained) -> R) -> R {
        look(&self.retained.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write_retained<R>(&self, work: impl FnOnce(&mut Retained) -> R) -> R {
        work(&mut self.retained.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn unit<R>(&self, work: impl FnOnce(&mut Unit<'_>) -> R) -> R {
        match &self.journal {
            None => work(&mut Unit::volatile()),
            Some(journal) => journal.unit(work),
        }
    }

    fn can_keep(&self) -> bool {
        self.journal.as_ref().is_none_or(|journal| !journal.is_failing())
    }

    fn reached(&self, bound: Bound, times: u64) {
        self.reached.add(bound as usize, times);
    }

    fn holds(&self, before: Backlog, now: Backlog) {
        // What wraps when there are fewer comes out right in the sum.
        let (messages, octets) = (now.messages, now.octets);
        self.held.messages.fetch_add(messages.wrapping_sub(before.messages), Atomic::Relaxed);
        self.held.octets.fetch_add(octets.wrapping_sub(before.octets), Atomic::Relaxed);
    }

    fn held(&self) -> Backlog {
        let read = |sum: &AtomicUsize| sum.load(Atomic::Relaxed);
        Backlog { messages: read(&self.held.messages), octets: read(&self.held.octets) }
    }

    fn wake(&self, connection: &SharedConnection) {
        connection.wake();
    }
}

impl PartialEq for SharedSession {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for SharedSession {}

impl PartialOrd for SharedSession {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SharedSession {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.number.cmp(&other.0.number)
    }
}

impl Hash for SharedSession {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
    }
}

impl PartialEq for SharedConnection {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

#[cfg(all(test, unix, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_know_of_a_connection_takes_little() {
        // With the two counts of its references one of up to 168 octets takes a place of 192.
        let line = size_of::<Numbered<Line>>();
        assert!(line <= 168, "{line} octets");
    }
}
