//! The report for a comment below a pull request.
//!
//! First the counts, then each failure with what should have been seen, what was, the rule in our
//! words, and the last packets folded away. It stays below the length that forges take.
//!
//! What comes from the subject stands in code only, where no forge reads mark-up, names of people
//! or numbers of issues.

use std::fmt::{self, Write as _};

use super::outline::{
    VERDICTS, again, broken, clipped, is_counted, mark, meaning, seconds, word, words,
};
use super::{CaseReport, Report, Role};
use crate::finding::Finding;
use crate::verdict::Verdict;

impl Report {
    /// The report as Markdown, in the dialect that GitHub and GitLab share.
    ///
    /// At most 65,536 octets, which is what GitHub takes as one comment; failures for which there
    /// is no room are counted.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        write(&mut text, self).expect("a String takes all that is written to it");
        text
    }
}

fn write(out: &mut String, report: &Report) -> fmt::Result {
    write_head(out, report)?;
    write_counts(out, report)?;
    let wrong: Vec<_> = report
        .cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Fail | Verdict::Error | Verdict::Warn))
        .filter(|case| case.known.is_none())
        .collect();
    write_bugs(out, report)?;
    write_known(out, report)?;
    for (index, case) in wrong.iter().enumerate() {
        let mut section = String::new();
        write_case(&mut section, case)?;
        if out.len() + section.len() > MOST_OCTETS {
            writeln!(out, "\n… and {} more; the HTML report has them.", wrong.len() - index)?;
            break;
        }
        out.push_str(&section);
    }
    Ok(())
}

fn write_head(out: &mut String, report: &Report) -> fmt::Result {
    let subject = &report.subject;
    let clip = |text| code(&clipped(text, MOST_TEXT));
    let name = match (subject.role, subject.command.as_deref()) {
        (Role::Client, Some(driver)) => {
            format!("{}, driven by {}", clip(&subject.target), clip(driver))
        }
        (_, command) => clip(command.unwrap_or(&subject.target)),
    };
    let badge = report.to_badge();
    let verdict = match report.exit_code() {
        0 => '✓',
        _ => '✗',
    };
    writeln!(out, "### {verdict} {}: {}\n\n{name}", badge.label, badge.message)?;
    if let Some(lost) = &subject.lost {
        let (how, lost) = (report.lost_how(), code(&clipped(lost, MOST_TEXT)));
        writeln!(out, "\n**{how}:** {lost}")?;
    }
    match subject.losses.len() {
        0 => {}
        1 => writeln!(out, "\n**It had to be started anew** in the course of the run.")?,
        times => writeln!(out, "\n**It had to be started anew {times} times.**")?,
    }
    Ok(())
}

fn write_counts(out: &mut String, report: &Report) -> fmt::Result {
    let summary = &report.summary;
    writeln!(out, "\n| | | cases | statements |\n|---|---|--:|--:|")?;
    for verdict in VERDICTS {
        let cases = report.cases.iter().filter(|case| case.verdict == verdict).count();
        let counted = report.statements.iter().filter(|s| is_counted(&s.id, s.verdict));
        let statements = counted.filter(|statement| statement.verdict == verdict).count();
        if cases + statements > 0 {
            let (mark, word) = (mark(verdict), word(verdict));
            writeln!(out, "| {mark} {word} | {} | {cases} | {statements} |", meaning(verdict))?;
        }
    }
    let version = report.tool.version;
    if summary.not_reached > 0 {
        let what = if summary.not_reached == 1 { "case was" } else { "cases were" };
        writeln!(out, "\nInterrupted: {} {what} not reached.", summary.not_reached)?;
    }
    writeln!(out, "\nmqttspec {version}, {}.", seconds(summary.duration_ms))
}

/// The famous bugs that it has.
fn write_bugs(out: &mut String, report: &Report) -> fmt::Result {
    if report.bugs.is_empty() {
        return Ok(());
    }
    let present = || report.bugs.iter().filter(|told| told.present == Some(true));
    writeln!(out, "\n#### {} of {} famous bugs\n", present().count(), report.bugs.len())?;
    present().try_for_each(|told| {
        writeln!(out, "- [{}]({}): {}", told.bug.name, told.bug.link, plain(&told.bug.text))
    })
}

