//! The file under a store: nothing is written to it before it has been found sound.
//!
//! To open a file is to write to it: it is marked as open, and after a crash it is mended. A file
//! that turns out to be damaged, or to be somebody else's, should be left exactly as it was found.
//! So what is written is set aside first, in order, and done only once the whole content has been
//! read and made sense.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// A backend that sets aside what is written to `inner` until it is told to go ahead.
#[derive(Debug)]
pub(super) struct Careful(Arc<Shared>);

/// Tells a [`Careful`] backend to go ahead.
#[derive(Debug)]
pub(super) struct GoAhead(Arc<Shared>);

/// When what a commit writes is on the disk.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Syncing {
    /// Before the commit is over: it survives a power cut.
    #[default]
    Always,
    /// When the system likes: it survives the end of the process. After a power cut the file may be
    /// damaged.
    Never,
}

#[derive(Debug)]
struct Shared {
    inner: Box<dyn StorageBackend>,
    syncing: Syncing,
    aside: Mutex<Option<Aside>>,
}

/// What was written, and has not been done.
#[derive(Debug)]
struct Aside {
    /// In order, so that a crash while they are done leaves what a crash would have left.
    steps: Vec<Step>,
    /// The blocks that would differ from the file.
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
    length: u64,
    /// How much of the file counts: what was cut off once does not come back.
    intact: u64,
}

#[derive(Debug)]
enum Step {
    SetLength(u64),
    Sync,
    Write(u64, Vec<u8>),
}

const BLOCK: usize = 4096;

impl Careful {
    /// A backend over `inner`, and what makes it go ahead.
    pub(super) fn new(
        inner: Box<dyn StorageBackend>,
        syncing: Syncing,
    ) -> io::Result<(Self, GoAhead)> {
        let length = inner.len()?;
        let aside = Aside { steps: Vec::new(), blocks: BTreeMap::new(), length, intact: length };
        let shared = Arc::new(Shared { inner, syncing, aside: Mutex::new(Some(aside)) });
        Ok((Self(shared.clone()), GoAhead(shared)))
    }
}

impl GoAhead {
    /// Does what was set aside, and lets through what follows.
    pub(super) fn go(self) -> io::Result<()> {
        let aside = self.0.aside().take();
        for step in aside.into_iter().flat_map(|aside| aside.steps) {
            match step {
                Step::SetLength(length) => self.0.inner.set_len(length)?,
                Step::Sync => self.0.sync()?,
                Step::Write(offset, data) => self.0.inner.write(offset, &data)?,
            }
        }
        Ok(())
    }
}

impl Shared {
    fn aside(&self) -> MutexGuard<'_, Option<Aside>> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sync(&self) -> io::Result<()> {
        match self.syncing {
            Syncing::Always => self.inner.sync_data(),
            Syncing::Never => Ok(()),
        }
    }
}

