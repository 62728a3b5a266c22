//! What a server counts about itself, and the sums of it at one moment.
//!
//! Nothing here is touched for a packet: connections count for themselves (`traffic`), bounds where
//! they are reached (`shared`), and what is here is for openings, closings and violations.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Common;
use super::open::Tally;
use super::traffic::Moved;
use super::violations::Violations;
use crate::broker::{Bound, Holder as _};

/// What a server counts about itself.
#[derive(Debug)]
pub(super) struct Counters {
    started: Instant,
    pub(super) violations: Violations,
    /// How many connections have ended, by why.
    closed: Mutex<BTreeMap<&'static str, u64>>,
    /// How often a bound of the server, rather than of the protocol, was reached.
    turned_away: AtomicU64,
    crowded: AtomicU64,
    stalled: AtomicU64,
    not_greeted: AtomicU64,
    expired: AtomicU64,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            violations: Violations::default(),
            closed: Mutex::default(),
            turned_away: AtomicU64::new(0),
            crowded: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
            not_greeted: AtomicU64::new(0),
            expired: AtomicU64::new(0),
        }
    }

    /// A connection on which MQTT had begun has ended.
    pub(super) fn closed(&self, reason: &'static str) {
        *self.closings().entry(reason).or_default() += 1;
    }

    /// A Client has taken nothing for too long.
    pub(super) fn stalled(&self) {
        self.stalled.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was closed as too many are open.
    pub(super) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was closed as too many come from where it came from.
    pub(super) fn crowded(&self) {
        self.crowded.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection has ended before MQTT began on it.
    pub(super) fn not_greeted(&self) {
        self.not_greeted.fetch_add(1, Ordering::Relaxed);
    }

    /// So many Sessions have ended as their Clients were away for too long.
    pub(super) fn expired(&self, sessions: usize) {
        self.expired.fetch_add(sessions as u64, Ordering::Relaxed);
    }

    fn closings(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server has counted, at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Figures {
    /// How long it has served.
    pub uptime: Duration,
    /// Network Connections that are open.
    pub connections: usize,
    /// Those of them whose CONNECT was accepted.
    pub clients: usize,
    /// The most Clients that were connected at once.
    pub most_clients: usize,
    /// Network Connections that ever reached MQTT.
    pub connections_opened: u64,
    /// CONNECTs that were ever accepted.
    pub connects_accepted: u64,
    /// Sessions, of Clients connected and absent.
    pub sessions: usize,
    /// Sessions that have ended as their Clients were away for too long.
    pub sessions_expired: u64,
    /// Subscriptions of all Sessions.
    pub subscriptions: usize,
    /// Topics with a retained message, apart from those of the server itself.
    pub retained_messages: usize,
    /// Octets of topic and payload in them.
    pub retained_octets: usize,
    /// What all connections have moved, those that are gone among them.
    pub moved: Moved,
    /// Messages that found no room in the queue of a Client.
    pub messages_dropped: u64,
    /// How many connections have ended, by why: the names of
    /// [`CloseReason`](crate::broker::CloseReason).
    pub closed: BTreeMap<&'static str, u64>,
    /// Each bound, how much it allows, and how often it was reached.
    pub bounds: Vec<BoundFigures>,
    /// How often each statement was broken.
    pub violations: BTreeMap<&'static str, u64>,
    /// Connections that ended within the handshakes of their transport.
    pub not_greeted: u64,
    /// Whether state can be kept at the moment.
    pub can_keep: bool,
}

/// One bound of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BoundFigures {
    /// Its name, that of the option.
    pub name: &'static str,
    /// How much it allows; times in seconds, 0 for no bound where 0 can be set.
    pub limit: u64,
    /// How often it was reached.
    pub reached: u64,
}

impl Common {
    /// What was counted so far.
    pub(super) fn figures(&self) -> Figures {
        let Tally { connections, clients, most_clients, opened, accepted, moved } =
            self.open.tally();
        let holder = self.broker.holder();
        let (retained_messages, retained_octets) =
            holder.read_retained(|retained| retained.counted());
        Figures {
            uptime: self.counters.started.elapsed(),
            connections,
            clients,
            most_clients,
            connections_opened: opened,
            connects_accepted: accepted,
            sessions: self.broker.session_count(),
            sessions_expired: self.counters.expired.load(Ordering::Relaxed),
            subscriptions: holder.read_subscriptions(|subscriptions| subscriptions.len()),
            retained_messages,
            retained_octets,
            moved,
            messages_dropped: Bound::OF_QUEUES
                .map(|bound| holder.times_reached(bound))
                .iter()
                .sum(),
            closed: self.counters.closings().clone(),
            bounds: self.bounds(),
            violations: self.counters.violations.by_statement(),
            not_greeted: self.counters.not_greeted.load(Ordering::Relaxed),
            can_keep: holder.can_keep(),
        }
    }

    fn bounds(&self) -> Vec<BoundFigures> {
        let (limits, options) = (self.broker.limits(), &self.options);
        let of_protocol = Bound::ALL.into_iter().map(|bound| BoundFigures {
            name: bound.name(),
            limit: bound.value(limits),
            reached: self.broker.holder().times_reached(bound),
        });
        let max_connections = BoundFigures {
            name: "max_connections",
            limit: options.max_connections as u64,
            reached: self.counters.turned_away.load(Ordering::Relaxed),
        };
        let max_connections_per_address = BoundFigures {
            name: "max_connections_per_address",
            limit: options.max_connections_per_address as u64,
            reached: self.counters.crowded.load(Ordering::Relaxed),
        };
        let max_wrong_passwords = BoundFigures {
            name: "max_wrong_passwords",
            limit: options.max_wrong_passwords.into(),
            reached: self.passwords.times_put_off(),
        };
        let stall_timeout = BoundFigures {
            name: "stall_timeout",
            limit: options.stall_timeout.as_secs(),
            reached: self.counters.stalled.load(Ordering::Relaxed),
        };
        let session_expiry = BoundFigures {
            name: "session_expiry",
            limit: self.broker.policy().session_expiry.map_or(0, |expiry| expiry.as_secs()),
            reached: self.counters.expired.load(Ordering::Relaxed),
        };
        let of_server = [
            max_connections,
            max_connections_per_address,
            max_wrong_passwords,
            stall_timeout,
            session_expiry,
        ];
        of_protocol.chain(of_server).collect()
    }
}