/// What the profile knows: entries that have had their time, and failures that are no news.
fn write_known(out: &mut String, report: &Report) -> fmt::Result {
    if !report.mended.is_empty() {
        writeln!(out, "\n#### Known to fail, and passing: take them out of the profile\n")?;
    }
    for mended in &report.mended {
        let reason = code(&clipped(&mended.reason, MOST_TEXT));
        writeln!(out, "- {}: {reason}", code(&clipped(&mended.known, MOST_TEXT)))?;
    }
    let known: Vec<_> = report.cases.iter().filter(|case| case.known.is_some()).collect();
    if known.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>{} known to fall short</summary>\n", known.len())?;
    for case in known.iter().take(MOST_KNOWN) {
        let reason = case.known.as_deref().unwrap_or_default();
        writeln!(out, "- `{}`: {}", case.case, code(&clipped(reason, MOST_LINE)))?;
    }
    if known.len() > MOST_KNOWN {
        writeln!(out, "- … and {} more", known.len() - MOST_KNOWN)?;
    }
    writeln!(out, "\n</details>")
}

fn write_case(out: &mut String, case: &CaseReport) -> fmt::Result {
    let CaseReport { case: address, title, duration_ms, .. } = case;
    writeln!(out, "\n#### {} `{address}`\n", mark(case.verdict))?;
    writeln!(out, "{} ({duration_ms} ms)\n", plain(title))?;
    for finding in &case.findings {
        match finding {
            Finding::Fail(mismatch) | Finding::Warn(mismatch) => {
                let expected = code(&clipped(&mismatch.expected, MOST_TEXT));
                let seen = code(&clipped(&mismatch.seen, MOST_TEXT));
                writeln!(out, "- **expected** {expected}\n- **saw** {seen}")?;
            }
            other => writeln!(out, "- {}", code(&clipped(&other.to_string(), MOST_TEXT)))?,
        }
    }
    broken(case).iter().try_for_each(|id| writeln!(out, "- **{id}**: {}", plain(words(id))))?;
    write_packets(out, case)
}

fn write_packets(out: &mut String, case: &CaseReport) -> fmt::Result {
    let all = case.transcript.len();
    let shown = &case.transcript[all.saturating_sub(MOST_LINES)..];
    if shown.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> =
        shown.iter().map(|entry| clipped(&super::terminal::line(entry), MOST_LINE)).collect();
    let lines = lines.join("\n");
    let fence = "`".repeat(longest_run(&lines).max(2) + 1);
    let count = match shown.len() {
        count if count == all => format!("{all} packets and events"),
        count => format!("The last {count} of {all} packets and events"),
    };
    writeln!(out, "\n<details><summary>{count}</summary>\n")?;
    writeln!(out, "{fence}text\n{lines}\n{fence}\n")?;
    if case.replay.is_some() {
        writeln!(out, "See it again, in this broker or another:\n\n```sh")?;
        case.shell.iter().try_for_each(|shell| writeln!(out, "{shell}"))?;
        writeln!(out, "{}\n```\n", again(case))?;
    }
    out.push_str("</details>\n");
    Ok(())
}

/// A text as code within a line. Nothing in it can end the code before its end.
pub(super) fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().is_empty() {
        return "(nothing)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A text of ours, with what Markdown would take for mark-up told apart from it.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '<' | '[' | ']' | '|' | '~') {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

/// The most backticks that stand in a row.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// What all forges take as one comment, less the line about what is left out.
const MOST_OCTETS: usize = 65_536 - 128;

/// Characters of what was expected or seen.
const MOST_TEXT: usize = 400;

/// Characters of one line of a transcript.
const MOST_LINE: usize = 200;

/// Known failures that are named.
const MOST_KNOWN: usize = 100;

/// Lines of a transcript: the end of it, where it went wrong.
const MOST_LINES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_where_it_should() {
        for (text, expected) in [
            ("x", "`x`"),
            ("@everyone #1 <b>", "`@everyone #1 <b>`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("a\r\nb", "`a  b`"),
            ("\n", "(nothing)"),
        ] {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn our_own_words_are_no_mark_up() {
        assert_eq!(plain("a_b <c> $SYS/#"), r"a\_b \<c> $SYS/#");
    }
}
