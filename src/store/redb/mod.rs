//! A store in one file, by the embedded engine redb.
//!
//! A group of changes is one transaction and one sync. When the file is opened all of it is read
//! and its checksums are verified; a file that does not pass is left as it is. While it is open,
//! a lock keeps every other process away from its folder.
//!
//! Not here: what belongs into one group, and when it is committed.

mod backend;
mod group;
mod loading;
mod records;
mod tables;

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    Builder, CommitError, Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError,
    TableError, TransactionError,
};

use self::backend::Careful;
pub use self::backend::Syncing;
use self::group::WriteError;
use self::loading::{Fault, Index};
pub use self::tables::FORMAT;
use super::{Store, StoreError, StoreErrorKind};
use crate::broker::{Change, Kept};

/// A store in one file.
///
/// # Examples
///
/// ```
/// use mqttspec::store::{Redb, Store, StoreErrorKind, Syncing};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// let mut store = Redb::open(folder, Syncing::Always)?;
/// assert!(store.load()?.sessions.is_empty());
///
/// // One process at a time.
/// let error = Redb::open(folder, Syncing::Always).unwrap_err();
/// assert_eq!(error.kind, StoreErrorKind::InUse);
/// # Ok::<(), mqttspec::store::StoreError>(())
/// ```
pub struct Redb {
    place: String,
    medium: Medium,
    syncing: Syncing,
    /// `None` after a failure, until it is opened again.
    open: Option<Open>,
    /// How many groups are committed for certain.
    groups: u64,
    /// What was read when it was opened.
    loaded: Option<Kept>,
    /// Held as long as the store is.
    _lock: Option<File>,
}

/// Gives the octets under a store, each time it is opened.
type Medium = Box<dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send>;

struct Open {
    database: Database,
    index: Index,
    /// How many groups the file holds.
    groups: u64,
}

/// The file of a store, in its folder.
const FILE: &str = "state.redb";

/// The same for the Session of a Client.
const CLIENT_FILE: &str = "client.redb";

/// The file whose lock says that a folder is in use; it stays empty.
const LOCK: &str = "lock";

/// How much of the file is kept in memory. What is read often is in the server anyway.
const CACHE_OCTETS: usize = 64 * 1024 * 1024;

impl Redb {
    /// Opens the store in `folder`, and makes both if they are not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the folder or the file cannot be made, read or written, another process
    /// works with it, or the file holds anything but what this version understands. Such a file is
    /// left as it is.
    pub fn open(folder: &Path, syncing: Syncing) -> Result<Self, StoreError> {
        Self::open_file(folder, FILE, syncing)
    }

