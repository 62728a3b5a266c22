//! The page that says for each statement where it is carried out and what shows it, for people and
//! for programs.
//!
//! No line numbers: the page changes when coverage does, not whenever somebody adds an import.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use mqttspec_spec::{Catalogue, Heading, Shown, Statement};
use serde::Serialize;

use crate::evidence::{Evidence, Found};

/// For people.
pub(crate) const MARKDOWN: &str = "docs/traceability.md";
/// For programs, `mqttspec explain` among them.
pub(crate) const JSON: &str = "docs/traceability.json";

/// What there is, statement by statement.
pub(crate) struct Page<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) evidence: &'a Evidence,
}

impl Page<'_> {
    /// A summary, then the statements by section.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = PREAMBLE.to_owned();
        self.write(&mut text).expect("a String takes all that is written to it");
        text
    }

    /// One object with a line for each statement, in document order.
    pub(crate) fn to_json(&self) -> String {
        let lines: Vec<_> = self.catalogue.statements().iter().map(|s| self.line(s)).collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    fn line(&self, statement: &Statement) -> String {
        let nothing = Found::default();
        let found = self.evidence.get(statement.id).unwrap_or(&nothing);
        let row = Row {
            section: statement.section.to_string(),
            level: statement.level.as_str(),
            binds: statement.binds.as_str(),
            text: &statement.text,
            shown_by: statement.shown_by.iter().map(|kind| kind.as_str()).collect(),
            implemented: found.implemented.iter().map(String::as_str).collect(),
            tests: found.tests.iter().map(String::as_str).collect(),
            cases: &found.server_cases,
            client_cases: &found.client_cases,
            gaps: gaps(statement).into_iter().collect(),
        };
        let row = serde_json::to_string(&row).expect("texts and lists of them are JSON");
        format!("\"{}\": {row}", statement.id)
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        self.write_summary(out)?;
        for heading in self.catalogue.sections() {
            let here: Vec<_> = self
                .catalogue
                .statements()
                .iter()
                .filter(|statement| statement.section == heading.number)
                .collect();
            let depth = match heading.number.to_string().contains('.') {
                false => "##",
                true if !here.is_empty() => "###",
                true => continue,
            };
            writeln!(out, "\n{depth} {} {}", heading.number, heading.title)?;
            here.into_iter().try_for_each(|statement| self.write_statement(out, statement))?;
        }
        Ok(())
    }

    fn write_summary(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "| chapter | statements | carried out | in brokers | in clients | tests | reviewed | gaps |"
        )?;
        writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
        let chapters = self.catalogue.sections().iter();
        for heading in chapters.filter(|heading| !heading.number.to_string().contains('.')) {
            self.write_counts(out, heading)?;
        }
        self.write_total(out)
    }

    fn write_counts(&self, out: &mut String, chapter: &Heading) -> fmt::Result {
        let statements = self.catalogue.statements().iter();
        let here: Vec<_> = statements.filter(|s| chapter.number.contains(s.section)).collect();
        write!(out, "| {} {} ", chapter.number, chapter.title)?;
        self.write_row(out, &here)
    }

    fn write_total(&self, out: &mut String) -> fmt::Result {
        let all = self.catalogue.statements().iter();
        let (numbered, others): (Vec<_>, Vec<_>) = all.partition(|s| s.is_numbered());
        write!(out, "| **numbered by the standard** ")?;
        self.write_row(out, &numbered)?;
        write!(out, "| **without a number** ")?;
        self.write_row(out, &others)?;

        let mut kinds = BTreeMap::<_, usize>::new();
        for statement in self.catalogue.statements() {
            for (kind, reason) in gaps(statement) {
                *kinds.entry((kind, reason)).or_default() += 1;
            }
        }
        writeln!(out, "\n| gap | reason | statements |\n|---|---|--:|")?;
        for ((kind, reason), count) in kinds {
            writeln!(out, "| {kind} | {reason} | {count} |")?;
        }
        Ok(())
    }

    fn write_row(&self, out: &mut String, statements: &[&Statement]) -> fmt::Result {
        let found = |has: fn(&Found) -> bool| {
            let theirs = statements.iter().filter_map(|s| self.evidence.get(s.id));
            theirs.filter(|found| has(found)).count()
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            statements.len(),
            found(|found| !found.implemented.is_empty()),
            found(|found| !found.server_cases.is_empty()),
            found(|found| !found.client_cases.is_empty()),
            found(|found| !found.tests.is_empty()),
            statements.iter().filter(|s| s.is_shown_by(Shown::Review)).count(),
            statements.iter().filter(|s| !gaps(s).is_empty()).count(),
        )
    }

    fn write_statement(&self, out: &mut String, statement: &Statement) -> fmt::Result {
        let Statement { id, level, binds, text, shown_by, .. } = statement;
        let ways: Vec<_> = shown_by.iter().map(|kind| kind.as_str()).collect();
        writeln!(out, "\n#### {id}\n\n{level}, binds: {binds}, shown by: {}.\n", ways.join(", "))?;
        writeln!(out, "> {text}\n")?;
        let nothing = Found::default();
        let found = self.evidence.get(*id).unwrap_or(&nothing);
        write_list(out, "Carried out in", found.implemented.iter().map(|path| link(path)))?;
        let addresses = found.server_cases.iter().map(|address| format!("`{address}`"));
        write_list(out, "Judged in brokers by", addresses)?;
        let addresses = found.client_cases.iter().map(|address| format!("`{address}`"));
        write_list(out, "Judged in clients by", addresses)?;
        write_list(out, "Tested in", found.tests.iter().map(|path| link(path)))?;
        write_list(out, "Not to be shown by a case", statement.reason.iter().cloned())?;
        let gaps = gaps(statement).into_iter();
        write_list(out, "Gap", gaps.map(|(kind, reason)| format!("{kind} ({reason})")))
    }
}

/// What is said of a statement to programs.
#[derive(Serialize)]
struct Row<'a> {
    section: String,
    level: &'static str,
    binds: &'static str,
    text: &'a str,
    shown_by: Vec<&'static str>,
    implemented: Vec<&'a str>,
    tests: Vec<&'a str>,
    cases: &'a [&'static str],
    client_cases: &'a [&'static str],
    gaps: BTreeMap<&'static str, &'a str>,
}

/// What a statement admits to lack, and why.
fn gaps(statement: &Statement) -> Vec<(&'static str, &str)> {
    let implemented = statement.gap_implemented().map(|reason| ("implemented", reason));
    let kinds = statement.shown_by.iter();
    let shown = kinds.filter_map(|kind| Some((kind.as_str(), statement.gap(*kind)?)));
    implemented.into_iter().chain(shown).collect()
}

/// A point of a list, or nothing where there is nothing to say.
fn write_list(out: &mut String, what: &str, items: impl Iterator<Item = String>) -> fmt::Result {
    let items: Vec<_> = items.collect();
    if items.is_empty() { Ok(()) } else { writeln!(out, "- {what}: {}", items.join(", ")) }
}

/// A link from the folder of the page to a file.
fn link(path: &str) -> String {
    format!("[{path}](../{path})")
}

const PREAMBLE: &str = "\
# Traceability

Each statement of MQTT 3.1.1 in our words, where it is carried out, and what shows that it is.
Generated from `spec/clauses`, from the ids in comments and tests, and from the cases of the judge; do not edit.
A change in any of them makes a test fail until the page is written again:

    MQTTSPEC_BLESS=1 cargo test -p mqttspec-conformance --test traceability

`mqttspec explain ID` prints the same with lines instead of files.
A statement counts once in a column, however many files or cases there are for it.

";
