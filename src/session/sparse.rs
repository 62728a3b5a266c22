//! What few of a hundred thousand Sessions have: the room of a pointer until it is there.

use std::ops::{Deref, DerefMut};

/// A value that takes memory from the first time on that it is changed.
///
/// Whoever only looks sees one that is empty. To change what is there, if anything is, there is
/// [`as_mut`](Self::as_mut).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Sparse<T>(Option<Box<T>>);

/// A value that may be empty.
pub(crate) trait Empty: Sized + 'static {
    /// One that is, for all to look at.
    fn empty() -> &'static Self;

    /// One to be filled.
    fn new_empty() -> Self;
}

impl<T> Sparse<T> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// The value, if it takes memory.
    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for Sparse<T> {
    fn from(value: T) -> Self {
        Self(Some(Box::new(value)))
    }
}

impl<T: Empty> Deref for Sparse<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::empty(),
        }
    }
}

impl<T: Empty> DerefMut for Sparse<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::new_empty()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::packet::PacketId;

    #[test]
    fn only_a_change_takes_memory() {
        let mut ids = Sparse::<BTreeSet<PacketId>>::new();
        assert!(ids.is_empty());
        assert!(ids.as_mut().is_none(), "who looks changes nothing");
        ids.insert(PacketId::FIRST);
        assert!(ids.contains(&PacketId::FIRST));
        assert_eq!(ids.as_mut().map(|ids| ids.len()), Some(1));
        assert!(Sparse::<BTreeSet<PacketId>>::new().is_empty(), "the empty one is still empty");
    }
}
