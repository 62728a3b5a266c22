//! The comparison for a comment below a pull request, or for a page of documentation.

use std::fmt::{self, Write as _};

use super::super::markdown::{code, plain};
use super::super::outline::{VERDICTS, clipped, mark, meaning, words};
use super::terminal::in_words;
use super::{Change, Comparison};

impl Comparison {
    /// The comparison as Markdown: what changed, and the statements that differ or are not as they
    /// should be.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        write(&mut text, self).expect("a String takes all that is written to it");
        text
    }
}

fn write(out: &mut String, comparison: &Comparison) -> fmt::Result {
    if let Some(changes) = &comparison.changes {
        match changes.has_regressions() {
            true => writeln!(out, "### ✗ What passed before no longer does\n")?,
            false => writeln!(out, "### ✓ All that passed before still does\n")?,
        }
        for (heading, list) in changes.headed() {
            write_changes(out, heading, list)?;
        }
    }
    write_matrix(out, comparison)
}

fn write_changes(out: &mut String, heading: &str, changes: &[Change]) -> fmt::Result {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "**{heading}**\n")?;
    for change in changes.iter().take(MOST_CHANGES) {
        write!(out, "- {} {}", code(&change.name), in_words(change))?;
        match &change.message {
            Some(message) => writeln!(out, ": {}", code(&clipped(message, MOST_TEXT)))?,
            None => out.push('\n'),
        }
    }
    if changes.len() > MOST_CHANGES {
        writeln!(out, "- … and {} more", changes.len() - MOST_CHANGES)?;
    }
    out.push('\n');
    Ok(())
}

fn write_matrix(out: &mut String, comparison: &Comparison) -> fmt::Result {
    write!(out, "| statement |")?;
    // A bar ends a cell even inside code.
    let cell = |name: &str| code(&name.replace('|', "¦"));
    comparison.subjects.iter().try_for_each(|s| write!(out, " {} |", cell(&s.name)))?;
    writeln!(out, " |\n|---|{}---|", ":-:|".repeat(comparison.subjects.len()))?;
    let shown: Vec<_> = comparison.rows.iter().filter(|row| row.is_of_interest()).collect();
    for row in &shown {
        write!(out, "| {} |", row.id)?;
        row.verdicts.iter().try_for_each(|verdict| write!(out, " {} |", mark(*verdict)))?;
        writeln!(out, " {} |", plain(&clipped(words(&row.id), MOST_WORDS)))?;
    }
    let legend: Vec<_> = VERDICTS.map(|v| format!("{} {}", mark(v), meaning(v))).into();
    let hidden = comparison.rows.len() - shown.len();
    writeln!(out, "\n{}. On {hidden} more all agree.", legend.join(", "))
}

/// Changes of one kind that are named.
const MOST_CHANGES: usize = 50;

/// Characters of a statement: enough to know it by.
const MOST_WORDS: usize = 160;

/// Characters of what a case found.
const MOST_TEXT: usize = 300;
