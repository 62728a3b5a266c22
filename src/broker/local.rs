//! A holder for one thread: no locks, and all that happens is in one order.
//!
//! Tests, simulations and the model checker drive the server through it.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::{
    Access, Backlog, Bound, Change, Holder, Journal, Position, Registry, Retained, Session,
    Subscriptions, Unit,
};

/// The number of a connection in [`Local`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LocalConnection(pub u64);

/// A Session in [`Local`]; two are the same when their numbers are.
#[derive(Clone, Debug)]
pub struct LocalSession {
    number: u64,
    state: Rc<RefCell<Session<LocalConnection>>>,
}

/// Shared state of a server that runs in one thread.
#[derive(Debug, Default)]
pub struct Local {
    numbers: Cell<u64>,
    registry: RefCell<Registry<LocalSession>>,
    subscriptions: RefCell<Subscriptions<LocalSession>>,
    subscription_changes: Cell<u64>,
    retained: RefCell<Retained>,
    access: RefCell<Access>,
    woken: RefCell<BTreeSet<LocalConnection>>,
    held: Cell<Backlog>,
    reached: RefCell<BTreeMap<Bound, u64>>,
    journal: Option<LocalJournal>,
}

/// The changes of a server that runs in one thread.
#[derive(Debug, Default)]
struct LocalJournal {
    numbers: Cell<u64>,
    recorded: Cell<Position>,
    changes: RefCell<Vec<Change>>,
}

impl Local {
    /// Nothing held yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a server that takes down what must outlive it; Sessions and messages get
    /// numbers above `last_number`.
    ///
    /// Positions count changes: one is durable when as many of
    /// [`take_changes`](Self::take_changes) are, in all.
    pub fn recording(last_number: u64) -> Self {
        let journal = LocalJournal { numbers: Cell::new(last_number), ..LocalJournal::default() };
        Self { journal: Some(journal), ..Self::default() }
    }

    /// Takes what has been taken down since the last time.
    ///
    /// Between two packets this is a whole number of units, to be kept together.
    pub fn take_changes(&self) -> Vec<Change> {
        self.journal.as_ref().map(|journal| journal.changes.take()).unwrap_or_default()
    }

    /// Which bounds have been reached, and how often each.
    pub fn reached_bounds(&self) -> BTreeMap<Bound, u64> {
        self.reached.borrow().clone()
    }

    /// Takes one of the connections that have been woken.
    pub fn next_woken(&self) -> Option<LocalConnection> {
        self.woken.borrow_mut().pop_first()
    }
}

impl Holder for Local {
    type Session = LocalSession;
    type Connection = LocalConnection;

    fn add_session(&self, session: Session<LocalConnection>) -> LocalSession {
        LocalSession { number: self.unique_number(), state: Rc::new(RefCell::new(session)) }
    }

    fn unique_number(&self) -> u64 {
        self.numbers.replace(self.numbers.get() + 1)
    }

    fn with_registry<R>(&self, work: impl FnOnce(&mut Registry<LocalSession>) -> R) -> R {
        work(&mut self.registry.borrow_mut())
    }

    fn read_access<R>(&self, look: impl FnOnce(&Access) -> R) -> R {
        look(&self.access.borrow())
    }

    fn replace_access(&self, access: Access) {
        *self.access.borrow_mut() = access;
    }

    fn with_session<R>(
        &self,
        session: &LocalSession,
        work: impl FnOnce(&mut Session<LocalConnection>) -> R,
    ) -> R {
        work(&mut session.state.borrow_mut())
    }

    fn read_subscriptions<R>(&self, look: impl FnOnce(&Subscriptions<LocalSession>) -> R) -> R {
        look(&self.subscriptions.borrow())
    }

    fn write_subscriptions<R>(
        &self,
        work: impl FnOnce(&mut Subscriptions<LocalSession>) -> R,
    ) -> R {
        self.subscription_changes.set(self.subscription_changes.get() + 1);
        work(&mut self.subscriptions.borrow_mut())
    }

    fn subscription_changes(&self) -> u64 {
        self.subscription_changes.get()
    }

    fn read_retained<R>(&self, look: impl FnOnce(&Retained) -> R) -> R {
        look(&self.retained.borrow())
    }

    fn write_retained<R>(&self, work: impl FnOnce(&mut Retained) -> R) -> R {
        work(&mut self.retained.borrow_mut())
    }

    fn unit<R>(&self, work: impl FnOnce(&mut Unit<'_>) -> R) -> R {
        match &self.journal {
            None => work(&mut Unit::volatile()),
            Some(journal) => work(&mut Unit::recording(journal)),
        }
    }

    fn reached(&self, bound: Bound, times: u64) {
        *self.reached.borrow_mut().entry(bound).or_default() += times;
    }

    fn holds(&self, before: Backlog, now: Backlog) {
        let Backlog { messages, octets } = self.held.get();
        self.held.set(Backlog {
            messages: messages + now.messages - before.messages,
            octets: octets + now.octets - before.octets,
        });
    }

    fn held(&self) -> Backlog {
        self.held.get()
    }

    fn wake(&self, connection: &LocalConnection) {
        self.woken.borrow_mut().insert(*connection);
    }
}

impl Journal for LocalJournal {
    fn record(&self, change: Change) -> Position {
        self.changes.borrow_mut().push(change);
        let Position(before) = self.recorded.get();
        self.recorded.set(Position(before + 1));
        self.recorded.get()
    }

    fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

impl PartialEq for LocalSession {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for LocalSession {}

impl PartialOrd for LocalSession {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LocalSession {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl Hash for LocalSession {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}
