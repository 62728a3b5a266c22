//! The connections that are open, and how far the server has come in stopping.
//!
//! A signal that each connection waits for beside its socket would be one thing that all of them
//! touch at every packet. They look at the phase when they are woken, which a stop does to each.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::shared::SharedConnection;
use super::traffic::Moved;
use crate::broker::SessionName;

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
    listed: Mutex<Listed>,
}

#[derive(Debug, Default)]
struct Listed {
    connections: BTreeMap<u64, SharedConnection>,
    /// How many of them have had a CONNECT accepted.
    clients: usize,
    /// The most there ever were.
    most_clients: usize,
    /// How many were ever opened, and how many CONNECTs accepted.
    opened: u64,
    accepted: u64,
    /// What those have moved that are not open any more.
    moved: Moved,
}

/// How many connections there are and were.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    pub(super) connections: usize,
    pub(super) clients: usize,
    pub(super) most_clients: usize,
    pub(super) opened: u64,
    pub(super) accepted: u64,
    pub(super) moved: Moved,
}

impl Open {
    pub(super) fn new() -> Self {
        let phase = AtomicU8::new(Phase::Serving as u8);
        Self { phase, listed: Mutex::new(Listed::default()) }
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
        self.lock().connections.values().for_each(SharedConnection::wake);
    }

    /// Adds a connection, until it is [removed](Self::remove).
    pub(super) fn add(&self, connection: SharedConnection) {
        // It looks at the phase once by itself: the wake of a change just past has missed it.
        connection.wake();
        let mut listed = self.lock();
        listed.opened += 1;
        listed.connections.insert(connection.number(), connection);
    }

    /// Removes a connection, if it is there.
    pub(super) fn remove(&self, connection: &SharedConnection) {
        let mut listed = self.lock();
        if listed.connections.remove(&connection.number()).is_some() {
            listed.moved += connection.traffic().read();
            listed.clients -= usize::from(connection.name().is_some());
        }
    }

    /// A CONNECT of `connection` was accepted, by a Client of this name.
    pub(super) fn accepted(&self, connection: &SharedConnection, name: &SessionName) {
        let mut listed = self.lock();
        if connection.set_name(name) {
            listed.clients += 1;
            listed.accepted += 1;
            listed.most_clients = listed.most_clients.max(listed.clients);
        }
    }

    /// Adds what was still sent on a connection that is not listed any more.
    pub(super) fn add_late(&self, octets_sent: u64) {
        self.lock().moved.octets_sent += octets_sent;
    }

    /// How many there are and were, and what they have moved.
    pub(super) fn tally(&self) -> Tally {
        let listed = self.lock();
        let mut moved = listed.moved;
        listed.connections.values().for_each(|connection| moved += connection.traffic().read());
        Tally {
            connections: listed.connections.len(),
            clients: listed.clients,
            most_clients: listed.most_clients,
            opened: listed.opened,
            accepted: listed.accepted,
            moved,
        }
    }

    /// Those with a number above `after`, or all, in the order in which they were opened.
    pub(super) fn list(&self, after: Option<u64>, most: usize) -> Vec<SharedConnection> {
        let begin = after.map_or(Unbounded, Excluded);
        let listed = self.lock();
        listed
            .connections
            .range((begin, Unbounded))
            .take(most)
            .map(|(_, one)| one.clone())
            .collect()
    }

    /// The one with this number.
    pub(super) fn get(&self, number: u64) -> Option<SharedConnection> {
        self.lock().connections.get(&number).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