impl StorageBackend for Careful {
    fn len(&self) -> io::Result<u64> {
        match &*self.0.aside() {
            Some(aside) => Ok(aside.length),
            None => self.0.inner.len(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &*self.0.aside() {
            Some(aside) => aside.read(&*self.0.inner, offset, out),
            None => self.0.inner.read(offset, out),
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        match &mut *self.0.aside() {
            Some(aside) => {
                aside.set_length(length);
                Ok(())
            }
            None => self.0.inner.set_len(length),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        match &mut *self.0.aside() {
            Some(aside) => {
                aside.steps.push(Step::Sync);
                Ok(())
            }
            None => self.0.sync(),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &mut *self.0.aside() {
            Some(aside) => aside.write(&*self.0.inner, offset, data),
            None => self.0.inner.write(offset, data),
        }
    }

    fn close(&self) -> io::Result<()> {
        self.0.inner.close()
    }
}

impl Aside {
    fn read(&self, inner: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len() as u64);
        if end > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // The file may be shorter than it would be by now: what it lacks is zero.
        let there = usize::try_from(self.intact.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (old, new) = out.split_at_mut(there.min(out.len()));
        if !old.is_empty() {
            inner.read(offset, old)?;
        }
        new.fill(0);
        for (&begin, block) in self.blocks.range(block_of(offset)..end) {
            let (skip, from) = distance(begin, offset);
            let count = (BLOCK - skip).min(out.len() - from);
            out[from..from + count].copy_from_slice(&block[skip..skip + count]);
        }
        Ok(())
    }

    fn write(&mut self, inner: &dyn StorageBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        let mut at = offset;
        while !rest.is_empty() {
            let begin = block_of(at);
            let (skip, _) = distance(begin, at);
            let count = (BLOCK - skip).min(rest.len());
            if !self.blocks.contains_key(&begin) {
                let mut block = Box::new([0; BLOCK]);
                let there = usize::try_from(self.length.saturating_sub(begin)).unwrap_or(BLOCK);
                self.read(inner, begin, &mut block[..there.min(BLOCK)])?;
                self.blocks.insert(begin, block);
            }
            if let Some(block) = self.blocks.get_mut(&begin) {
                block[skip..skip + count].copy_from_slice(&rest[..count]);
            }
            rest = &rest[count..];
            at += count as u64;
        }
        self.length = self.length.max(at);
        self.steps.push(Step::Write(offset, data.to_vec()));
        Ok(())
    }

    fn set_length(&mut self, length: u64) {
        // What is cut off reads as zero should it come back.
        self.blocks.split_off(&length.next_multiple_of(BLOCK as u64));
        if let Some((&begin, block)) = self.blocks.range_mut(block_of(length)..).next() {
            let (keep, _) = distance(begin, length);
            block[keep..].fill(0);
        }
        self.length = length;
        self.intact = self.intact.min(length);
        self.steps.push(Step::SetLength(length));
    }
}

/// Where the block begins that `offset` lies in.
const fn block_of(offset: u64) -> u64 {
    offset - offset % BLOCK as u64
}

/// By how much `offset` lies behind `begin`, and by how much before it; one of them is 0.
fn distance(begin: u64, offset: u64) -> (usize, usize) {
    let octets = |octets: u64| usize::try_from(octets).unwrap_or(usize::MAX);
    (octets(offset.saturating_sub(begin)), octets(begin.saturating_sub(offset)))
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    fn content(backend: &dyn StorageBackend) -> Vec<u8> {
        let mut content = vec![0; usize::try_from(backend.len().unwrap()).unwrap()];
        backend.read(0, &mut content).unwrap();
        content
    }

    #[test]
    fn what_is_set_aside_reads_as_if_it_were_done_and_is_done_when_told() {
        let inner = InMemoryBackend::new();
        inner.set_len(10_000).unwrap();
        inner.write(0, &[1; 10_000]).unwrap();
        let (careful, go_ahead) = Careful::new(Box::new(inner), Syncing::Always).unwrap();
        let mut expected = vec![1; 10_000];
        let writes = [(5, 3), (4_090, 20), (0, 9_000), (8_192, 1_808), (9_999, 1)];
        for ((offset, length), octet) in writes.into_iter().zip(2..) {
            let data = vec![octet; length];
            careful.write(offset as u64, &data).unwrap();
            expected[offset..offset + length].copy_from_slice(&data);
            assert!(content(&careful) == expected, "{offset}");
        }
        for length in [20_000, 4_100, 12_000, 8_192, 9_000] {
            careful.set_len(length as u64).unwrap();
            expected.resize(length, 0);
            assert!(content(&careful) == expected, "{length}");
        }
        let mut part = [0; 5_000];
        careful.read(3_000, &mut part).unwrap();
        assert!(part == expected[3_000..8_000]);
        assert!(careful.read(9_000, &mut [0]).is_err());

        assert!(content(&*go_ahead.0.inner) == [1; 10_000]);
        go_ahead.go().unwrap();
        assert!(content(&*careful.0.inner) == expected);
        careful.write(0, &[9]).unwrap();
        assert_eq!(content(&*careful.0.inner)[..2], [9, expected[1]]);
    }

    /// Nothing but what is done to it, in order.
    #[derive(Clone, Debug, Default)]
    struct Log(Arc<Mutex<Vec<&'static str>>>);

    impl Log {
        fn note(&self, step: &'static str) -> io::Result<()> {
            self.0.lock().unwrap().push(step);
            Ok(())
        }
    }

    impl StorageBackend for Log {
        fn len(&self) -> io::Result<u64> {
            Ok(0)
        }

        fn read(&self, _offset: u64, _out: &mut [u8]) -> io::Result<()> {
            Ok(())
        }

        fn set_len(&self, _length: u64) -> io::Result<()> {
            self.note("length")
        }

        fn sync_data(&self) -> io::Result<()> {
            self.note("sync")
        }

        fn write(&self, _offset: u64, _data: &[u8]) -> io::Result<()> {
            self.note("write")
        }
    }

    #[test]
    fn what_is_done_when_told_is_done_in_order_and_synced_where_it_was_to_be() {
        let log = Log::default();
        let (careful, go_ahead) = Careful::new(Box::new(log.clone()), Syncing::Always).unwrap();
        careful.set_len(10).unwrap();
        careful.write(0, &[1]).unwrap();
        careful.sync_data().unwrap();
        careful.write(1, &[2]).unwrap();
        assert!(log.0.lock().unwrap().is_empty());
        go_ahead.go().unwrap();
        careful.sync_data().unwrap();
        assert_eq!(*log.0.lock().unwrap(), ["length", "write", "sync", "write", "sync"]);
    }
}
