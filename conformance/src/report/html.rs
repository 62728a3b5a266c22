//! The report as one page: no network, no other file, nothing to install.
//!
//! Statements, cases and verdicts are in the page as HTML; findings and packets are in it as JSON,
//! and a case is drawn when somebody opens it, so that a page of hundreds of cases opens at once.
//!
//! What comes from the subject is hostile: it is escaped in HTML, cannot end the JSON, is shown by
//! the script as text only, and would not run if it came through, since the page's policy admits
//! just the script and the style that it was written with.

mod data;
mod shell;
mod view;

use askama::Template;

use super::Report;
use super::outline::{self, seconds};
use crate::verdict::Verdict;
pub(super) use shell::Shell;
use view::{CaseView, LevelView, Score, SectionView};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    shell: Shell,
    report: &'a Report,
    name: &'a str,
    badge: String,
    seconds: String,
    /// What the subject does not offer, in one phrase.
    lacking: String,
    scores: Vec<Score>,
    all_statements: usize,
    levels: Vec<LevelView>,
    /// The cases that a reader comes for.
    wrong: Vec<CaseView<'a>>,
    sections: Vec<SectionView<'a>>,
    data: String,
}

impl Report {
    /// The report as a self-contained HTML page.
    ///
    /// A page grows with its cases and not with their packets: transcripts take 2 MiB at most, and
    /// are cut where they would take more. The JSON report has them whole.
    pub fn to_html(&self) -> String {
        let subject = &self.subject;
        let lacking = subject.capabilities.probed().filter(|(_, offered)| !offered);
        let wrong = |verdict| matches!(verdict, Verdict::Fail | Verdict::Error | Verdict::Warn);
        let scores = view::scores(self);
        let page = Page {
            shell: Shell::new(&[REPORT_STYLE, SEQUENCE_STYLE], &[SEQUENCE_SCRIPT, REPORT_SCRIPT]),
            report: self,
            name: subject.command.as_deref().unwrap_or(&subject.target),
            badge: self.to_badge().message,
            seconds: seconds(self.summary.duration_ms),
            lacking: lacking.map(|(name, _)| name).collect::<Vec<_>>().join(", no "),
            all_statements: scores.iter().map(|score| score.statements).sum(),
            levels: view::levels(self, &scores),
            scores,
            wrong: view::cases(self).filter(|case| wrong(case.report.verdict)).collect(),
            sections: view::sections(self),
            data: data::embedded(&self.cases),
        };
        page.render().expect("a String takes all that is written to it")
    }
}

const REPORT_STYLE: &str = include_str!("../../templates/report.css");
const SEQUENCE_STYLE: &str = include_str!("../../templates/sequence.css");
const REPORT_SCRIPT: &str = include_str!("../../templates/report.js");
const SEQUENCE_SCRIPT: &str = include_str!("../../templates/sequence.js");

#[cfg(test)]
mod tests;
