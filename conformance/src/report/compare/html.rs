//! The comparison as one page that needs nothing else.

use askama::Template;

use super::super::html::Shell;
use super::super::outline::{self, VERDICTS, section_of};
use super::matrix::is_wrong;
use super::terminal::in_words;
use super::{Change, Comparison, Named, Row};
use crate::verdict::Verdict;

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    shell: Shell,
    title: String,
    subjects: &'a [Named],
    changes: Vec<(&'static str, &'a [Change])>,
    regressed: Option<bool>,
    totals: Vec<Total>,
    sections: Vec<SectionView<'a>>,
}

/// How many statements have a verdict, in each report.
struct Total {
    verdict: Verdict,
    statements: Vec<usize>,
}

/// A section of the standard, and its rows.
struct SectionView<'a> {
    number: String,
    title: &'static str,
    rows: Vec<&'a Row>,
}

impl Comparison {
    /// The comparison as a self-contained HTML page.
    pub fn to_html(&self) -> String {
        let names: Vec<_> = self.subjects.iter().map(|subject| subject.name.as_str()).collect();
        let changes = self.changes.as_ref().map(|changes| changes.headed().to_vec());
        let page = Page {
            shell: Shell::new(&[STYLE], &[SCRIPT]),
            title: names.join(", "),
            subjects: &self.subjects,
            changes: changes.unwrap_or_default(),
            regressed: self.changes.as_ref().map(super::Changes::has_regressions),
            totals: self.totals(),
            sections: self.sections(),
        };
        page.render().expect("a String takes all that is written to it")
    }

    /// For each verdict that there is, how many statements have it in each report.
    fn totals(&self) -> Vec<Total> {
        let count = |verdict, column: usize| {
            self.rows.iter().filter(|row| row.verdicts[column] == verdict).count()
        };
        VERDICTS
            .into_iter()
            .map(|verdict| {
                let columns = 0..self.subjects.len();
                Total { verdict, statements: columns.map(|n| count(verdict, n)).collect() }
            })
            .filter(|total| total.statements.iter().any(|count| *count > 0))
            .collect()
    }

    fn sections(&self) -> Vec<SectionView<'_>> {
        outline::sections()
            .map(|(number, title)| {
                let rows = self.rows.iter().filter(|row| section_of(&row.id) == number).collect();
                SectionView { number, title, rows }
            })
            .filter(|section| !section.rows.is_empty())
            .collect()
    }
}

/// The filters of the page that a row goes through, by their names in the script.
fn kinds(row: &Row) -> String {
    let kinds = [
        ("differs", row.differs()),
        ("only-one", row.only_one_fails()),
        ("wrong", row.verdicts.iter().any(|verdict| is_wrong(*verdict))),
    ];
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind).collect::<Vec<_>>().join(" ")
}

const STYLE: &str = include_str!("../../../templates/compare.css");
const SCRIPT: &str = include_str!("../../../templates/compare.js");
