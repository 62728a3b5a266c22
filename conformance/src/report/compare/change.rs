//! What changed between two reports.

use std::collections::BTreeMap;

use mqttspec_spec::Catalogue;

use super::matrix::is_wrong;
use super::read::{ReadCase, ReadReport};
use crate::verdict::Verdict;

/// What changed from one report to a later one.
///
/// A statement that passed and no longer does is a regression even when no case looks at it any
/// more: otherwise a run of half the cases would hide it. A case that is merely gone is none,
/// since cases are renamed and replaced; its statements tell.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Changes {
    /// Statements and cases that passed, and are there, and do not pass.
    pub broken: Vec<Change>,
    /// Statements and cases that were wrong, and pass.
    pub fixed: Vec<Change>,
    /// All other verdicts that changed.
    pub other: Vec<Change>,
    /// Cases that only the later report has.
    pub new: Vec<Change>,
    /// Cases that only the earlier report has.
    pub gone: Vec<Change>,
}

/// A statement or a case whose verdict is no longer what it was.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The id of the statement, or the address of the case.
    pub name: String,
    /// The earlier verdict; `None` of a case that is new.
    pub before: Option<Verdict>,
    /// The later verdict; `None` of a case that is gone.
    pub after: Option<Verdict>,
    /// What the later case found, if anything.
    pub message: Option<String>,
}

impl Changes {
    /// Whether something passed and no longer does.
    pub const fn has_regressions(&self) -> bool {
        !self.broken.is_empty()
    }

    pub(super) fn between(before: &ReadReport, after: &ReadReport) -> Self {
        let mut changes = Self::default();
        for statement in Catalogue::embedded().statements() {
            let id = statement.id.to_string();
            let was = before.verdict(&id).unwrap_or(Verdict::NotJudged);
            let is = after.verdict(&id).unwrap_or(Verdict::NotJudged);
            changes.note(Change::new(id, Some(was), Some(is), None));
        }
        let earlier = by_address(before);
        for case in &after.cases {
            let was = earlier.get(case.address.as_str()).map(|case| case.verdict);
            let message = case.message.clone();
            changes.note(Change::new(case.address.clone(), was, Some(case.verdict), message));
        }
        let later = by_address(after);
        for case in before.cases.iter().filter(|case| !later.contains_key(case.address.as_str())) {
            changes.note(Change::new(case.address.clone(), Some(case.verdict), None, None));
        }
        changes
    }

    fn note(&mut self, change: Change) {
        let list = match (change.before, change.after) {
            (before, after) if before == after => return,
            (None, _) => &mut self.new,
            (_, None) => &mut self.gone,
            (Some(Verdict::Pass), Some(_)) => &mut self.broken,
            (Some(before), Some(Verdict::Pass)) if is_wrong(before) => &mut self.fixed,
            (Some(_), Some(_)) => &mut self.other,
        };
        list.push(change);
    }

    /// The lists with their headings, the weightiest first.
    pub(super) fn headed(&self) -> [(&'static str, &[Change]); 5] {
        [
            ("Broken", &self.broken),
            ("Fixed", &self.fixed),
            ("Otherwise changed", &self.other),
            ("New cases", &self.new),
            ("Cases no longer there", &self.gone),
        ]
    }
}

impl Change {
    fn new(
        name: String,
        before: Option<Verdict>,
        after: Option<Verdict>,
        message: Option<String>,
    ) -> Self {
        Self { name, before, after, message }
    }
}

fn by_address(report: &ReadReport) -> BTreeMap<&str, &ReadCase> {
    report.cases.iter().map(|case| (case.address.as_str(), case)).collect()
}