    /// The same for the Session of a Client, which is in a file of its own.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_client(folder: &Path, syncing: Syncing) -> Result<Self, StoreError> {
        Self::open_file(folder, CLIENT_FILE, syncing)
    }

    fn open_file(folder: &Path, file: &str, syncing: Syncing) -> Result<Self, StoreError> {
        let place = folder.display().to_string();
        fs::create_dir_all(folder).map_err(|error| no_folder(folder, &place, &error))?;
        let lock = lock(&folder.join(LOCK))?;
        let path = folder.join(file);
        if !path.try_exists().is_ok_and(|exists| exists) {
            make(folder, &path)?;
        }
        let place = path.display().to_string();
        // The engine would make itself at home in an empty file.
        if fs::metadata(&path).map_err(|e| StoreError::io(&place, "read", &e))?.len() == 0 {
            return Err(foreign(&place));
        }
        Self::locked(place, medium(&path), syncing, Some(lock))
    }

    /// Opens the store on a medium other than a file, which errors call `place`: on a disk that
    /// fails, for tests and simulations.
    ///
    /// `medium` gives the octets, and is asked again after a failure. Nothing keeps others away
    /// from them.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn on(
        place: &str,
        medium: impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + 'static,
        syncing: Syncing,
    ) -> Result<Self, StoreError> {
        Self::locked(place.to_owned(), Box::new(medium), syncing, None)
    }

    fn locked(
        place: String,
        medium: Medium,
        syncing: Syncing,
        lock: Option<File>,
    ) -> Result<Self, StoreError> {
        let (open, kept) = open(&place, &medium, syncing)?;
        let (groups, loaded) = (open.groups, Some(kept));
        Ok(Self { place, medium, syncing, open: Some(open), groups, loaded, _lock: lock })
    }

    fn try_commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if self.open.is_none() {
            let (open, _) = open(&self.place, &self.medium, self.syncing)?;
            let groups = open.groups;
            self.open = Some(open);
            if groups > self.groups {
                // The file failed after the last group had been committed, not before.
                self.groups = groups;
                return Ok(());
            }
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let write = |error: StorageError| self::error(&self.place, "write", error.into());
        let transaction = open.database.begin_write().map_err(|error| match error {
            TransactionError::Storage(error) => write(error),
            other => self::error(&self.place, "write", other.into()),
        })?;
        group::write(&transaction, changes, &mut open.index).map_err(|error| match error {
            WriteError::Storage(error) => write(error),
            WriteError::Table(error) => self::error(&self.place, "write", error.into()),
        })?;
        let groups = self.groups + 1;
        transaction
            .open_table(tables::META)
            .map_err(|error| self::error(&self.place, "write", error.into()))?
            .insert(GROUPS, groups)
            .map_err(write)?;
        transaction.commit().map_err(|error| match error {
            CommitError::Storage(error) => write(error),
            other => self::error(&self.place, "write", other.into()),
        })?;
        self.groups = groups;
        Ok(())
    }
}

impl Store for Redb {
    fn load(&mut self) -> Result<Kept, StoreError> {
        Ok(self.loaded.take().unwrap_or_default())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let committed = self.try_commit(changes);
        if committed.is_err() {
            // What the engine holds in memory and what the file holds may differ from here on.
            self.open = None;
        }
        committed
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redb").field("place", &self.place).field("groups", &self.groups).finish()
    }
}

/// The keys of [`tables::META`].
const FORMAT_KEY: &str = "format";
const GROUPS: &str = "groups";

/// Makes an empty store.
///
/// It gets its name once it is whole: a crash meanwhile leaves no store rather than half of one.
fn make(folder: &Path, path: &Path) -> Result<(), StoreError> {
    let unfinished = path.with_extension("unfinished");
    let place = unfinished.display().to_string();
    let cannot = |e: io::Error| StoreError::io(&place, "make this file", &e);
    File::create(&unfinished).map_err(cannot)?;
    let (opened, _) = open(&place, &medium(&unfinished), Syncing::Always)?;
    drop(opened);
    fs::rename(&unfinished, path).map_err(cannot)?;
    // The name has to be as durable as what it stands for.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)
}

/// The file at `path`.
fn medium(path: &Path) -> Medium {
    let path = path.to_owned();
    Box::new(move || {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    })
}

/// Why the folder of a store cannot be made. Of something else in its place the system would only
/// say that it exists.
fn no_folder(folder: &Path, place: &str, error: &io::Error) -> StoreError {
    let reason = match folder.ancestors().find(|path| path.exists()) {
        Some(there) if there == folder => "it is no folder, and state is kept in one".to_owned(),
        Some(there) if !there.is_dir() => {
            format!("cannot make this folder: {} is no folder", there.display())
        }
        _ => return StoreError::io(place, "make this folder", error),
    };
    StoreError::new(StoreErrorKind::Io(error.kind()), place, reason)
}

/// Keeps other processes away, as long as the file is open.
fn lock(path: &Path) -> Result<File, StoreError> {
    let place = path.display().to_string();
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| StoreError::io(&place, "write here", &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let reason = "another process keeps its state in this folder";
            Err(StoreError::new(StoreErrorKind::InUse, &place, reason))
        }
        Err(TryLockError::Error(e)) => Err(StoreError::io(&place, "lock this file", &e)),
    }
}

