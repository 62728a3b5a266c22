//! Power cuts and full disks: what was committed is there, and what was not is there as a whole or
//! not at all.

use super::changes::Server;
use super::disk::Disk;
use super::random::Random;
use crate::broker::{Change, Kept};
use crate::store::redb::{Redb, Syncing};
use crate::store::{Store as _, StoreError, StoreErrorKind};

/// How many power cuts; `MQTTSPEC_ROUNDS` multiplies them.
const CUTS: u64 = 60;

fn open(disk: &Disk) -> Result<Redb, StoreError> {
    Redb::on("disk", disk.medium(), Syncing::Always)
}

fn rounds(usual: u64) -> u64 {
    let times = std::env::var("MQTTSPEC_ROUNDS").ok().and_then(|times| times.parse().ok());
    usual * times.unwrap_or(1).max(1)
}

fn plus(kept: &Kept, changes: &[Change]) -> Kept {
    let mut kept = kept.clone();
    changes.iter().cloned().for_each(|change| kept.apply(change));
    kept
}

#[test]
fn after_a_power_cut_all_that_was_committed_is_there_and_nothing_by_halves() {
    let mut cut_short = 0;
    // A store gets its name once it is whole, so a power cut never meets less than this.
    let empty = {
        let disk = Disk::default();
        drop(open(&disk).unwrap());
        disk.content()
    };
    for seed in 0..rounds(CUTS) {
        let mut random = Random::new(seed);
        let mut server = Server::new(seed);
        let mut disk = Disk::with(empty.clone());
        let mut committed = Kept::default();
        // Three lives of one store, each with its end.
        for life in 0..3 {
            let mut uncertain = None;
            disk.cut_power_after(random.place(120));
            if let Ok(mut store) = open(&disk) {
                assert!(store.load().unwrap() == committed, "seed {seed}, life {life}");
                loop {
                    let group = server.group();
                    if store.commit(&group).is_err() {
                        uncertain = Some(plus(&committed, &group));
                        break;
                    }
                    committed = plus(&committed, &group);
                }
            } else {
                cut_short += 1;
            }
            disk = disk.after_power_cut(&mut random);
            let found = open(&disk.after_power_cut(&mut random))
                .unwrap_or_else(|error| panic!("seed {seed}, life {life}: {error}"))
                .load()
                .unwrap();
            match uncertain {
                Some(uncertain) if found == uncertain => committed = uncertain,
                _ => assert!(found == committed, "seed {seed}, life {life}"),
            }
        }
    }
    assert!(cut_short > 0, "some cuts should come before the file is open");
}

#[test]
fn a_full_disk_loses_nothing_and_goes_on_when_there_is_room() {
    let mut full = 0;
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let mut server = Server::new(seed);
        let disk = Disk::default();
        let mut expected = Kept::default();
        let mut store = open(&disk).unwrap();
        for _ in 0..10 {
            let group = server.group();
            disk.set_room(Some(random.place(30)));
            for _ in 0..2 {
                // Once more with as little room, and then with enough.
                match store.commit(&group) {
                    Ok(()) => break,
                    Err(error) => {
                        full += 1;
                        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
                        assert!(error.may_pass());
                    }
                }
                disk.set_room(None);
            }
            disk.set_room(None);
            expected = plus(&expected, &group);
        }
        drop(store);
        assert!(open(&disk).unwrap().load().unwrap() == expected, "seed {seed}");
    }
    assert!(full > 40, "{full}");
}
