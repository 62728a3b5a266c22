//! What a case is: an address, a sentence, its statements, and a conversation.

use crate::finding::Finding;
use crate::need::Need;
use crate::stage::Stage;

/// One thing to see in a subject.
///
/// Cases are constants; each file under [`cases`](crate::cases) has its own slice of them.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name for good: a part of the protocol, a slash, what holds; words joined by dashes.
    pub address: &'static str,
    /// What must hold, in one sentence.
    pub title: &'static str,
    /// The statements it judges, as the catalogue names them.
    pub statements: &'static [&'static str],
    /// What it means that it fails.
    pub level: Level,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// The conversation. `Ok` means that all was as it should be.
    pub run: fn(&mut Stage<'_>) -> Result<(), Finding>,
}

/// What it means that a case fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// The subject does not conform.
    Must,
    /// The subject goes against advice: a failure counts as a warning.
    Should,
    /// Nothing: the case reports what the subject does where it is free. A failure to see it
    /// leaves the case inconclusive.
    Observe,
}

impl Level {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Observe => "observe",
        }
    }

    /// A finding as this level takes it. A breach that names its own statement, such as a
    /// malformed packet, is one in every case.
    pub(crate) fn weigh(self, finding: Finding) -> Finding {
        match (self, finding) {
            (Self::Should, Finding::Fail(mismatch)) if mismatch.statement.is_none() => {
                Finding::Warn(mismatch)
            }
            (Self::Observe, Finding::Fail(mismatch)) if mismatch.statement.is_none() => {
                Finding::Inconclusive(mismatch.to_string())
            }
            (_, finding) => finding,
        }
    }
}
