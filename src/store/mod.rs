//! Where durable state is kept: the trait, a store in memory, and one in a file.
//!
//! A server tells what changes, and is rebuilt from what the changes add up to; a [`Store`] keeps
//! them in between. It knows no clause and no clock: what belongs together, and who waits for it,
//! has been decided before a change comes here.
//!
//! ```text
//!   Broker ──Change──► Journal ──groups──► Store::commit        Store::load ──Kept──► Broker
//! ```
//!
//! Not here: the thread that gathers changes into groups (`net`).

mod error;
mod memory;
#[cfg(feature = "store-redb")]
mod redb;

use std::fmt::Debug;

pub use error::{StoreError, StoreErrorKind};
pub use memory::Memory;

#[cfg(feature = "store-redb")]
pub use self::redb::{FORMAT, Redb, Syncing};
use crate::broker::{Change, Kept};

/// Keeps what outlives a server.
pub trait Store: Debug + Send {
    /// All that is kept; to be called once, before anything is committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be read, is damaged, or was written in a form that this
    /// version does not know. Nothing has been changed then.
    fn load(&mut self) -> Result<Kept, StoreError>;

    /// Keeps `changes`, in this order: when this returns they are there whatever happens to the
    /// server, and if it does not return, all of them are or none is.
    ///
    /// A change of what is not there changes nothing, as in [`Kept::apply`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they could not be kept. If [it is worth it](StoreError::may_pass) the
    /// same changes may be given again, and no others before them.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;
}
