//! What outlives the server, and how it comes out of a crash.

use mqttspec::broker::{Change, Kept};
use mqttspec::store::{Redb, Store as _, StoreError, Syncing};

use super::disk::Disk;
use super::plan::Keeping;
use super::random::Random;

/// What outlives the server.
pub(crate) enum Keep {
    /// Nothing does.
    Nothing,
    /// Groups of changes, each kept whole or not at all.
    Log(Kept),
    /// The store of the program, on a disk that is not to be relied on.
    Disk { disk: Disk, store: Option<Redb> },
}

impl Keep {
    pub(crate) fn new(keeping: Keeping) -> Self {
        match keeping {
            Keeping::Volatile => Self::Nothing,
            Keeping::Log => Self::Log(Kept::default()),
            Keeping::Disk => {
                // A store gets its name once it is whole, so no crash meets less than this.
                let disk = Disk::default();
                drop(open(&disk).expect("an empty disk"));
                Self::Disk { disk: Disk::with(disk.content()), store: None }
            }
        }
    }

    /// What an earlier server has left, whatever became of it.
    pub(crate) fn begin(&mut self, changes: &[Change]) {
        drop(self.load().expect("nothing has happened yet"));
        self.commit(changes, false).expect("there is room");
        self.close();
    }

    /// What there is, for a server that begins; `None` when nothing is kept at all.
    pub(crate) fn load(&mut self) -> Result<Option<Kept>, StoreError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Log(kept) => Ok(Some(kept.clone())),
            Self::Disk { disk, store } => {
                let mut opened = open(disk)?;
                let kept = opened.load()?;
                *store = Some(opened);
                Ok(Some(kept))
            }
        }
    }

    /// Keeps a group; with `full` there is no room for it.
    pub(crate) fn commit(&mut self, changes: &[Change], full: bool) -> Result<(), StoreError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Log(kept) => {
                changes.iter().cloned().for_each(|change| kept.apply(change));
                Ok(())
            }
            Self::Disk { disk, store } => {
                disk.set_room(full.then_some(1));
                store.as_mut().expect("it was loaded").commit(changes)
            }
        }
    }

    /// The power fails while `changes` are being written.
    pub(crate) fn crash(&mut self, changes: &[Change], random: &mut Random) {
        match self {
            Self::Nothing => {}
            Self::Log(kept) => {
                if random.happens(50) {
                    changes.iter().cloned().for_each(|change| kept.apply(change));
                }
            }
            Self::Disk { disk, store } => {
                disk.cut_power_after(random.place(80));
                if let (Some(store), false) = (store.as_mut(), changes.is_empty()) {
                    // Whether it succeeds is nobody's to know any more.
                    drop(store.commit(changes));
                }
                *store = None;
                *disk = disk.after_power_cut(random);
            }
        }
    }

    /// The server has ended in good order.
    pub(crate) fn close(&mut self) {
        if let Self::Disk { store, .. } = self {
            *store = None;
        }
    }
}

fn open(disk: &Disk) -> Result<Redb, StoreError> {
    Redb::on("disk", disk.medium(), Syncing::Always)
}
