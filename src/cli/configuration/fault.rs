//! What is wrong in a file, shown where it is.

use std::fmt::Write as _;
use std::ops::Range;

/// What is wrong in a file.
#[derive(Debug)]
pub(in crate::cli) struct Fault {
    /// Its octets in the file.
    pub(in crate::cli) place: Range<usize>,
    pub(in crate::cli) what: String,
    /// What to do about it.
    pub(in crate::cli) help: String,
}

/// All `faults` of the file `name`, each with its line and a mark below what is wrong.
pub(in crate::cli) fn told(name: &str, text: &str, faults: &[Fault]) -> String {
    let mut told = String::new();
    for (number, fault) in faults.iter().enumerate() {
        if number > 0 {
            told.push_str("\n\n");
        }
        tell(&mut told, name, text, fault);
    }
    told
}

fn tell(told: &mut String, name: &str, text: &str, fault: &Fault) {
    let start = floor(text, fault.place.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let number = text[..line_start].matches('\n').count() + 1;
    let before = &text[line_start..start];
    let column = before.chars().count() + 1;
    // What goes on over several lines is marked to the end of its first one.
    let end = floor(text, fault.place.end).clamp(start, (line_start + line.len()).max(start));
    let marks = "^".repeat(text[start..end].chars().count().max(1));
    // Tabs stay tabs, so that the mark stands below what it means however wide they are shown.
    let indent: String = before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
    let margin = " ".repeat(number.to_string().len());
    let (what, help) = (&fault.what, &fault.help);
    // Writing to a text cannot fail.
    let _ = write!(
        told,
        "{name}:{number}:{column}: {what}\n\
         {margin} |\n{number} | {line}\n{margin} | {indent}{marks} {help}"
    );
}

/// The last boundary of a character at or before `place`, within `text`.
fn floor(text: &str, place: usize) -> usize {
    text.floor_char_boundary(place)
}
