//! What a case is: an address, a sentence, its statements, and a conversation.

use crate::client::{Ability, ClientStage};
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

/// One thing to see in a client.
#[derive(Clone, Copy, Debug)]
pub struct ClientCase {
    /// Its name for good, which no case for brokers has either.
    pub address: &'static str,
    /// What must hold, in one sentence.
    pub title: &'static str,
    /// The statements it judges, as the catalogue names them.
    pub statements: &'static [&'static str],
    /// What it means that it fails.
    pub level: Level,
    /// What the client, or its driver, may lack.
    pub needs: &'static [Ability],
    /// The conversation. `Ok` means that all was as it should be.
    pub run: fn(&mut ClientStage<'_>) -> Result<(), Finding>,
}

/// What a report says of a case, whoever it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) address: &'static str,
    pub(crate) title: &'static str,
    pub(crate) statements: &'static [&'static str],
    pub(crate) level: Level,
}

impl Case {
    /// What a report says of it.
    pub(crate) const fn about(&self) -> About {
        let Self { address, title, statements, level, .. } = *self;
        About { address, title, statements, level }
    }
}

impl ClientCase {
    /// What a report says of it.
    pub(crate) const fn about(&self) -> About {
        let Self { address, title, statements, level, .. } = *self;
        About { address, title, statements, level }
    }
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
