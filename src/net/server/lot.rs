//! Where connections wait that have nothing to do: a socket and an entry each, and no task.
//!
//! A task, with what the runtime keeps for a socket, takes more than a kilobyte. One that has been
//! idle for long enough ends, and leaves here what is needed to go on: its socket, in a set of its
//! own that the system watches, and its connection as it is while it is silent. The first that
//! happens then starts a task anew: octets, the end of its Keep Alive, or somebody who wakes it.
//!
//! No wake is lost. Who wakes a connection leaves word first and looks for it here then; who parks
//! it makes it known where it is first, and looks for word then. One of both finds the other.
//!
//! Not here: when a connection has nothing to do (`connection`).

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use slab::Slab;
use tokio::runtime::Handle;

use super::connection::Parked;

/// Where connections wait that have nothing to do.
#[derive(Debug)]
pub(super) struct Lot {
    /// Deadlines are counted from here.
    start: Instant,
    registry: Registry,
    places: Mutex<Places>,
    /// The places of those that somebody has woken.
    called: Mutex<Vec<u32>>,
    /// Tells who looks after it that there is something to see.
    waker: Waker,
}

#[derive(Debug, Default)]
struct Places {
    parked: Slab<Parked>,
    /// When which place has its deadline.
    deadlines: BTreeSet<(Tick, u32)>,
    /// Whether nobody looks after them any more.
    is_closed: bool,
}

/// A time since the start of the lot, in twentieths of a second.
type Tick = u32;

const TICKS_A_SECOND: u32 = 20;

/// How many events are asked of the system at once.
const EVENTS: usize = 1024;

/// Where a connection is parked, if it is.
#[derive(Debug)]
pub(super) struct Parking {
    /// `None` when none of this server is.
    lot: Option<Arc<Lot>>,
    place: AtomicU32,
}

/// The place of a connection that is not parked.
const NOWHERE: u32 = u32::MAX;

/// Who looks after a lot.
#[derive(Debug)]
pub(super) struct Keeper {
    lot: Arc<Lot>,
    poll: Poll,
}

/// What its waker is in the set.
const WAKER: Token = Token(usize::MAX);

impl Lot {
    /// A lot, and who looks after it.
    ///
    /// # Errors
    ///
    /// The system's error when it has no room for another set of sockets.
    pub(super) fn new() -> io::Result<(Arc<Self>, Keeper)> {
        let poll = Poll::new()?;
        let lot = Arc::new(Self {
            start: Instant::now(),
            registry: poll.registry().try_clone()?,
            places: Mutex::default(),
            called: Mutex::default(),
            waker: Waker::new(poll.registry(), WAKER)?,
        });
        Ok((lot.clone(), Keeper { lot, poll }))
    }

    /// Parks a connection, or gives it back when there is no room for it.
    pub(super) fn park(&self, parked: Parked) -> Option<Parked> {
        let me = parked.me().clone();
        {
            let mut places = self.lock();
            let Places { parked: entries, deadlines, is_closed } = &mut *places;
            let entry = entries.vacant_entry();
            let (key, fd) = (entry.key(), parked.socket().as_raw_fd());
            let Some(place) = u32::try_from(key).ok().filter(|&place| place != NOWHERE) else {
                return Some(parked);
            };
            // What has come already is told of as if it came now.
            let registered = || {
                self.registry.register(&mut SourceFd(&fd), Token(key), Interest::READABLE).is_ok()
            };
            if *is_closed || !registered() {
                return Some(parked);
            }
            if let Some(deadline) = parked.deadline() {
                let tick = self.tick(deadline);
                if deadlines.first().is_none_or(|&(first, _)| tick < first) {
                    self.news();
                }
                deadlines.insert((tick, place));
            }
            entry.insert(parked);
            me.parking().set(place);
        }
        if me.was_woken() {
            me.wake();
        }
        None
    }

