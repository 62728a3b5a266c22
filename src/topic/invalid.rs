//! Why a text is no Topic Name or no Topic Filter.

use thiserror::Error;

/// A text that is no Topic Name or no Topic Filter: which rule it breaks, and where.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{kind} at octet {offset} [{}]", kind.statement())]
pub struct InvalidTopic {
    /// The rule that is broken.
    pub kind: InvalidTopicKind,
    /// Where in the text, in octets from its start; 0 when the text as a whole is at fault.
    pub offset: usize,
}

/// The rules that a Topic Name or a Topic Filter can break.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
pub enum InvalidTopicKind {
    /// It has no character at all.
    #[error("empty topic")]
    Empty,
    /// A `#` that is not the last character, or does not follow a separator.
    #[error("multi-level wildcard out of place")]
    MisplacedMultiLevelWildcard,
    /// A `+` that shares its level with other characters.
    #[error("single-level wildcard out of place")]
    MisplacedSingleLevelWildcard,
    /// It holds U+0000.
    #[error("null character in topic")]
    Null,
    /// It is longer than 65,535 octets.
    #[error("topic longer than 65,535 octets")]
    TooLong,
    /// A wildcard in a Topic Name.
    #[error("wildcard in Topic Name")]
    WildcardInName,
}

impl InvalidTopicKind {
    /// The statement that is broken, as the catalogue names it.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::Empty => "MQTT-4.7.3-1",
            Self::MisplacedMultiLevelWildcard => "MQTT-4.7.1-2",
            Self::MisplacedSingleLevelWildcard => "MQTT-4.7.1-3",
            Self::Null => "MQTT-4.7.3-2",
            Self::TooLong => "MQTT-4.7.3-3",
            Self::WildcardInName => "MQTT-4.7.1-1",
        }
    }

    /// This fault at `offset`.
    pub(super) const fn at(self, offset: usize) -> InvalidTopic {
        InvalidTopic { kind: self, offset }
    }
}
