//! What is yet to happen, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::plan::Step;

/// Something that happens at its time.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Octets come to one end of a link.
    Arrive { link: usize, side: Side, octets: Bytes },
    /// The server gets to read what has come over a link.
    Read { life: u32, link: usize },
    /// One end of a link learns that there is nothing more.
    Ended { link: usize, side: Side },
    /// A peer tries to connect.
    Connect { peer: usize },
    /// A peer's deadline may have come.
    PeerDeadline { peer: usize },
    /// What a peer had to keep by then is kept.
    PeerKept { peer: usize, life: u32 },
    /// The server looks for Sessions whose time is over.
    Expire,
    /// A connection's deadline may have come, at the server.
    ServerDeadline { life: u32, link: usize },
    /// A connection that was woken looks for output.
    Wake { life: u32, link: usize },
    /// What the server gathered has been written, or has not.
    Synced { life: u32 },
    /// A peer does what it has planned.
    Do { peer: usize, step: Step },
    /// The server dies, and what its disk did not hold is gone.
    Crash,
    /// The server stops in good order.
    Stop,
    /// The server comes back.
    Start,
    /// The network behaves from here on.
    Calm,
    /// Has all come to rest?
    Look,
}

/// An end of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Peer,
    Server,
}

/// What is yet to happen, in order: by time, and in the order in which it was put down.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Duration, u64), Event>,
    count: u64,
}

impl Agenda {
    /// Puts something down.
    pub(crate) fn add(&mut self, time: Duration, event: Event) {
        self.count += 1;
        self.events.insert((time, self.count), event);
    }

    /// Takes the next.
    pub(crate) fn next(&mut self) -> Option<(Duration, Event)> {
        let ((time, _), event) = self.events.pop_first()?;
        Some((time, event))
    }
}
