//! A connection that has nothing to do, in as little memory as that takes.
//!
//! Most Network Connections of a large server are silent most of the time. What one of them is then
//! comes down to whose it is and when it was last heard of: all else is empty, and is made anew when
//! something happens.
//!
//! Clauses: none. Not here: when one is given its memory back, which is for the shell to say.

use std::time::Instant;

use super::{Connection, Stage};
use crate::broker::keep_alive::KeepAlive;
use crate::broker::pace::Pace;
use crate::broker::{Broker, Holder, SessionName};

/// A connection that has nothing to do.
///
/// It still has its Session, and is woken by the holder like any other: it is to be made a
/// [`Connection`] again by [`wake`](Self::wake) when that happens, when octets come, when its
/// [`deadline`](Self::deadline) does, and when it is given up.
#[derive(Debug)]
pub struct Dormant<H: Holder> {
    me: H::Connection,
    name: SessionName,
    session: H::Session,
    keep_alive: KeepAlive,
}

impl<H: Holder> Connection<H> {
    /// Whether it has nothing to do at time `now`: its Client is connected, nothing that came waits
    /// to be worked on, and nothing is to be put out that was polled for already.
    pub fn is_dormant(&self, now: Instant) -> bool {
        match &self.stage {
            Stage::Connected { pace, failing, .. } => {
                let has_nothing = self.outgoing.is_empty() && self.route.is_none();
                has_nothing && !failing && pace.is_at_rest(now)
            }
            Stage::Opened { .. } | Stage::Asking { .. } | Stage::Waiting(_) | Stage::Closed => {
                false
            }
        }
    }

    /// What is left of it when it [`is_dormant`](Self::is_dormant), or `None`.
    ///
    /// This value is closed then and does not part from the Session: the other one has it.
    pub fn rest(&mut self, now: Instant) -> Option<Dormant<H>> {
        if !self.is_dormant(now) {
            return None;
        }
        match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::Connected { name, session, keep_alive, .. } => {
                Some(Dormant { me: self.me.clone(), name, session, keep_alive })
            }
            _ => None,
        }
    }
}

impl<H: Holder> Dormant<H> {
    /// How the holder reaches it.
    pub const fn me(&self) -> &H::Connection {
        &self.me
    }

    /// When it is to be woken if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        self.keep_alive.deadline()
    }

    /// The connection as it was.
    pub fn wake(self, broker: &Broker<H>) -> Connection<H> {
        let Self { me, name, session, keep_alive } = self;
        let pace = Pace::new(broker.limits().max_publish_rate);
        let stage = Stage::Connected { name, session, keep_alive, pace, failing: false };
        Connection { stage, ..Connection::blank(me) }
    }
}
