//! A holder for one thread: no locks, and all that happens is in one order.
//!
//! Tests, simulations and the model checker drive the server through it.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::{Holder, Registry, Retained, Session, Subscriptions};

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
    retained: RefCell<Retained>,
    woken: RefCell<BTreeSet<LocalConnection>>,
}

impl Local {
    /// Nothing held yet.
    pub fn new() -> Self {
        Self::default()
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
        work(&mut self.subscriptions.borrow_mut())
    }

    fn read_retained<R>(&self, look: impl FnOnce(&Retained) -> R) -> R {
        look(&self.retained.borrow())
    }

    fn write_retained<R>(&self, work: impl FnOnce(&mut Retained) -> R) -> R {
        work(&mut self.retained.borrow_mut())
    }

    fn wake(&self, connection: &LocalConnection) {
        self.woken.borrow_mut().insert(*connection);
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
