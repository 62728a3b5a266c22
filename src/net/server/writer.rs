//! The thread that commits what the journal has gathered, and durable state as a whole.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinError;

use super::journal::{Group, Journal};
use super::log;
use crate::broker::Kept;
use crate::store::{Store, StoreError};

/// When what was acknowledged is durable.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Keeping {
    /// Before it is acknowledged. What gathers during one commit is the next.
    #[default]
    Always,
    /// So much later, at most: acknowledgements wait for nothing, and a crash loses what was
    /// acknowledged within this time.
    Interval(Duration),
}

/// A store that has been read, for a server to go on from.
#[derive(Debug)]
pub struct Durable {
    pub(super) kept: Kept,
    pub(super) store: Box<dyn Store>,
    pub(super) keeping: Keeping,
}

impl Durable {
    /// Reads all of `store`.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    pub fn load(mut store: impl Store + 'static, keeping: Keeping) -> Result<Self, StoreError> {
        let kept = store.load()?;
        Ok(Self { kept, store: Box::new(store), keeping })
    }

    /// The journal for what changes from here on.
    pub(super) fn journal(&self) -> Journal {
        Journal::new(self.kept.last_number(), self.keeping == Keeping::Always)
    }

    /// What was kept by the server before.
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }
}

/// The thread that commits.
pub(super) struct Writer {
    journal: Arc<Journal>,
    /// `None` once somebody waits for its end.
    thread: Option<JoinHandle<Result<(), StoreError>>>,
    /// Ends when the thread does, which it should not do by itself.
    ended: oneshot::Receiver<()>,
}

/// How long to wait before a store that had no room is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Writer {
    /// Starts the thread.
    pub(super) fn start(store: Box<dyn Store>, keeping: Keeping, journal: Arc<Journal>) -> Self {
        let (ending, ended) = oneshot::channel();
        let of_thread = journal.clone();
        let thread = thread::spawn(move || {
            let _ending = ending;
            let written = write(store, keeping, &of_thread);
            if let Err(error) = &written {
                of_thread.fail();
                log::cannot_keep(error);
            }
            written
        });
        Self { journal, thread: Some(thread), ended }
    }

    /// Ends when nothing can be kept any more.
    pub(super) async fn failed(&mut self) {
        // The other side is dropped without a word.
        let _ = (&mut self.ended).await;
    }

    /// Has all committed that was recorded, and ends the thread.
    pub(super) async fn finish(mut self) -> Result<(), StoreError> {
        self.journal.close();
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        joined.map_err(JoinError::into_panic).flatten().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// A server that never ran has nothing to commit, and lets go of its store.
impl Drop for Writer {
    fn drop(&mut self) {
        self.journal.close();
        if let Some(thread) = self.thread.take() {
            // Its error is in the log, and there is nobody else to tell.
            let _ = thread.join();
        }
    }
}

fn write(mut store: Box<dyn Store>, keeping: Keeping, journal: &Journal) -> Result<(), StoreError> {
    let pause = match keeping {
        Keeping::Always => Duration::ZERO,
        Keeping::Interval(pause) => pause,
    };
    while let Some(Group { changes, up_to }) = journal.next_group(pause) {
        let mut said = None;
        while let Err(error) = store.commit(&changes) {
            if !error.may_pass() || journal.is_closed() {
                return Err(error);
            }
            // Nobody is told anything meanwhile, and nobody may add much: the group is tried again
            // as it is, so that nothing is lost should there be room.
            journal.fail();
            if said.as_ref() != Some(&error) {
                log::cannot_keep(&error);
                said = Some(error);
            }
            journal.pause(RETRY);
        }
        journal.committed(up_to);
        if said.is_some() {
            log::keeps_again();
        }
    }
    Ok(())
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
