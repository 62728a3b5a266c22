//! A list that is never empty, as the payloads of SUBSCRIBE, SUBACK and UNSUBSCRIBE must be.

use std::ops::Deref;

/// A list with at least one entry.
///
/// # Examples
///
/// ```
/// use mqttspec::packet::OneOrMore;
///
/// assert_eq!(OneOrMore::new(vec![1, 2]).unwrap().len(), 2);
/// assert!(OneOrMore::<u8>::new(vec![]).is_none());
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct OneOrMore<T>(Vec<T>);

impl<T> OneOrMore<T> {
    /// Takes the entries of `list`; `None` when there are none.
    pub fn new(list: Vec<T>) -> Option<Self> {
        (!list.is_empty()).then_some(Self(list))
    }

    /// As many as a peer usually lists: room for them is made at once.
    pub(super) const FEW: usize = 4;

    /// Takes the entries of `list` and `last` behind them.
    pub(super) fn with_last(mut list: Vec<T>, last: T) -> Self {
        list.push(last);
        Self(list)
    }

    /// A list of the same length, with what `change` makes of each entry.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> OneOrMore<U> {
        OneOrMore(self.0.into_iter().map(change).collect())
    }

    /// The entries, at least one.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> From<T> for OneOrMore<T> {
    fn from(only: T) -> Self {
        Self(vec![only])
    }
}

impl<T> Deref for OneOrMore<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for OneOrMore<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