    /// Takes out the connection at `place`, if there is one.
    fn take(&self, place: u32) -> Option<Parked> {
        let parked = {
            let mut places = self.lock();
            let parked = places.parked.try_remove(place as usize)?;
            if let Some(deadline) = parked.deadline() {
                places.deadlines.remove(&(self.tick(deadline), place));
            }
            parked.me().parking().set(NOWHERE);
            parked
        };
        self.forget(&parked);
        Some(parked)
    }

    /// Has the system watch its socket no more.
    fn forget(&self, parked: &Parked) {
        // It was watched, or it would not be here.
        let _ = self.registry.deregister(&mut SourceFd(&parked.socket().as_raw_fd()));
    }

    /// The places whose deadline has come.
    fn due(&self) -> Vec<u32> {
        let now = self.start.elapsed();
        let places = self.lock();
        let due = places.deadlines.iter().take_while(|&&(tick, _)| time(tick) <= now);
        due.map(|&(_, place)| place).collect()
    }

    /// When the first deadline comes.
    fn deadline(&self) -> Option<Instant> {
        let (tick, _) = *self.lock().deadlines.first()?;
        Some(self.start + time(tick))
    }

    /// The first tick that is not before `deadline`.
    fn tick(&self, deadline: Instant) -> Tick {
        let ticks = deadline.saturating_duration_since(self.start).as_millis();
        u32::try_from((ticks * u128::from(TICKS_A_SECOND)).div_ceil(1_000)).unwrap_or(u32::MAX)
    }

    /// Has who looks after it look.
    fn news(&self) {
        // Should that fail, it looks as soon as anything else happens.
        let _ = self.waker.wake();
    }

    /// Gives up the connections that are parked, and takes no more.
    fn close(&self) {
        let parked = {
            let mut places = self.lock();
            places.is_closed = true;
            std::mem::take(&mut places.parked)
        };
        for (_, parked) in parked {
            parked.me().parking().set(NOWHERE);
            parked.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called(&self) -> MutexGuard<'_, Vec<u32>> {
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are parked.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().parked.len()
    }
}

/// How long after the start `tick` is.
fn time(tick: Tick) -> Duration {
    Duration::from_secs(tick.into()) / TICKS_A_SECOND
}

impl Parking {
    /// One that is not parked; without a lot it never is.
    pub(super) const fn new(lot: Option<Arc<Lot>>) -> Self {
        Self { lot, place: AtomicU32::new(NOWHERE) }
    }

    fn set(&self, place: u32) {
        self.place.store(place, Ordering::SeqCst);
    }

    /// Has a task started for the connection, if it is parked.
    ///
    /// Should the place be another's by then, that one looks for something to do and finds nothing.
    pub(super) fn call(&self) {
        let place = self.place.load(Ordering::SeqCst);
        if let (Some(lot), true) = (&self.lot, place != NOWHERE) {
            let mut called = lot.called();
            called.push(place);
            if called.len() == 1 {
                lot.news();
            }
        }
    }
}

impl Keeper {
    /// Looks after the lot in a thread of its own, until what is given back is dropped.
    ///
    /// # Errors
    ///
    /// The system's error when it has no room for a thread.
    pub(super) fn start(mut self) -> io::Result<Closing> {
        let lot = self.lot.clone();
        let runtime = Handle::current();
        thread::Builder::new().name("lot".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            self.keep();
        })?;
        Ok(Closing(lot))
    }

    fn keep(&mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.lot.lock().is_closed {
            let pause = self.lot.deadline().map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, pause) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
            let place = |event: &Event| u32::try_from(event.token().0).ok();
            let called = std::mem::take(&mut *self.lot.called());
            let places = events.iter().filter_map(place).chain(called).chain(self.lot.due());
            for parked in places.filter_map(|place| self.lot.take(place)) {
                parked.resume();
            }
        }
    }
}

/// Whatever ends it, a panic too.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.lot.close();
    }
}

/// Closes the lot when it is dropped: the connections there are given up.
#[derive(Debug)]
pub(super) struct Closing(Arc<Lot>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        self.0.news();
    }
}

#[cfg(test)]
mod tests;