/// Opens the file and reads all of it; writes to it only once it has made sense.
fn open(place: &str, medium: &Medium, syncing: Syncing) -> Result<(Open, Kept), StoreError> {
    let io = |e: io::Error| StoreError::io(place, "open", &e);
    let (careful, go_ahead) = Careful::new(medium().map_err(io)?, syncing).map_err(io)?;
    let database = Builder::new()
        .set_check_integrity_on_open(true)
        .set_cache_size(CACHE_OCTETS)
        .create_with_backend(careful)
        .map_err(|error| cannot_open(place, error))?;
    let groups = match format_and_groups(&database).map_err(|fault| explain(place, fault))? {
        Some((FORMAT, groups)) => groups,
        Some((newer, _)) => {
            let reason = format!(
                "it has format {newer}, written by a later version of mqttspec; this one knows \
                 format {FORMAT}"
            );
            return Err(StoreError::new(StoreErrorKind::Newer, place, reason));
        }
        None => {
            begin(&database).map_err(|error| self::error(place, "write", error))?;
            0
        }
    };
    let (kept, index) = loading::load(&database).map_err(|fault| explain(place, fault))?;
    go_ahead.go().map_err(|e| StoreError::io(place, "write", &e))?;
    Ok((Open { database, index, groups }, kept))
}

/// The format of a store, and how many groups it holds; `None` when there is nothing in it yet.
fn format_and_groups(database: &Database) -> Result<Option<(u64, u64)>, Fault> {
    let transaction = database.begin_read().map_err(|error| Fault::Redb(error.into()))?;
    let meta = match transaction.open_table(tables::META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            return match transaction.list_tables()?.next() {
                None => Ok(None),
                Some(_) => Err(Fault::Foreign),
            };
        }
        Err(error) => return Err(error.into()),
    };
    let value = |key| Ok::<_, Fault>(meta.get(key)?.map(|value| value.value()));
    let format = value(FORMAT_KEY)?.ok_or(Fault::Foreign)?;
    Ok(Some((format, value(GROUPS)?.unwrap_or(0))))
}

/// Makes an empty store.
fn begin(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(tables::META)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.open_table(tables::SESSIONS)?;
    transaction.open_table(tables::OWNERS)?;
    transaction.open_table(tables::ABSENT)?;
    transaction.open_table(tables::WILLS)?;
    transaction.open_table(tables::SUBSCRIPTIONS)?;
    transaction.open_table(tables::RECEIVED)?;
    transaction.open_table(tables::DELIVERIES)?;
    transaction.open_table(tables::RETAINED)?;
    transaction.open_table(tables::MESSAGES)?;
    Ok(transaction.commit()?)
}

fn cannot_open(place: &str, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            let reason = "another process has this file open";
            StoreError::new(StoreErrorKind::InUse, place, reason)
        }
        DatabaseError::Storage(StorageError::Io(e)) if e.kind() == io::ErrorKind::InvalidData => {
            foreign(place)
        }
        other => self::error(place, "open", other.into()),
    }
}

fn explain(place: &str, fault: Fault) -> StoreError {
    match fault {
        Fault::Foreign => foreign(place),
        Fault::Nonsense(table, what) => damaged(place, &format!("table {table} has {what}")),
        Fault::Redb(error) => self::error(place, "read", error),
    }
}

fn foreign(place: &str) -> StoreError {
    let reason = "this is no store of mqttspec, or its beginning is damaged; it was left as it is";
    StoreError::new(StoreErrorKind::Foreign, place, reason)
}

fn damaged(place: &str, what: &str) -> StoreError {
    let reason = format!(
        "this store is damaged, and was left as it is: {what}. Put a copy in its place, or move it \
         away to begin without state"
    );
    StoreError::new(StoreErrorKind::Damaged, place, reason)
}

/// What the engine says, as whoever runs the server needs to hear it.
fn error(place: &str, doing: &str, error: redb::Error) -> StoreError {
    match error {
        redb::Error::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            damaged(place, "it ends before all of it is there")
        }
        redb::Error::Io(e) => StoreError::io(place, doing, &e),
        redb::Error::Corrupted(what) => damaged(place, &what),
        other => damaged(place, &other.to_string()),
    }
}

#[cfg(test)]
mod tests;
