//! The report for people.
//!
//! First where the subject stands, section by section; then each failure with what should have
//! been seen, what was, the rule in our words and the packets; then what is free to choose.
//! Colours are escape sequences: print it through a stream that takes them out where they do not
//! belong.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};

use super::outline::{
    VERDICTS, broken, is_counted, mark, meaning, seconds, section_of, sections, words,
};
use super::{CaseReport, Report};
use crate::corpus::Bug;
use crate::finding::Finding;
use crate::record::{Entry, Side};
use crate::verdict::Verdict;

impl Report {
    /// The report as coloured text for a terminal.
    pub fn to_terminal(&self) -> String {
        let mut text = String::new();
        write(&mut text, self).expect("a String takes all that is written to it");
        text
    }
}

fn write(out: &mut String, report: &Report) -> fmt::Result {
    write_subject(out, report)?;
    write_sections(out, report)?;
    for case in &report.cases {
        let is_wrong = matches!(case.verdict, Verdict::Fail | Verdict::Error | Verdict::Warn);
        if is_wrong && case.known.is_none() {
            write_case(out, case)?;
        }
    }
    write_known(out, report)?;
    write_bugs(out, report)?;
    write_asides(out, report)?;
    write_summary(out, report)
}

fn write_subject(out: &mut String, report: &Report) -> fmt::Result {
    let subject = &report.subject;
    write!(out, "{BOLD}{}{BOLD:#}", subject.target)?;
    if let Some(profile) = &subject.profile {
        write!(out, "  {profile}")?;
    }
    if let Some(set) = &report.requirements {
        write!(out, "  set {set}")?;
    }
    if let Some(command) = &subject.command {
        write!(out, "  {DIM}{command}{DIM:#}")?;
    }
    out.push('\n');
    let lacking: Vec<_> = subject
        .capabilities
        .probed()
        .filter(|(_, offered)| !offered)
        .map(|(name, _)| name)
        .collect();
    if !lacking.is_empty() {
        writeln!(out, "{DIM}offers no {}{DIM:#}", lacking.join(", no "))?;
    }
    let limits: Vec<_> =
        subject.limits.iter().map(|(name, most)| format!("{name} {most}")).collect();
    if !limits.is_empty() {
        writeln!(out, "{DIM}takes {}{DIM:#}", limits.join(", "))?;
    }
    if !subject.claimed_in_vain.is_empty() {
        let claims = subject.claimed_in_vain.join(", ");
        writeln!(out, "{RED}its profile claims what it does not offer: {claims}{RED:#}")?;
    }
    Ok(())
}

