//! Verdicts, and which of several decides.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// What came of a case, or of a statement.
///
/// Ordered by weight: of the verdicts of its cases a statement has the greatest. A case that
/// passed outweighs one that the subject does not support, since something was shown; one that
/// could not tell outweighs both, since something was left open.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No case judges the statement, or none that was asked for; the case was not reached before
    /// the run was interrupted.
    NotJudged,
    /// The subject lacks what all its cases need, and may.
    Unsupported,
    /// As the standard says.
    Pass,
    /// The case could not tell.
    Inconclusive,
    /// Against advice, or against the stricter of two readings.
    Warn,
    /// The judge made a mistake, or lost the subject.
    Error,
    /// Against a rule that binds.
    Fail,
}

impl Verdict {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotJudged => "not-judged",
            Self::Unsupported => "unsupported",
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

impl From<&Finding> for Verdict {
    fn from(finding: &Finding) -> Self {
        match finding {
            Finding::Error(_) => Self::Error,
            Finding::Fail(_) => Self::Fail,
            Finding::Inconclusive(_) => Self::Inconclusive,
            Finding::Unsupported(_) => Self::Unsupported,
            Finding::Warn(_) => Self::Warn,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
