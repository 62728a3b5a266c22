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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_comes_out() {
        let list = OneOrMore::new(vec![3, 1, 2]).unwrap();
        assert_eq!(list.clone().into_vec(), [3, 1, 2]);
        assert!(list.into_iter().eq([3, 1, 2]));
        assert_eq!(OneOrMore::from(7).into_vec(), [7]);
    }
}
