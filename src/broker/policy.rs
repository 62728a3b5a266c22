//! What a server does where the standard leaves it the choice.

/// What a server does where the standard leaves it the choice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Whether Clients may talk to each other on topics that begin with `$`. Default: no, as the
    /// standard advises (U-4.7.2-1); such messages are acknowledged and go nowhere.
    pub relay_reserved_topics: bool,
}
