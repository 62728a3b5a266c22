//! What a store gives back is what it was given.

use redb::{ReadableDatabase as _, ReadableTableMetadata as _};

use super::changes::Server;
use super::disk::Disk;
use crate::broker::{Change, Kept, SessionNumber};
use crate::packet::{ClientId, Text};
use crate::store::redb::{Redb, Syncing, tables};
use crate::store::{Memory, Store as _};

fn open(disk: &Disk) -> Redb {
    Redb::on("disk", disk.medium(), Syncing::Always).unwrap()
}

#[test]
fn it_holds_what_the_changes_add_up_to() {
    for seed in 0..40 {
        let disk = Disk::default();
        let mut server = Server::new(seed);
        let mut measure = Memory::new();
        let mut store = open(&disk);
        assert_eq!(store.load().unwrap(), Kept::default());
        for number in 0..20 {
            let group = server.group();
            store.commit(&group).unwrap();
            measure.commit(&group).unwrap();
            if number % 4 == 0 {
                drop(store);
                store = open(&disk);
                assert!(store.load().unwrap() == measure.load().unwrap(), "seed {seed}");
            }
        }
    }
}

#[test]
fn a_message_is_there_once_and_as_long_as_somebody_refers_to_it() {
    for seed in 0..20 {
        let disk = Disk::default();
        let mut server = Server::new(seed);
        let mut measure = Kept::default();
        let mut store = open(&disk);
        for _ in 0..20 {
            let group = server.group();
            store.commit(&group).unwrap();
            group.into_iter().for_each(|change| measure.apply(change));
            assert_eq!(messages(&store), referred_to(&measure), "seed {seed}");
            assert_eq!(counted(&store), messages(&store), "seed {seed}");
        }
        // Nothing is left of what has ended.
        let mut end: Vec<Change> =
            measure.sessions.keys().map(|&session| Change::SessionEnded { session }).collect();
        let topics = measure.retained.keys().cloned();
        end.extend(topics.map(|topic| Change::Unretained { topic }));
        store.commit(&end).unwrap();
        assert_eq!((messages(&store), counted(&store)), (0, 0));
        drop(store);
        assert_eq!(open(&disk).load().unwrap(), Kept::default());
    }
}

/// How many messages are written.
fn messages(store: &Redb) -> u64 {
    let transaction = store.open.as_ref().unwrap().database.begin_read().unwrap();
    transaction.open_table(tables::MESSAGES).unwrap().len().unwrap()
}

/// Of how many messages it is known how often they are referred to.
fn counted(store: &Redb) -> u64 {
    store.open.as_ref().unwrap().index.references.len() as u64
}

/// How many messages somebody refers to.
fn referred_to(kept: &Kept) -> u64 {
    use std::collections::BTreeSet;

    use crate::broker::KeptDelivery;

    let deliveries = kept.sessions.values().flat_map(|session| session.deliveries.values());
    let queued = deliveries.filter_map(|delivery| match delivery {
        KeptDelivery::Sent(_, copy) | KeptDelivery::Waiting(copy) => Some(copy.message.number),
        KeptDelivery::Released(_) => None,
    });
    let retained = kept.retained.values().map(|message| message.number);
    queued.chain(retained).collect::<BTreeSet<_>>().len() as u64
}

#[test]
fn a_file_of_before_absences_were_kept_is_read_and_written_on() {
    let disk = Disk::default();
    let store = open(&disk);
    let transaction = store.open.as_ref().unwrap().database.begin_write().unwrap();
    assert!(transaction.delete_table(tables::ABSENT).unwrap());
    transaction.commit().unwrap();
    drop(store);
    let mut store = open(&disk);
    assert_eq!(store.load().unwrap(), Kept::default());
    let session = SessionNumber(1);
    let client_id = ClientId::new(Text::new("a").unwrap());
    let begun = Change::SessionBegun { session, client_id };
    store.commit(&[begun, Change::Absent { session, since: Some(7) }]).unwrap();
    drop(store);
    let kept = open(&disk).load().unwrap();
    assert_eq!(kept.sessions[&session].absent_since, Some(7));
}
