//! The matrix: a row a statement, a column a report.

use mqttspec_spec::Catalogue;

use super::super::outline::is_counted;
use super::Named;
use crate::verdict::Verdict;

/// One statement, and what came of it in each report.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Its name.
    pub id: String,
    /// A verdict a report, in their order; not judged where a report does not have it.
    pub verdicts: Vec<Verdict>,
}

impl Row {
    /// Whether the reports do not agree.
    pub fn differs(&self) -> bool {
        self.verdicts.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Whether it fails in exactly one report, and there are others.
    pub fn only_one_fails(&self) -> bool {
        let failed = self.verdicts.iter().filter(|verdict| is_wrong(**verdict)).count();
        failed == 1 && self.verdicts.len() > 1
    }

    /// Whether a reader should look at it: reports differ, or one of them is not as it should be.
    pub fn is_of_interest(&self) -> bool {
        self.differs() || self.verdicts.iter().any(|verdict| is_wrong(*verdict))
    }
}

/// Whether a verdict is one that a broker's author would want to be rid of.
pub(super) const fn is_wrong(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Error | Verdict::Warn)
}

/// The statements that count in one of the reports, in document order.
pub(super) fn rows(subjects: &[Named]) -> Vec<Row> {
    let statements = Catalogue::embedded().statements().iter();
    statements.filter_map(|statement| row(statement.id.to_string(), subjects)).collect()
}

/// `None` when no report has the statement, or none has judged a rule that is mostly a fact.
fn row(id: String, subjects: &[Named]) -> Option<Row> {
    let found: Vec<_> = subjects.iter().map(|subject| subject.report.verdict(&id)).collect();
    let counts = found.iter().flatten().any(|verdict| is_counted(&id, *verdict));
    let verdicts = found.into_iter().map(|verdict| verdict.unwrap_or(Verdict::NotJudged));
    counts.then(|| Row { id, verdicts: verdicts.collect() })
}
