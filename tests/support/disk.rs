//! A disk in memory that forgets what was not synced when its power is cut, and fills up.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use super::random::Random;

/// A disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What is read back while there is power.
    content: Vec<u8>,
    /// What is there for certain.
    synced: Vec<u8>,
    /// What came after that, in order.
    unsynced: Vec<Step>,
    /// How many more writes there is room for.
    room: Option<usize>,
    /// How many more steps there is power for.
    power: Option<usize>,
}

#[derive(Clone, Debug)]
enum Step {
    SetLength(usize),
    Write(usize, Vec<u8>),
}

/// A disk writes this many octets at once, or none of them.
const SECTOR: usize = 512;

impl Disk {
    pub(crate) fn with(content: Vec<u8>) -> Self {
        let state = State { synced: content.clone(), content, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn medium(&self) -> impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + use<> {
        let disk = self.clone();
        move || Ok(Box::new(disk.clone()))
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.state().content.clone()
    }

    /// How many writes there is room for; `None` for any number.
    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.state().room = room;
    }

    /// After so many more steps nothing works any more.
    pub(crate) fn cut_power_after(&self, steps: usize) {
        self.state().power = Some(steps);
    }

    /// What is there when the power is back: of what was not synced any sectors, each as new as it
    /// happened to get.
    pub(crate) fn after_power_cut(&self, random: &mut Random) -> Self {
        let state = self.state();
        let mut content = state.synced.clone();
        let percent = [0, 10, 50, 90, 100][random.place(5)];
        for step in &state.unsynced {
            match step {
                Step::SetLength(length) => {
                    if random.happens(percent.max(50)) {
                        content.resize(*length, 0);
                    }
                }
                Step::Write(offset, data) => {
                    for (index, sector) in data.chunks(SECTOR).enumerate() {
                        let begin = offset + index * SECTOR;
                        if !random.happens(percent) {
                            continue;
                        }
                        if content.len() < begin + sector.len() {
                            content.resize(begin + sector.len(), 0);
                        }
                        content[begin..begin + sector.len()].copy_from_slice(sector);
                    }
                }
            }
        }
        Self::with(content)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody has panicked")
    }
}

impl State {
    fn use_power(&mut self) -> io::Result<()> {
        match &mut self.power {
            Some(0) => return Err(io::Error::other("no power")),
            Some(steps) => *steps -= 1,
            None => {}
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().content.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let begin = usize::try_from(offset).expect("it fits");
        let found = state.content.get(begin..begin + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        state.use_power()?;
        let length = usize::try_from(length).expect("it fits");
        state.content.resize(length, 0);
        state.unsynced.push(Step::SetLength(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.use_power()?;
        state.synced = state.content.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.use_power()?;
        match &mut state.room {
            Some(0) => return Err(io::ErrorKind::StorageFull.into()),
            Some(room) => *room -= 1,
            None => {}
        }
        let begin = usize::try_from(offset).expect("it fits");
        state.content[begin..begin + data.len()].copy_from_slice(data);
        state.unsynced.push(Step::Write(begin, data.to_vec()));
        Ok(())
    }
}
