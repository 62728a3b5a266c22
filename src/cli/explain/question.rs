//! What may be asked about, as people write it.

use mqttspec_conformance::Glob;
use mqttspec_spec::{Catalogue, Heading, Section, Statement, StatementId, nearest_name};

use super::listed::{self, Listed};

/// What somebody wants explained.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// One or more, by their addresses.
    Cases(Vec<Listed>),
    Section(&'static Heading),
    Statement(&'static Statement),
}

/// Reads an id, the number of a section, or addresses of cases with or without wildcards.
///
/// Of the standard's misprinted ids one has the form of a section, 3.1.2.7, and is taken for that
/// unless `MQTT-` is in front.
///
/// # Errors
///
/// When there is no such thing: a sentence with what is near it.
pub(super) fn read(text: &str) -> Result<Question, String> {
    let catalogue = Catalogue::embedded();
    if let Ok(number) = text.strip_prefix('§').unwrap_or(text).parse::<Section>() {
        let heading = catalogue.sections().iter().find(|heading| heading.number == number);
        return heading
            .map(Question::Section)
            .ok_or_else(|| format!("no statement of MQTT 3.1.1 stands in section {number}"));
    }
    if let Some(statement) = text.parse().ok().and_then(|id| catalogue.get(id)) {
        return Ok(Question::Statement(statement));
    }
    let glob = Glob::new(text);
    let cases: Vec<_> = listed::all().filter(|case| glob.matches(case.address)).collect();
    if !cases.is_empty() {
        return Ok(Question::Cases(cases));
    }
    Err(nothing_like(text))
}

fn nothing_like(text: &str) -> String {
    let mut parts: Vec<_> =
        listed::all().filter_map(|case| Some(case.address.split_once('/')?.0)).collect();
    // Each part is one run of cases, or two where a file comes in between.
    parts.sort_unstable();
    parts.dedup();
    let like = |name| {
        let nearest = nearest_name(name, parts.iter().copied())?;
        Some(format!("the part of the cases that is called most alike is {nearest}/*"))
    };
    match text.split_once('/') {
        Some((part, _)) if parts.contains(&part) => {
            format!("no such case; {part}/* has all of that part")
        }
        Some((part, _)) => {
            let like = like(part).unwrap_or_else(|| format!("there are {}", parts.join(", ")));
            format!("no such case; {like}")
        }
        None if text.contains(|c: char| c.is_ascii_digit()) => {
            let nearest = Catalogue::embedded().nearest(text, 3);
            let nearest: Vec<_> = nearest.iter().map(StatementId::to_string).collect();
            format!("no such statement in MQTT 3.1.1; near it: {}", nearest.join(", "))
        }
        None => {
            let like = like(text)
                .unwrap_or_else(|| "they look like MQTT-3.1.2-24, 3.1.2 and will/*".to_owned());
            format!("no statement, section or part of the cases is called {text:?}; {like}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text is taken for, in a word or two.
    fn taken(text: &str) -> String {
        match read(text) {
            Ok(Question::Statement(statement)) => statement.id.to_string(),
            Ok(Question::Section(heading)) => format!("section {}", heading.number),
            Ok(Question::Cases(cases)) => format!("case {}", cases[0].address),
            Err(error) => error,
        }
    }

    #[test]
    fn reads_what_people_write() {
        for (text, expected) in [
            ("MQTT-3.1.2-24", "MQTT-3.1.2-24"),
            ("mqtt-3.1.2-24", "MQTT-3.1.2-24"),
            ("[3.1.2-24]", "MQTT-3.1.2-24"),
            ("u-3.1.4-1", "U-3.1.4-1"),
            ("mqtt-3-8.3-4", "MQTT-3.8.3-4"),
            ("mqtt-3.1.2.7", "MQTT-3.1.2-7"),
            ("3.1.2.7", "section 3.1.2.7"),
            ("§4.3", "section 4.3"),
            ("6", "section 6"),
            ("connect/second-connect-closes", "case connect/second-connect-closes"),
            ("connect/second-*", "case connect/second-connect-closes"),
        ] {
            assert_eq!(taken(text), expected, "{text}");
        }
        assert!(taken("connect").starts_with("case connect/"));
    }

    #[test]
    fn says_what_is_near_to_what_does_not_exist() {
        insta::assert_snapshot!(taken("3.1.2-99"), @"no such statement in MQTT 3.1.1; near it: MQTT-3.1.2-9, MQTT-3.1.2-19, MQTT-3.1.2-1");
        insta::assert_snapshot!(taken("3.1.1"), @"no statement of MQTT 3.1.1 stands in section 3.1.1");
        insta::assert_snapshot!(taken("connect/nothing"), @"no such case; connect/* has all of that part");
        insta::assert_snapshot!(taken("retained"), @r#"no statement, section or part of the cases is called "retained"; the part of the cases that is called most alike is retain/*"#);
        insta::assert_snapshot!(taken("something"), @r#"no statement, section or part of the cases is called "something"; they look like MQTT-3.1.2-24, 3.1.2 and will/*"#);
        insta::assert_snapshot!(taken("conect/second"), @"no such case; the part of the cases that is called most alike is connect/*");
        assert!(taken("something/else").starts_with("no such case; there are access, "));
    }
}
