//! A disk that refuses for a moment: what it says of itself is handed on, and what it has taken is
//! not given to it again.

use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::changes::Server;
use super::disk::Disk;
use crate::store::redb::{Redb, Syncing};
use crate::store::{Memory, Store as _, StoreError, StoreErrorKind};

/// A disk that refuses when it is told to; clones are the same disk.
#[derive(Clone, Debug, Default)]
struct Fickle {
    disk: Disk,
    mood: Arc<Mutex<Mood>>,
}

#[derive(Debug, Default)]
struct Mood {
    /// What every read comes to.
    reads: Option<io::ErrorKind>,
    /// How many more syncs are reported; the one behind them is done, and reported as failed.
    syncs: Option<usize>,
    /// How often it was closed.
    closed: usize,
}

impl Fickle {
    fn open(&self) -> Result<Redb, StoreError> {
        let disk = self.clone();
        Redb::on("disk", move || Ok(Box::new(disk.clone())), Syncing::Always)
    }
}

impl StorageBackend for Fickle {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.mood.lock().unwrap().reads {
            Some(kind) => Err(kind.into()),
            None => self.disk.read(offset, out),
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.sync_data()?;
        let mut mood = self.mood.lock().unwrap();
        match mood.syncs {
            Some(0) => {
                mood.syncs = None;
                Err(io::Error::other("it is not what it was"))
            }
            Some(more) => {
                mood.syncs = Some(more - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.mood.lock().unwrap().closed += 1;
        Ok(())
    }
}

#[test]
fn what_cannot_be_read_is_neither_foreign_nor_worth_another_try() {
    let fickle = Fickle::default();
    drop(fickle.open().unwrap());
    let refuse = |kind| {
        fickle.mood.lock().unwrap().reads = Some(kind);
        fickle.open().unwrap_err()
    };
    let error = refuse(io::ErrorKind::PermissionDenied);
    assert_eq!(error.kind, StoreErrorKind::Io(io::ErrorKind::PermissionDenied), "{error}");
    assert!(!error.may_pass());
    // It says that it is longer than what can be had of it.
    let error = refuse(io::ErrorKind::UnexpectedEof);
    assert_eq!(error.kind, StoreErrorKind::Damaged, "{error}");
}

#[test]
fn a_group_that_the_disk_had_taken_when_it_failed_is_not_written_again() {
    let mut taken = 0;
    for syncs in 0..3 {
        let (fickle, mut server, mut measure) = (Fickle::default(), Server::new(9), Memory::new());
        let mut store = fickle.open().unwrap();
        for number in 0..6 {
            let group = server.group();
            measure.commit(&group).unwrap();
            let before = fickle.disk.content();
            fickle.mood.lock().unwrap().syncs = (number % 2 == 1).then_some(syncs);
            if let Err(error) = store.commit(&group) {
                assert!(!error.may_pass());
                let there = Fickle { disk: Disk::with(fickle.disk.content()), ..Fickle::default() };
                let mut other = there.open().unwrap();
                let is_taken = other.load().unwrap() == measure.load().unwrap();
                store.commit(&group).unwrap();
                let is_written = fickle.disk.content() != there.disk.content();
                assert_eq!(is_written, !is_taken, "after {syncs}, group {number}");
                taken += usize::from(is_taken);
            }
            fickle.mood.lock().unwrap().syncs = None;
            assert!(fickle.disk.content() != before);
        }
        drop(store);
        assert!(fickle.open().unwrap().load().unwrap() == measure.load().unwrap());
    }
    assert!(taken > 0, "some should fail behind the last sync");
}

#[test]
fn what_lies_under_a_store_is_closed_with_it() {
    let fickle = Fickle::default();
    let store = fickle.open().unwrap();
    assert_eq!(fickle.mood.lock().unwrap().closed, 0);
    drop(store);
    assert_eq!(fickle.mood.lock().unwrap().closed, 1);
}
