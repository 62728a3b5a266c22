//! The report, arranged as its page shows it.

use super::super::outline::{self, VERDICTS, is_counted, meaning, section_of};
use super::super::{CaseReport, Report, StatementReport};
use crate::verdict::Verdict;

/// How many statements and cases came out in one way.
pub(super) struct Score {
    pub(super) verdict: Verdict,
    pub(super) meaning: &'static str,
    pub(super) statements: usize,
    pub(super) cases: usize,
    /// Statements of the scores before this one: where its part of the bar begins.
    pub(super) before: usize,
}

/// How the statements of one level came out.
pub(super) struct LevelView {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    /// A number a score, in the order of the scores.
    pub(super) counts: Vec<usize>,
}

/// One section of the standard, down to two parts.
pub(super) struct SectionView<'a> {
    pub(super) number: String,
    pub(super) title: &'static str,
    pub(super) tallies: Vec<Tally>,
    pub(super) statements: Vec<StatementView<'a>>,
}

/// How many statements of a section came out in one way.
pub(super) struct Tally {
    pub(super) verdict: Verdict,
    pub(super) statements: usize,
}

/// One statement, with what the catalogue knows of it.
pub(super) struct StatementView<'a> {
    pub(super) report: &'a StatementReport,
    pub(super) level: &'static str,
    pub(super) section: String,
    pub(super) words: &'static str,
    pub(super) reading: Option<&'static str>,
    pub(super) cases: Vec<CaseView<'a>>,
}

/// One case, and its place in the report.
pub(super) struct CaseView<'a> {
    pub(super) index: usize,
    pub(super) report: &'a CaseReport,
}

/// The verdicts that there are, in the order of all reports.
pub(super) fn scores(report: &Report) -> Vec<Score> {
    let mut before = 0;
    let mut scores = Vec::new();
    for verdict in VERDICTS {
        let statements = counted(report).filter(|s| s.verdict == verdict).count();
        let cases = report.cases.iter().filter(|case| case.verdict == verdict).count();
        if statements + cases > 0 {
            scores.push(Score { verdict, meaning: meaning(verdict), statements, cases, before });
        }
        before += statements;
    }
    scores
}

/// The levels that there are, from what binds to what is merely said.
pub(super) fn levels(report: &Report, scores: &[Score]) -> Vec<LevelView> {
    let of_level = |key| move |s: &&StatementReport| level_key(&s.id) == key;
    LEVELS
        .into_iter()
        .filter(|(key, _)| counted(report).any(|statement| of_level(*key)(&statement)))
        .map(|(key, name)| {
            let count = |score: &Score| {
                counted(report).filter(of_level(key)).filter(|s| s.verdict == score.verdict).count()
            };
            LevelView { key, name, counts: scores.iter().map(count).collect() }
        })
        .collect()
}

/// All cases with their places.
pub(super) fn cases(report: &Report) -> impl Iterator<Item = CaseView<'_>> {
    report.cases.iter().enumerate().map(|(index, report)| CaseView { index, report })
}

/// The sections with something to show, in document order.
pub(super) fn sections(report: &Report) -> Vec<SectionView<'_>> {
    outline::sections()
        .filter_map(|(number, title)| {
            let statements: Vec<_> = counted(report)
                .filter(|statement| section_of(&statement.id) == number)
                .map(|statement| view(report, statement))
                .collect();
            let tally = |verdict| Tally {
                verdict,
                statements: statements.iter().filter(|s| s.report.verdict == verdict).count(),
            };
            let tallies = VERDICTS.map(tally).into_iter().filter(|tally| tally.statements > 0);
            let tallies = tallies.collect();
            (!statements.is_empty()).then_some(SectionView { number, title, tallies, statements })
        })
        .collect()
}

fn view<'a>(report: &'a Report, statement: &'a StatementReport) -> StatementView<'a> {
    let entry = outline::entry(&statement.id);
    let is_its = |case: &CaseView<'_>| statement.cases.contains(&case.report.case);
    StatementView {
        report: statement,
        level: level_key(&statement.id),
        section: entry.map(|entry| entry.section.to_string()).unwrap_or_default(),
        words: outline::words(&statement.id),
        reading: entry.and_then(|entry| entry.reading.as_deref()),
        cases: cases(report).filter(is_its).collect(),
    }
}

fn counted(report: &Report) -> impl Iterator<Item = &StatementReport> {
    report.statements.iter().filter(|statement| is_counted(&statement.id, statement.verdict))
}

/// The key of [`LEVELS`] that a statement falls under.
fn level_key(id: &str) -> &'static str {
    match outline::entry(id).map(|entry| entry.level) {
        Some(level) if level.is_must() => "must",
        Some(level) if level.is_should() => "should",
        Some(level) if level.is_may() => "may",
        _ => "stated",
    }
}

/// Keys of levels, and what a page calls them.
const LEVELS: [(&str, &str); 4] =
    [("must", "MUST"), ("should", "SHOULD"), ("may", "MAY"), ("stated", "Stated")];