/// A line for each section of the standard: how many of its statements came out how.
fn write_sections(out: &mut String, report: &Report) -> fmt::Result {
    if report.cases.is_empty() {
        return Ok(());
    }
    let counted: Vec<_> =
        report.statements.iter().filter(|s| is_counted(&s.id, s.verdict)).collect();
    let columns: Vec<_> = VERDICTS
        .into_iter()
        .filter(|verdict| counted.iter().any(|statement| statement.verdict == *verdict))
        .collect();
    out.push('\n');
    for (number, title) in sections() {
        let in_section: Vec<_> = counted.iter().filter(|s| section_of(&s.id) == number).collect();
        if in_section.iter().all(|statement| statement.verdict == Verdict::NotJudged) {
            continue;
        }
        write!(out, "{DIM}{number:>5}{DIM:#}  {title:<32}")?;
        for verdict in &columns {
            let count = in_section.iter().filter(|s| s.verdict == *verdict).count();
            let (mark, style) = appearance(*verdict);
            match count {
                0 => out.push_str("      "),
                _ => write!(out, "{style}{mark}{count:>3}{style:#}  ")?,
            }
        }
        // Columns of nothing at the end of a line.
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    // Whoever sees the marks for the first time need not look them up.
    let legend: Vec<_> = columns
        .iter()
        .map(|verdict| {
            let (mark, style) = appearance(*verdict);
            format!("{style}{mark}{style:#} {DIM}{}{DIM:#}", meaning(*verdict))
        })
        .collect();
    writeln!(out, "\n       {}", legend.join("   "))
}

fn write_case(out: &mut String, case: &CaseReport) -> fmt::Result {
    let (mark, style) = appearance(case.verdict);
    writeln!(
        out,
        "\n{style}{mark} {BOLD}{}{BOLD:#}  {DIM}{} ms{DIM:#}\n  {}",
        case.case, case.duration_ms, case.title
    )?;
    for finding in &case.findings {
        match finding {
            Finding::Fail(mismatch) | Finding::Warn(mismatch) => {
                let (_, style) = appearance(Verdict::from(finding));
                writeln!(out, "  {BOLD}expected{BOLD:#}  {}", mismatch.expected)?;
                writeln!(out, "  {BOLD}saw{BOLD:#}       {style}{}{style:#}", mismatch.seen)?;
            }
            other => writeln!(out, "  {other}")?,
        }
    }
    for id in broken(case) {
        writeln!(out, "  {ID}{id}{ID:#}")?;
        wrapped(words(id)).iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    let earlier = case.transcript.len().saturating_sub(MOST_LINES);
    if earlier > 0 {
        writeln!(out, "  {DIM}   … {earlier} earlier lines are in the JSON report{DIM:#}")?;
    }
    let shown = &case.transcript[earlier..];
    shown.iter().try_for_each(|entry| writeln!(out, "  {DIM}{}{DIM:#}", line(entry)))?;
    case.shell.iter().try_for_each(|shell| writeln!(out, "  {BOLD}again{BOLD:#}     {shell}"))
}

/// A text in lines that fit beside an indent.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < COLUMNS_OF_TEXT => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What the profile knows: failures that are no news, and entries that have had their time.
fn write_known(out: &mut String, report: &Report) -> fmt::Result {
    if report.summary.known > 0 {
        writeln!(out, "\n{BOLD}Known{BOLD:#}")?;
    }
    for case in &report.cases {
        if let Some(reason) = &case.known {
            let (mark, style) = appearance(case.verdict);
            writeln!(out, "  {style}{mark}{style:#} {}  {DIM}{reason}{DIM:#}", case.case)?;
        }
    }
    if !report.mended.is_empty() {
        writeln!(out, "\n{BOLD}Known to fail, and passing: take them out of the profile{BOLD:#}")?;
    }
    report.mended.iter().try_for_each(|mended| {
        writeln!(out, "  {RED}✗{RED:#} {}  {DIM}{}{DIM:#}", mended.known, mended.reason)
    })
}

/// The famous bugs that were asked for: those it has first, with what it means and a link.
fn write_bugs(out: &mut String, report: &Report) -> fmt::Result {
    let count = |present| report.bugs.iter().filter(|told| told.present == present).count();
    if report.bugs.is_empty() {
        return Ok(());
    }
    let (has, has_not, open) = (count(Some(true)), count(Some(false)), count(None));
    writeln!(out, "\n{BOLD}Famous bugs{BOLD:#}  {has} there, {has_not} not, {open} not told")?;
    for told in report.bugs.iter().filter(|told| told.present == Some(true)) {
        let Bug { name, link, text, cases, .. } = told.bug;
        writeln!(out, "  {RED}✗ {name}{RED:#}  {link}")?;
        wrapped(text).iter().try_for_each(|line| writeln!(out, "    {line}"))?;
        writeln!(out, "    {DIM}{}{DIM:#}", cases.join(" "))?;
    }
    for (present, style) in [(None, YELLOW), (Some(false), GREEN)] {
        for told in report.bugs.iter().filter(|told| told.present == present) {
            let mark = if present.is_none() { '?' } else { '✓' };
            writeln!(
                out,
                "  {style}{mark}{style:#} {:<16} {DIM}{}{DIM:#}",
                told.bug.name, told.bug.text
            )?;
        }
    }
    Ok(())
}

/// What needs no page of its own: cases that could not tell, and what is free to choose.
fn write_asides(out: &mut String, report: &Report) -> fmt::Result {
    let open: Vec<_> = report
        .cases
        .iter()
        .filter(|case| matches!(case.verdict, Verdict::Inconclusive | Verdict::Unsupported))
        .collect();
    if !open.is_empty() {
        writeln!(out, "\n{BOLD}Not shown{BOLD:#}")?;
    }
    for case in open {
        let (mark, style) = appearance(case.verdict);
        let message = case.message.as_deref().unwrap_or_default();
        writeln!(out, "  {style}{mark}{style:#} {}  {DIM}{message}{DIM:#}", case.case)?;
    }
    if !report.observed.is_empty() {
        writeln!(out, "\n{BOLD}Where the standard leaves the choice{BOLD:#}")?;
    }
    report.observed.iter().try_for_each(|observed| {
        let observation = &observed.observation;
        writeln!(out, "  {:<32}  {}", observation.what, observation.behaviour)
    })
}

fn write_summary(out: &mut String, report: &Report) -> fmt::Result {
    let summary = &report.summary;
    if let Some(lost) = &report.subject.lost {
        writeln!(out, "\n{RED}{}: {lost}.{RED:#}", report.lost_how())?;
        if let Some(output) = report.subject.output.as_ref().filter(|output| !output.is_empty()) {
            writeln!(out, "{DIM}{output}{DIM:#}")?;
        }
    }
    if report.subject.lost.is_some() && report.cases.is_empty() {
        // No case has an outcome: there is nothing to count.
        return Ok(());
    }
    for (number, loss) in report.subject.losses.iter().enumerate() {
        let before = if number == 0 { "\n" } else { "" };
        writeln!(out, "{before}{YELLOW}The subject had to be started anew: {loss}.{YELLOW:#}")?;
    }
    out.push('\n');
    let counts = [
        (Verdict::Pass, summary.pass, "passed"),
        (Verdict::Fail, summary.fail, "failed"),
        (Verdict::Error, summary.error, "in error"),
        (Verdict::Warn, summary.warn, "with a warning"),
        (Verdict::Inconclusive, summary.inconclusive, "inconclusive"),
        (Verdict::Unsupported, summary.unsupported, "unsupported"),
        (Verdict::NotJudged, summary.not_reached, "not reached"),
    ];
    let mut comma = "";
    for (verdict, count, word) in counts {
        if count > 0 || verdict == Verdict::Pass {
            let (_, style) = appearance(verdict);
            write!(out, "{comma}{style}{count} {word}{style:#}")?;
            comma = ", ";
        }
    }
    if summary.known > 0 {
        write!(out, " {DIM}({} known to fall short){DIM:#}", summary.known)?;
    }
    writeln!(out, " {DIM}in {}{DIM:#}", seconds(summary.duration_ms))
}

/// One line of a transcript, without colour.
pub(super) fn line(entry: &Entry) -> String {
    let arrow = match entry.from {
        Side::Judge => "→",
        Side::Subject => "←",
    };
    let Entry { at_ms, peer, packet, hex, .. } = entry;
    let shown = hex.get(..MOST_HEX).unwrap_or(hex);
    let more = if shown.len() < hex.len() { "…" } else { "" };
    let text = format!("{at_ms:>6} ms  {peer:<10} {arrow} {packet}");
    if shown.is_empty() { text } else { format!("{text}  {shown}{more}") }
}

pub(super) const fn appearance(verdict: Verdict) -> (char, Style) {
    let style = match verdict {
        Verdict::Pass => GREEN,
        Verdict::Fail | Verdict::Error => RED,
        Verdict::Warn | Verdict::Inconclusive => YELLOW,
        Verdict::Unsupported | Verdict::NotJudged => DIM,
    };
    (mark(verdict), style)
}

/// Lines of a transcript that are shown: the end of it, where it went wrong.
const MOST_LINES: usize = 40;

const COLUMNS_OF_TEXT: usize = 92;

/// Hexadecimal digits that a line shows.
const MOST_HEX: usize = 64;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const ID: Style = AnsiColor::Cyan.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
