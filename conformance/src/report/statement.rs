//! From the verdicts of cases to those of statements.

use mqttspec_spec::{Catalogue, Shown, Statement};
use serde::Serialize;

use super::{CaseReport, narrowed};
use crate::verdict::Verdict;

/// What came of one statement.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StatementReport {
    /// Its name.
    pub id: String,
    /// How strongly it binds, in the words of the catalogue.
    pub level: &'static str,
    /// Whom it binds, likewise.
    pub binds: &'static str,
    /// The weightiest verdict of its cases.
    pub verdict: Verdict,
    /// The addresses of the cases that had something to say of it.
    pub cases: Vec<&'static str>,
    /// Why it was not judged; `None` when it was.
    pub reason: Option<String>,
}

/// All statements that a broker can be held to, or a client, in document order: `by` says by which
/// kind of case.
pub(super) fn judged(cases: &[CaseReport], by: Shown) -> Vec<StatementReport> {
    Catalogue::embedded()
        .statements()
        .iter()
        .filter_map(|statement| {
            let report = StatementReport::new(statement, cases, by);
            let is_bound = match by {
                Shown::ClientCase => statement.binds_client(),
                _ => statement.binds_server(),
            };
            let concerns = is_bound || statement.is_shown_by(by) || !report.cases.is_empty();
            concerns.then_some(report)
        })
        .collect()
}

impl StatementReport {
    fn new(statement: &Statement, cases: &[CaseReport], by: Shown) -> Self {
        let id = statement.id.to_string();
        let said: Vec<_> =
            cases.iter().filter_map(|case| Some((case.case, case.verdict_on(&id)?))).collect();
        let verdict = said.iter().map(|&(_, verdict)| verdict).max().unwrap_or(Verdict::NotJudged);
        let reason = (verdict == Verdict::NotJudged).then(|| match said.is_empty() {
            true => why_not(statement, by),
            false => "the run was interrupted".to_owned(),
        });
        Self {
            id,
            level: statement.level.as_str(),
            binds: statement.binds.as_str(),
            verdict,
            cases: said.into_iter().map(|(address, _)| address).collect(),
            reason,
        }
    }
}

impl CaseReport {
    /// What the case says of a statement; `None` when nothing.
    ///
    /// A finding that is narrowed to one statement is a verdict on that one, whether or not the
    /// case was about it. What the case *was* about then stays open if it came to an end over it.
    fn verdict_on(&self, id: &str) -> Option<Verdict> {
        if self.verdict == Verdict::NotJudged {
            return self.statements.contains(&id).then_some(Verdict::NotJudged);
        }
        let named = self.findings.iter().filter(|finding| narrowed(finding) == Some(id));
        let named = named.map(Verdict::from).max();
        if !self.statements.contains(&id) {
            return named;
        }
        let general = self.findings.iter().map(|finding| match narrowed(finding) {
            None => Verdict::from(finding),
            Some(_) if self.cut_short => Verdict::Inconclusive,
            Some(_) => Verdict::Pass,
        });
        named.into_iter().chain(general.max()).max().or(Some(Verdict::Pass))
    }
}

fn why_not(statement: &Statement, by: Shown) -> String {
    statement
        .gap(by)
        .or(statement.reason.as_deref())
        .unwrap_or("no case that was asked for judges it")
        .to_owned()
}
