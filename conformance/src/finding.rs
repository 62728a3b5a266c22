//! What ends a case early: a breach, or the reason why none could be shown.

use std::fmt;

use crate::transcript::Deviation;

/// What a case found instead of what it looked for. A case that finds nothing has passed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    /// The judge made a mistake, or there is nobody at the other end.
    Error(String),
    /// The subject breaks a rule that binds it.
    Fail(Mismatch),
    /// The subject did what keeps the case from its point, without breaking the rule in question.
    Inconclusive(String),
    /// The subject lacks what the case needs, and the standard lets it.
    Unsupported(String),
    /// The subject departs from advice, or from the stricter of two readings.
    Warn(Mismatch),
}

/// What should have been seen beside what was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// What should have been seen.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// The one statement that this breaks, when it is not all of the case's.
    pub statement: Option<&'static str>,
    /// The same as data; `None` when only the case's own code can tell.
    pub deviation: Option<Box<Deviation>>,
}

impl Finding {
    /// A breach: what was expected, and what was seen in its place.
    pub fn fail(expected: impl fmt::Display, seen: impl fmt::Display) -> Self {
        Self::Fail(Mismatch::new(expected, seen))
    }

    /// A departure that is no breach.
    pub fn warn(expected: impl fmt::Display, seen: impl fmt::Display) -> Self {
        Self::Warn(Mismatch::new(expected, seen))
    }

    /// The case cannot tell, for this reason.
    pub fn inconclusive(reason: impl Into<String>) -> Self {
        Self::Inconclusive(reason.into())
    }

    /// The subject lacks this, and may.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }

    /// Says in which form a breach can be looked for again.
    #[must_use]
    pub fn shown_by(mut self, deviation: Deviation) -> Self {
        if let Self::Fail(mismatch) | Self::Warn(mismatch) = &mut self {
            mismatch.deviation = Some(Box::new(deviation));
        }
        self
    }

    /// Narrows a breach to one statement; the others of the case are then left undecided.
    #[must_use]
    pub fn of(mut self, statement: &'static str) -> Self {
        if let Self::Fail(mismatch) | Self::Warn(mismatch) = &mut self {
            mismatch.statement = Some(statement);
        }
        self
    }

    /// Holds a breach against all statements of the case, whatever statement it names.
    ///
    /// For an answer that is malformed *because* the subject goes on where it must not.
    #[must_use]
    pub fn of_the_case(mut self) -> Self {
        if let Self::Fail(mismatch) | Self::Warn(mismatch) = &mut self {
            mismatch.statement = None;
        }
        self
    }

    /// The same, seen while a case was still preparing what it means to judge.
    ///
    /// A subject that fails there has not been shown to break the case's statements. A breach
    /// that names its own statement stays one.
    #[must_use]
    pub fn while_preparing(self, step: impl fmt::Display) -> Self {
        match self {
            Self::Fail(mismatch) if mismatch.statement.is_none() => {
                Self::Inconclusive(format!("could not {step}: {mismatch}"))
            }
            other => other,
        }
    }
}

impl Mismatch {
    /// What should have been seen, and what was.
    pub(crate) fn new(expected: impl fmt::Display, seen: impl fmt::Display) -> Self {
        let (expected, seen) = (expected.to_string(), seen.to_string());
        Self { expected, seen, statement: None, deviation: None }
    }

    /// Whether a person would read the same in both.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let words = |mismatch: &Self| (mismatch.expected.clone(), mismatch.seen.clone());
        words(self) == words(other) && self.statement == other.statement
    }

    /// Narrows it to one statement.
    pub(crate) const fn of(mut self, statement: &'static str) -> Self {
        self.statement = Some(statement);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, saw {}", self.expected, self.seen)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(mismatch) | Self::Warn(mismatch) => mismatch.fmt(f),
            Self::Error(text) | Self::Inconclusive(text) | Self::Unsupported(text) => {
                f.write_str(text)
            }
        }
    }
}
