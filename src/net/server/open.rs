//! The connections that are open, and how far the server has come in stopping.
//!
//! A signal that each connection waits for beside its socket would be one thing that all of them
//! touch at every packet. They look at the phase when they are woken, which a stop does to each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::shared::SharedConnection;

/// How far the server has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub(super) enum Phase {
    /// It serves.
    Serving,
    /// It is about to stop: each connection publishes its Will, and goes on.
    Stopping,
    /// Each connection ends.
    Stopped,
}

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Open {
    phase: AtomicU8,
    connections: Mutex<BTreeMap<u64, SharedConnection>>,
}

impl Open {
    pub(super) const fn new() -> Self {
        let phase = AtomicU8::new(Phase::Serving as u8);
        Self { phase, connections: Mutex::new(BTreeMap::new()) }
    }

    /// How far the server has come.
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Stopping,
            _ => Phase::Stopped,
        }
    }

    /// Enters `phase`, and wakes every connection to it.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
        self.lock().values().for_each(SharedConnection::wake);
    }

    /// Adds a connection, until what is given back is dropped.
    pub(super) fn add(&self, connection: SharedConnection) -> Entry<'_> {
        let number = connection.number();
        // It looks at the phase once by itself: the wake of a change just past has missed it.
        connection.wake();
        self.lock().insert(number, connection);
        Entry { open: self, number }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, SharedConnection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection among those that are open.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    open: &'a Open,
    number: u64,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
    }
}
