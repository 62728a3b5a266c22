//! Reports side by side: many brokers, or one broker before and after a change.
//!
//! It works on reports as they were written, so that a report of last year compares with one of
//! today. Two reports are a before and an after: what passed and no longer does is a regression.
//! Three or more are a field, of which nobody is the measure of the others.

mod change;
mod html;
mod markdown;
mod matrix;
mod read;
mod terminal;

pub use change::{Change, Changes};
pub use matrix::Row;
pub use read::{NoReport, ReadReport};

/// Two reports or more, and what differs between them.
#[derive(Clone, Debug)]
pub struct Comparison {
    subjects: Vec<Named>,
    rows: Vec<Row>,
    changes: Option<Changes>,
}

/// A report, and what it is called beside others.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    report: ReadReport,
}

impl Comparison {
    /// Compares reports, each under a name, in the order given.
    pub fn new(reports: impl IntoIterator<Item = (String, ReadReport)>) -> Self {
        let subjects: Vec<_> =
            reports.into_iter().map(|(name, report)| Named { name, report }).collect();
        let rows = matrix::rows(&subjects);
        let changes = match subjects.as_slice() {
            [before, after] => Some(Changes::between(&before.report, &after.report)),
            _ => None,
        };
        Self { subjects, rows, changes }
    }

    /// A row for each statement that counts in one of the reports, in document order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What changed from the first report to the second; `None` unless there are just two.
    pub fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// What a program that made this comparison ends with: 1 after a regression, else 0.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.changes.as_ref().is_some_and(Changes::has_regressions))
    }
}

#[cfg(test)]
mod tests;
