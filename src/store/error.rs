//! What keeps a store from keeping.

use std::io;

use thiserror::Error;

/// Why a store cannot be opened, read or written.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{place}: {reason}")]
pub struct StoreError {
    /// What kind of failure it is.
    pub kind: StoreErrorKind,
    /// The file, or wherever the store lies.
    pub place: String,
    /// What is wrong, and what can be done about it.
    pub reason: String,
}

/// What kind of failure a [`StoreError`] is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreErrorKind {
    /// It was not left like this by any server.
    Damaged,
    /// There is something else in its place.
    Foreign,
    /// There is no room for more.
    Full,
    /// Another process works with it.
    InUse,
    /// The system refuses to read or to write.
    Io(io::ErrorKind),
    /// A later version has written it.
    Newer,
}

impl StoreError {
    /// Whether the same may succeed later without anybody touching the store.
    ///
    /// A full disk can be emptied. A disk that fails to write, on the other hand, may have lost
    /// what it has claimed to hold.
    pub const fn may_pass(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Full)
    }

    #[cfg(feature = "store-redb")]
    pub(super) fn new(kind: StoreErrorKind, place: &str, reason: impl Into<String>) -> Self {
        Self { kind, place: place.to_owned(), reason: reason.into() }
    }

    #[cfg(feature = "store-redb")]
    pub(super) fn io(place: &str, doing: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
            kind => StoreErrorKind::Io(kind),
        };
        Self::new(kind, place, format!("cannot {doing}: {error}"))
    }
}
