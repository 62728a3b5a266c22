//! Files that are not as they were left: they are refused with a word of what is wrong, and stay as
//! they are.

use std::fs;

use redb::{Database, TableDefinition};

use super::changes::Server;
use super::disk::Disk;
use super::random::Random;
use crate::broker::Kept;
use crate::store::redb::{FILE, FORMAT, FORMAT_KEY, Redb, Syncing, tables};
use crate::store::{Store as _, StoreError, StoreErrorKind};

fn open(disk: &Disk) -> Result<Redb, StoreError> {
    Redb::on("disk", disk.medium(), Syncing::Always)
}

/// The octets of a store, and what it holds.
fn sample(seed: u64) -> (Vec<u8>, Kept) {
    let disk = Disk::default();
    let mut server = Server::new(seed);
    let mut store = open(&disk).unwrap();
    for _ in 0..20 {
        store.commit(&server.group()).unwrap();
    }
    drop(store);
    (disk.content(), open(&disk).unwrap().load().unwrap())
}

#[test]
fn a_damaged_file_is_refused_or_right_and_never_written_to() {
    let mut refused = 0;
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let (mut octets, right) = sample(seed % 5);
        for _ in 0..=random.below(4) {
            let place = random.place(octets.len());
            match random.below(4) {
                0 => octets[place] ^= 1 << random.below(8),
                1 => octets[place] = 0,
                2 => {
                    let end = octets.len().min(place + 4096);
                    octets[place..end].fill(0);
                }
                _ => octets.truncate(place),
            }
            if octets.is_empty() {
                octets.push(0);
            }
        }
        let disk = Disk::with(octets.clone());
        match open(&disk) {
            Ok(mut store) => assert!(store.load().unwrap() == right, "seed {seed}"),
            Err(error) => {
                refused += 1;
                let kinds = [StoreErrorKind::Damaged, StoreErrorKind::Foreign];
                assert!(kinds.contains(&error.kind), "seed {seed}: {error:?}");
                assert!(disk.content() == octets, "seed {seed}: it was written to");
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_file_of_a_later_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(Redb::open(folder.path(), Syncing::Always).unwrap());
    let path = folder.path().join(FILE);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(tables::META).unwrap().insert(FORMAT_KEY, FORMAT + 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();

    let error = Redb::open(folder.path(), Syncing::Always).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Newer);
    insta::assert_snapshot!(
        error.reason,
        @"it has format 2, written by a later version of mqttspec; this one knows format 1"
    );
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    fs::write(&path, "to whom it may concern").unwrap();
    let error = Redb::open(folder.path(), Syncing::Always).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Foreign, "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"to whom it may concern");

    fs::remove_file(&path).unwrap();
    let others = Database::create(&path).unwrap();
    let transaction = others.begin_write().unwrap();
    let table: TableDefinition<'_, u64, u64> = TableDefinition::new("somebody else's");
    transaction.open_table(table).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    drop(others);
    let before = fs::read(&path).unwrap();
    let error = Redb::open(folder.path(), Syncing::Always).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Foreign, "{error}");
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let error = Redb::open(&in_the_way, Syncing::Always).unwrap_err();
    assert!(matches!(error.kind, StoreErrorKind::Io(_)), "{error}");
    assert!(error.to_string().starts_with(&in_the_way.display().to_string()), "{error}");
    assert!(error.reason.starts_with("it is no folder"), "{error}");
    let below = Redb::open(&in_the_way.join("state"), Syncing::Always).unwrap_err();
    let reason = format!("cannot make this folder: {} is no folder", in_the_way.display());
    assert_eq!(below.reason, reason);
}

#[test]
fn a_store_that_was_not_finished_is_made_anew_and_an_empty_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    fs::write(path.with_extension("unfinished"), "half a header").unwrap();
    drop(Redb::open(folder.path(), Syncing::Always).unwrap());
    assert!(!path.with_extension("unfinished").exists());

    fs::write(&path, "").unwrap();
    let error = Redb::open(folder.path(), Syncing::Always).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Foreign, "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"");
}
