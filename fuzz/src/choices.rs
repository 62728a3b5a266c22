//! Octets as a list of choices: what a fuzzer changes is what is chosen next.

use arbitrary::Unstructured;

/// Takes choices from octets; once there are none left, the first of everything.
pub(super) struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(Unstructured::new(octets))
    }

    /// Whether there is nothing left to choose by.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Any octet.
    pub(super) fn octet(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// A number below `bound`, which is 1 to 256; takes an octet unless `bound` is 1.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0.choose_index(bound).unwrap_or(0)
    }

    /// One of two.
    pub(super) fn either(&mut self) -> bool {
        self.below(2) == 1
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }

    /// Some octets, as many as the next one says.
    pub(super) fn some(&mut self) -> &'a [u8] {
        let length = usize::from(self.octet()).min(self.0.len());
        self.0.bytes(length).unwrap_or_default()
    }
}
