//! The Client's half of a Session in a store, so that another process can go on from it.
//!
//! The stores are those of the server; to them it is one Session among others. A thread commits
//! what the task tells it, many changes in one sync, and what must not be sent before waits behind
//! [`Unsent::hold`](super::unsent::Unsent::hold).
//!
//! Not here: what has to be kept, and what waits for it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;

use super::ClientError;
use crate::broker::{self, KeptCopy, KeptMessage, MessageNumber, SessionNumber};
use crate::client::{Change, Kept, KeptDelivery, Token};
use crate::session::Message;
use crate::store::{Store, StoreError, StoreErrorKind};

/// The changes on their way to a store.
pub(super) struct Keeping {
    /// Those that belong together and have not been handed over.
    unit: Vec<broker::Change>,
    /// How many units were handed over.
    units: u64,
    /// `None` once nothing more will come.
    sender: Option<Sender<Vec<broker::Change>>>,
    thread: Option<JoinHandle<()>>,
    progress: Arc<Progress>,
}

/// What the thread tells.
#[derive(Debug, Default)]
struct Progress {
    /// How many units are kept.
    units: AtomicU64,
    failed: OnceLock<StoreError>,
    changed: Notify,
}

impl Keeping {
    /// Reads what an earlier Client has left in `store`, and goes on with it.
    ///
    /// # Errors
    ///
    /// As [`Store::load`]; and when it is the store of a server.
    pub(super) fn open(mut store: Box<dyn Store>) -> Result<(Self, Kept), StoreError> {
        let kept = kept(store.load()?)?;
        let (sender, units) = channel();
        let progress = Arc::new(Progress::default());
        let of_thread = progress.clone();
        let thread = thread::spawn(move || of_thread.write(store, &units));
        let (sender, thread) = (Some(sender), Some(thread));
        Ok((Self { unit: Vec::new(), units: 0, sender, thread, progress }, kept))
    }

    /// Takes down a change; it is kept when so many units are as it says.
    pub(super) fn record(&mut self, change: Change) -> u64 {
        write_down(change, &mut self.unit);
        self.units + 1
    }

    /// What was recorded since the last time belongs together.
    pub(super) fn end_unit(&mut self) {
        if self.unit.is_empty() {
            return;
        }
        self.units += 1;
        if let Some(sender) = &self.sender {
            // The thread goes before its time only when it has failed, and has said so.
            let _ = sender.send(std::mem::take(&mut self.unit));
        }
    }

    /// How many units there are, and how many of them are kept by now.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.units, self.progress.units.load(Ordering::Acquire))
    }

    /// Waits until more is kept: how many units are by now. Cancel-safe.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotKept`] when nothing more can be.
    pub(super) async fn more(&self) -> Result<u64, ClientError> {
        self.progress.changed.notified().await;
        match self.progress.failed.get() {
            Some(error) => Err(error.clone().into()),
            None => Ok(self.progress.units.load(Ordering::Acquire)),
        }
    }

    /// Has all kept that was recorded, and lets go of the store.
    pub(super) async fn finish(mut self) {
        self.end_unit();
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // Its failure has been told, as far as there was anybody to tell.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping").field("units", &self.units).finish_non_exhaustive()
    }
}

/// How long to wait before a store that had no room is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Progress {
    /// Commits units until no more will come, or until the store fails.
    fn write(&self, mut store: Box<dyn Store>, units: &Receiver<Vec<broker::Change>>) {
        while let Ok(first) = units.recv() {
            let mut group = first;
            let mut count = 1;
            for unit in units.try_iter() {
                group.extend(unit);
                count += 1;
            }
            while let Err(error) = store.commit(&group) {
                // Nothing leaves meanwhile, and so nothing more comes than was asked for before.
                let is_over = match units.recv_timeout(RETRY) {
                    Ok(unit) => {
                        group.extend(unit);
                        count += 1;
                        false
                    }
                    Err(RecvTimeoutError::Timeout) => false,
                    Err(RecvTimeoutError::Disconnected) => true,
                };
                if is_over || !error.may_pass() {
                    let _ = self.failed.set(error);
                    self.changed.notify_one();
                    return;
                }
            }
            self.units.fetch_add(count, Ordering::Release);
            self.changed.notify_one();
        }
    }
}

/// A store of a Client holds one Session.
const SESSION: SessionNumber = SessionNumber(1);

/// A change of the Client as one of that Session.
fn write_down(change: Change, changes: &mut Vec<broker::Change>) {
    let session = SESSION;
    let change = match change {
        Change::Completed { token } => broker::Change::Completed { session, order: token.0 },
        Change::Freed { packet_id } => broker::Change::Freed { session, packet_id },
        Change::Queued { token, message } => {
            let (qos, retain) = (message.qos, message.retain);
            let message = KeptMessage { number: MessageNumber(token.0), message };
            broker::Change::Queued { session, order: token.0, message, qos, retain }
        }
        Change::Received { packet_id } => broker::Change::Received { session, packet_id },
        Change::Released { token, packet_id } => {
            broker::Change::Released { session, order: token.0, packet_id }
        }
        Change::Sent { token, packet_id } => {
            broker::Change::Sent { session, order: token.0, packet_id }
        }
        Change::SessionBegun { client_id } => {
            changes.push(broker::Change::SessionEnded { session });
            broker::Change::SessionBegun { session, client_id }
        }
    };
    changes.push(change);
}

/// What a store holds, as a Client goes on from it.
fn kept(kept: broker::Kept) -> Result<Kept, StoreError> {
    let broker::Kept { mut sessions, retained } = kept;
    let session = sessions.remove(&SESSION);
    if !sessions.is_empty() || !retained.is_empty() {
        return Err(StoreError {
            kind: StoreErrorKind::Foreign,
            place: "the store of a client".to_owned(),
            reason: "it holds the state of a broker".to_owned(),
        });
    }
    let Some(session) = session else { return Ok(Kept::default()) };
    let deliveries = session.deliveries.into_iter().map(|(order, delivery)| {
        let delivery = match delivery {
            broker::KeptDelivery::Released(packet_id) => KeptDelivery::Released(packet_id),
            broker::KeptDelivery::Sent(packet_id, copy) => {
                KeptDelivery::Sent(packet_id, as_published(copy).into())
            }
            broker::KeptDelivery::Waiting(copy) => KeptDelivery::Waiting(as_published(copy).into()),
        };
        (Token(order), delivery)
    });
    let (client_id, received) = (session.client_id, session.received);
    Ok(Kept { client_id, deliveries: deliveries.collect(), received })
}

/// A store keeps a copy's own QoS and RETAIN beside its message.
fn as_published(copy: KeptCopy) -> Message {
    let KeptCopy { message, qos, retain } = copy;
    Message { qos, retain, ..(*message.message).clone() }
}
