//! The Server as a value.
//!
//! A [`Connection`] is one Network Connection as the Server sees it: it takes in packets and the
//! time, and says what to send and when to close. What connections share (Sessions, subscriptions,
//! retained messages) belongs to the [`Broker`], which reaches it through a [`Holder`]: the shell
//! holds it behind locks, tests and simulations hold it in one thread. The rules are the same code
//! in both.
//!
//! ```text
//!  Input::Packet ──► Connection ──► Broker ──► Session of each subscriber ──► its Connection
//!                        │                                                        │
//!                        ▼                                                        ▼
//!                  Output::Send                                             Output::Send
//! ```
//!
//! What must outlive the server is told as it changes: a holder with a [`Journal`] takes down every
//! [`Change`], and whatever a Client may rely on comes out behind an [`Output::Hold`] that names the
//! [`Position`] up to which the journal has to be durable first.
//!
//! Clauses: all that bind a Server. Not here: sockets, the clock, threads and locks, which are the
//! shell's; the octets of packets, which are `packet`'s.

mod access;
mod backlog;
mod bound;
mod change;
mod close;
mod connection;
mod expiring;
mod holder;
mod keep_alive;
mod kept;
mod limits;
mod local;
mod note;
mod operating;
mod pace;
mod policy;
mod queue;
mod rest;
mod restoring;
mod retained;
mod route;
mod routing;
mod ruling;
mod session;
mod sessions;
mod subscribing;
mod unit;
mod violation;

pub use access::{Access, AccessFault, Rights};
pub use backlog::Backlog;
pub use bound::Bound;
pub use change::{Change, KeptMessage, MessageNumber, SessionNumber};
pub use close::CloseReason;
pub use connection::{Connection, Dormant, Input, Listening, Output, Proof};
pub use holder::{Holder, Registry, Subscriptions};
pub use kept::{Kept, KeptCopy, KeptDelivery, KeptSession};
pub use limits::Limits;
pub use local::{Local, LocalConnection, LocalSession};
pub use note::Note;
pub use policy::{Anonymous, Policy, QueuePolicy, UnauthorizedPublish};
pub use retained::Retained;
pub use session::{Session, SessionName};
pub use unit::{Journal, Position, Unit};
pub use violation::Violation;

/// What all connections of a server have in common, and the rules for it.
#[derive(Debug)]
pub struct Broker<H> {
    holder: H,
    limits: Limits,
    policy: Policy,
}

impl<H: Holder> Broker<H> {
    /// A server without clients, sessions and messages.
    pub fn new(holder: H, limits: Limits) -> Self {
        Self { holder, limits, policy: Policy::default() }
    }

    /// The same server with choices of its own.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where the shared state is held.
    pub const fn holder(&self) -> &H {
        &self.holder
    }

    /// What it does where it has the choice.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The bounds it keeps to.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

#[cfg(test)]
mod tests;
