//! The report in two words, for the top of a README.
//!
//! As a picture of its own (SVG), or as the JSON from which the shields services draw one.

use super::outline::is_numbered;
use super::{Report, StatementReport};
use crate::verdict::Verdict;

/// A label, a message and a colour.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Badge {
    /// What is judged.
    pub label: String,
    /// What came of it: `106/106 statements`, or `3 failed`.
    pub message: String,
    colour: Colour,
}

/// What a badge looks like at a glance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Colour {
    /// Something is against a rule.
    Bad,
    /// All that is numbered was shown.
    Good,
    /// Nothing is against a rule, but not all was shown.
    Middling,
    /// There is no verdict.
    Unknown,
}

impl Report {
    /// The report as a badge.
    ///
    /// Without failures it counts the statements that the standard numbers and that bind a
    /// broker: those shown to hold, of those that there are. What the broker does not offer, and
    /// need not, is left out of both; what was not judged is not, unless a requirement set leaves it
    /// out. The label names the set.
    pub fn to_badge(&self) -> Badge {
        let (message, colour) = self.in_two_words();
        let label = match &self.requirements {
            None => "MQTT 3.1.1".to_owned(),
            Some(set) => format!("MQTT 3.1.1, set {set}"),
        };
        Badge { label, message, colour }
    }

    fn in_two_words(&self) -> (String, Colour) {
        if self.subject.lost.is_some() {
            return ("broker lost".to_owned(), Colour::Unknown);
        }
        let failed = self.statements.iter().filter(|s| s.verdict == Verdict::Fail).count();
        if failed > 0 {
            return (format!("{failed} failed"), Colour::Bad);
        }
        if self.summary.error > 0 {
            return ("not judged".to_owned(), Colour::Unknown);
        }
        // What a set leaves out it does not ask for.
        let is_asked_for = |statement: &StatementReport| {
            self.requirements.is_none() || statement.verdict != Verdict::NotJudged
        };
        let due = |statement: &&StatementReport| {
            is_numbered(&statement.id)
                && statement.verdict != Verdict::Unsupported
                && is_asked_for(statement)
        };
        let all = self.statements.iter().filter(due).count();
        let shown =
            self.statements.iter().filter(due).filter(|s| s.verdict == Verdict::Pass).count();
        let colour = if shown == all { Colour::Good } else { Colour::Middling };
        (format!("{shown}/{all} statements"), colour)
    }
}

impl Badge {
    /// The badge as an SVG picture with a title for those who cannot see it.
    pub fn to_svg(&self) -> String {
        let Self { label, message, colour } = self;
        let (left, right) = (width(label), width(message));
        let (whole, colour) = (left + right, colour.hex());
        let (middle_left, middle_right) = (half(left), half(left * 2 + right));
        let (long_left, long_right) = (left - PADDING, right - PADDING);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{label}: {message}">
<title>{label}: {message}</title>
<clipPath id="r"><rect width="{whole}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="20" fill="#3d444d"/>
<rect x="{left}" width="{right}" height="20" fill="{colour}"/>
</g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{middle_left}" y="14" textLength="{long_left}">{label}</text>
<text x="{middle_right}" y="14" textLength="{long_right}">{message}</text>
</g>
</svg>
"##
        )
    }

    /// The badge as the JSON that an endpoint badge of shields reads.
    pub fn to_shields_json(&self) -> String {
        let Self { label, message, colour } = self;
        let mut text = serde_json::to_string_pretty(&serde_json::json!({
            "schemaVersion": 1,
            "label": label,
            "message": message,
            "color": colour.name(),
        }))
        .expect("texts can always be written");
        text.push('\n');
        text
    }
}

impl Colour {
    /// A shade on which white text has a contrast of at least 4.5.
    const fn hex(self) -> &'static str {
        match self {
            Self::Bad => "#b3261e",
            Self::Good => "#1a7f37",
            Self::Middling => "#57701a",
            Self::Unknown => "#6e7781",
        }
    }

    /// The name that shields knows.
    const fn name(self) -> &'static str {
        match self {
            Self::Bad => "red",
            Self::Good => "brightgreen",
            Self::Middling => "yellowgreen",
            Self::Unknown => "lightgrey",
        }
    }
}

/// How wide a text is with its padding, in pixels: near enough, since the picture says
/// `textLength` and whoever draws it makes up for the rest.
fn width(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|character| match character {
            'M' => 93,
            ',' => 36,
            'A'..='Z' => 75,
            '0'..='9' | 'b' | 'd' | 'h' | 'k' | 'n' | 'o' | 'u' => 70,
            'm' => 107,
            'f' | 'i' | 'j' | 'l' | 't' | '.' | ' ' | '/' => 42,
            _ => 64,
        })
        .sum();
    tenths.div_ceil(10) + PADDING
}

/// Half of a number of pixels, which may end in .5.
fn half(pixels: usize) -> String {
    format!("{}.{}", pixels / 2, pixels % 2 * 5)
}

/// Pixels beside a text, left and right together.
const PADDING: usize = 12;
