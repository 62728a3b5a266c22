//! The comparison for a terminal.

use std::fmt::{self, Write as _};

use anstyle::Style;

use super::super::outline::{mark, meaning, word, words};
use super::super::terminal::{BOLD, DIM, appearance};
use super::{Change, Comparison, Named, Row};
use crate::report::outline::{VERDICTS, clipped};
use crate::verdict::Verdict;

impl Comparison {
    /// The comparison as coloured text for a terminal.
    ///
    /// With `whole`, a line for every statement; without, only for those that differ or are not
    /// as they should be.
    pub fn to_terminal(&self, whole: bool) -> String {
        let mut text = String::new();
        write(&mut text, self, whole).expect("a String takes all that is written to it");
        text
    }
}

fn write(out: &mut String, comparison: &Comparison, whole: bool) -> fmt::Result {
    for (number, subject) in (1..).zip(&comparison.subjects) {
        write_subject(out, number, subject)?;
    }
    let shown: Vec<_> =
        comparison.rows.iter().filter(|row| whole || row.is_of_interest()).collect();
    write_matrix(out, comparison, &shown)?;
    let hidden = comparison.rows.len() - shown.len();
    if hidden > 0 {
        writeln!(out, "{DIM}and {hidden} more, on which all agree{DIM:#}")?;
    }
    let Some(changes) = &comparison.changes else { return Ok(()) };
    for (heading, list) in changes.headed() {
        write_changes(out, heading, list)?;
    }
    if !changes.has_regressions() {
        writeln!(out, "\nNo regression: all that passed before still does.")?;
    }
    Ok(())
}

fn write_subject(out: &mut String, number: usize, subject: &Named) -> fmt::Result {
    let read = &subject.report.subject;
    let told = read.command.as_deref().unwrap_or(&read.target);
    writeln!(out, "{BOLD}{number:>3}  {}{BOLD:#}  {DIM}{}{DIM:#}", subject.name, visible(told))?;
    let Some(lost) = &read.lost else { return Ok(()) };
    let (_, style) = appearance(Verdict::Fail);
    writeln!(out, "     {style}lost: {}{style:#}", visible(lost))
}

fn write_matrix(out: &mut String, comparison: &Comparison, rows: &[&Row]) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    write!(out, "\n{DIM}{:15}", "")?;
    (1..=comparison.subjects.len()).try_for_each(|number| write!(out, "{number:>3}"))?;
    writeln!(out, "{DIM:#}")?;
    for row in rows {
        write!(out, "{:<15}", row.id)?;
        for verdict in &row.verdicts {
            let (mark, style) = appearance(*verdict);
            write!(out, "  {style}{mark}{style:#}")?;
        }
        writeln!(out, "  {DIM}{}{DIM:#}", clipped(words(&row.id), COLUMNS_OF_WORDS))?;
    }
    let used = |verdict: &Verdict| rows.iter().any(|row| row.verdicts.contains(verdict));
    let legend: Vec<_> = VERDICTS
        .iter()
        .filter(|verdict| used(verdict))
        .map(|verdict| format!("{} {}", mark(*verdict), meaning(*verdict)))
        .collect();
    writeln!(out, "\n{DIM}{}{DIM:#}", legend.join("   "))
}

fn write_changes(out: &mut String, heading: &str, changes: &[Change]) -> fmt::Result {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}{heading}{BOLD:#}")?;
    for change in changes {
        let (mark, style) = change.after.map_or((' ', Style::new()), appearance);
        writeln!(
            out,
            "  {style}{mark}{style:#} {}  {DIM}{}{DIM:#}",
            visible(&change.name),
            in_words(change)
        )?;
        if let Some(message) = &change.message {
            writeln!(out, "      {}", visible(message))?;
        }
    }
    Ok(())
}

/// From which verdict to which.
pub(super) fn in_words(change: &Change) -> String {
    match (change.before.map(word), change.after.map(word)) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (before, after) => before.or(after).unwrap_or_default().to_owned(),
    }
}

/// A text from a file that anybody may have written, with what steers a terminal made visible.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

const COLUMNS_OF_WORDS: usize = 72;
