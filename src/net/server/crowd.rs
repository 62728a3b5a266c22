//! How many connections each place has, so that none has all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::address::Address;

/// How many connections each place has.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<BTreeMap<Address, usize>>);

/// One connection of a place, until it is dropped.
#[derive(Debug)]
pub(super) struct Member {
    crowd: Arc<Crowd>,
    address: Address,
}

impl Crowd {
    /// Lets another connection of `address` in; `None` when it has `most` already.
    ///
    /// This machine is not counted: who may open its socket is for the file system to say.
    pub(super) fn enter(self: &Arc<Self>, address: Address, most: usize) -> Option<Member> {
        if address != Address::Local {
            let mut counts = self.lock();
            let count = counts.get(&address).copied().unwrap_or(0);
            if count >= most {
                return None;
            }
            counts.insert(address, count + 1);
        }
        Some(Member { crowd: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Address, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut counts = self.crowd.lock();
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_place_that_is_full_is_full_until_somebody_leaves() {
        let crowd = Arc::new(Crowd::default());
        let here = Address::V4(Ipv4Addr::LOCALHOST);
        let first = crowd.enter(here, 2).unwrap();
        let second = crowd.enter(here, 2).unwrap();
        assert!(crowd.enter(here, 2).is_none());
        assert!(crowd.enter(Address::V6([1, 2, 3, 4]), 2).is_some());
        let local: Vec<_> = (0..3).map(|_| crowd.enter(Address::Local, 2)).collect();
        assert!(local.iter().all(Option::is_some));
        drop(first);
        let third = crowd.enter(here, 2);
        assert!(third.is_some());
        drop((second, third, local));
        assert!(crowd.lock().is_empty(), "nothing is remembered of those who are gone");
    }
}
