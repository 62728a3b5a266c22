//! How every report is laid out: what counts, in which section it stands, with which mark.

use mqttspec_spec::{Catalogue, Statement};

use super::{CaseReport, Role, narrowed};
use crate::transcript::Transcript;
use crate::verdict::Verdict;

/// Verdicts in the order in which reports count them.
pub(super) const VERDICTS: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::Fail,
    Verdict::Error,
    Verdict::Warn,
    Verdict::Inconclusive,
    Verdict::Unsupported,
    Verdict::NotJudged,
];

/// The sections that an overview has a line for, with their titles, in document order.
pub(super) fn sections() -> impl Iterator<Item = (String, &'static str)> {
    Catalogue::embedded().sections().iter().filter_map(|heading| {
        let number = heading.number.to_string();
        (number == two_parts(&number)).then_some((number, heading.title.as_str()))
    })
}

/// The section of a statement, down to two parts: 3.1 for MQTT-3.1.2-24. Empty for an id that the
/// catalogue does not have.
pub(super) fn section_of(id: &str) -> String {
    entry(id)
        .map_or_else(String::new, |statement| two_parts(&statement.section.to_string()).to_owned())
}

/// What the catalogue says of a statement; `None` for an id that it does not have.
pub(super) fn entry(id: &str) -> Option<&'static Statement> {
    Catalogue::embedded().get(id.parse().ok()?)
}

/// What a statement demands, in our words; empty for an id that the catalogue does not have.
pub(super) fn words(id: &str) -> &'static str {
    entry(id).map_or("", |statement| statement.text.as_str())
}

/// Whether the standard itself numbers the statement.
pub(super) fn is_numbered(id: &str) -> bool {
    id.starts_with("MQTT-")
}

/// Rules without a number count only where a case judged them: most are facts.
pub(super) fn is_counted(id: &str, verdict: Verdict) -> bool {
    is_numbered(id) || verdict != Verdict::NotJudged
}

/// The statements that a case shows broken, or would.
pub(super) fn broken(case: &CaseReport) -> Vec<&'static str> {
    let narrowed: Vec<_> = case.findings.iter().filter_map(narrowed).collect();
    if narrowed.is_empty() { case.statements.to_vec() } else { narrowed }
}

/// The command that has the conversation of a case again, from the JSON report.
pub(super) fn again(case: &CaseReport) -> String {
    let whom = match &case.replay {
        Some(Transcript { role: Role::Client, .. }) => "--driver COMMAND",
        _ => "localhost",
    };
    format!("mqttspec replay report.json --case {} {whom}", case.case)
}

/// One character for a verdict, so that no report depends on colour.
pub(super) const fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '✓',
        Verdict::Fail => '✗',
        Verdict::Error => '‼',
        Verdict::Warn => '!',
        Verdict::Inconclusive => '?',
        Verdict::Unsupported => '–',
        Verdict::NotJudged => '·',
    }
}

/// A verdict as people say it.
pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotJudged => "not judged",
        other => other.as_str(),
    }
}

/// What a verdict means, in the fewest words.
pub(super) const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "as it should be",
        Verdict::Fail => "against a rule",
        Verdict::Error => "a fault of the judge",
        Verdict::Warn => "against advice",
        Verdict::Inconclusive => "could not tell",
        Verdict::Unsupported => "not offered",
        Verdict::NotJudged => "not judged",
    }
}

/// A duration as people say it: 0.2 s, 12.3 s.
pub(super) fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// The first `most` characters of a text, and a mark when there are more.
pub(super) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn two_parts(section: &str) -> &str {
    section.match_indices('.').nth(1).map_or(section, |(end, _)| &section[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_two_parts_at_most() {
        let rows = [("MQTT-3.1.2-24", "3.1"), ("MQTT-6.0.0-1", "6"), ("x", "")];
        for (id, expected) in rows {
            assert_eq!(section_of(id), expected, "{id}");
        }
    }

    #[test]
    fn a_clipped_text_ends_on_a_whole_character() {
        assert_eq!(clipped("äöü", 3), "äöü");
        assert_eq!(clipped("äöü", 2), "äö…");
    }
}
