//! What is wrong: names that do not exist, promises not kept, gaps already closed.

use mqttspec_spec::{Catalogue, Shown, Statement, StatementId};

use crate::File;
use crate::evidence::{Evidence, Found};
use crate::scan::mentions;

/// Ids that the catalogue does not have, each with the place where it stands and what was perhaps
/// meant.
///
/// Not in `spec/`, which is about ids, well and ill formed, and has tests of its own.
pub(crate) fn names(files: &[File], catalogue: &Catalogue) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with("spec/")) {
        for mention in mentions(file) {
            let label = mention.label;
            let id = label.parse::<StatementId>();
            // The beginning that many have in common.
            if id.is_err() && label.matches('-').count() == 1 {
                continue;
            }
            let known = id.ok().and_then(|id| catalogue.get(id));
            // A misprint of the standard is understood, but not to be copied.
            if known.is_none_or(|statement| statement.id.to_string() != label) {
                let (path, line) = (&file.path, mention.line);
                let nearest = catalogue.nearest(label, 1)[0];
                wrong.push(format!("{path}:{line}: there is no {label}, perhaps {nearest}"));
            }
        }
    }
    wrong
}

/// What a statement lacks, or only pretends to lack.
pub(crate) fn statement(statement: &Statement, evidence: &Evidence) -> Vec<String> {
    let nothing = Found::default();
    let found = evidence.get(statement.id).unwrap_or(&nothing);
    let Statement { id, text, .. } = statement;
    let mut wrong = Vec::new();

    let implemented = !found.implemented.is_empty();
    match statement.gap_implemented() {
        Some(_) if implemented => {
            wrong.push(format!(
                "{id} is carried out in {}: take `implemented` out of its gap",
                found.implemented.iter().cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        None if !implemented && statement.demands_implementation() => {
            wrong.push(format!(
                "{id} is carried out nowhere in src/. Above the line that does it:\n    \
                 // [{id}] {text}"
            ));
        }
        _ => {}
    }
    for &kind in &statement.shown_by {
        match (found.shows(kind), statement.gap(kind)) {
            (Some(true), Some(_)) => {
                wrong.push(format!("{id} has its {kind}: take `{kind}` out of its gap"));
            }
            (Some(false), None) => wrong.push(format!("{id} {}", missing(kind, statement))),
            _ => {}
        }
    }
    wrong
}

/// The line that is missing, ready to paste, with the words to write it by.
fn missing(kind: Shown, statement: &Statement) -> String {
    let Statement { id, text, .. } = statement;
    match kind {
        Shown::Unit => format!("is shown by no test. In the one that does:\n    // [{id}] {text}"),
        _ => format!("is shown by no {kind}. In one:\n    statements: &[\"{id}\"], // {text}"),
    }
}

/// Where the catalogue has a statement, as `path:line`.
pub(crate) fn place(files: &[File], id: StatementId) -> String {
    let line = format!("id = \"{id}\"");
    let mut clauses = files.iter().filter(|file| file.path.starts_with("spec/clauses/"));
    let place = clauses.find_map(|file| {
        let index = file.text.lines().position(|candidate| candidate == line)?;
        Some(format!("{}:{}", file.path, index + 1))
    });
    place.unwrap_or_else(|| "spec/clauses".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "MQTT-3.1.0-2";

    /// A statement that is shown in these ways and lacks the kinds of `gap`.
    fn made_up(shown_by: &[&str], gap: &[&str]) -> Statement {
        let gap: serde_json::Map<_, _> =
            gap.iter().map(|kind| ((*kind).to_owned(), json!("not yet"))).collect();
        serde_json::from_value(json!({
            "id": ID, "section": "3.1", "level": "MUST", "binds": "server",
            "shown-by": shown_by, "text": "One CONNECT is enough.", "gap": gap,
        }))
        .unwrap()
    }

    /// What is wrong with it when this much is there, one line each.
    fn wrong(of: &Statement, implemented: bool, tested: bool, judged: bool) -> Vec<String> {
        let mut evidence = Evidence::default();
        let found = evidence.of(of.id);
        if implemented {
            found.implemented.insert("src/broker/connection.rs".to_owned());
        }
        if tested {
            found.tests.insert("src/broker/tests.rs".to_owned());
        }
        if judged {
            found.server_cases.push("connect/second-connect-closes");
        }
        statement(of, &evidence)
    }

    #[test]
    fn nothing_is_wrong_where_all_is_there_or_admitted() {
        assert_eq!(wrong(&made_up(&["server-case"], &[]), true, false, true), [""; 0]);
        assert_eq!(wrong(&made_up(&["unit"], &[]), true, true, false), [""; 0]);
        assert_eq!(wrong(&made_up(&["type"], &[]), true, false, false), [""; 0]);
        assert_eq!(wrong(&made_up(&["review"], &[]), false, false, false), [""; 0]);
        let admitted = made_up(&["client-case"], &["implemented", "client-case"]);
        assert_eq!(wrong(&admitted, false, false, false), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_said_ready_to_paste() {
        insta::assert_snapshot!(
            wrong(&made_up(&["server-case", "unit"], &[]), false, false, false).join("\n"),
            @r#"
        MQTT-3.1.0-2 is carried out nowhere in src/. Above the line that does it:
            // [MQTT-3.1.0-2] One CONNECT is enough.
        MQTT-3.1.0-2 is shown by no server-case. In one:
            statements: &["MQTT-3.1.0-2"], // One CONNECT is enough.
        MQTT-3.1.0-2 is shown by no test. In the one that does:
            // [MQTT-3.1.0-2] One CONNECT is enough.
        "#
        );
    }

    #[test]
    fn a_gap_that_is_closed_has_to_go() {
        let statement = made_up(&["server-case", "unit"], &["implemented", "server-case", "unit"]);
        insta::assert_snapshot!(wrong(&statement, true, true, true).join("\n"), @"
        MQTT-3.1.0-2 is carried out in src/broker/connection.rs: take `implemented` out of its gap
        MQTT-3.1.0-2 has its server-case: take `server-case` out of its gap
        MQTT-3.1.0-2 has its unit: take `unit` out of its gap
        ");
    }

    #[test]
    fn a_name_that_does_not_exist_is_found_wherever_it_stands() {
        let unknown = concat!("MQTT", "-3.1.0-9");
        let misprint = concat!("MQTT", "-3.1.2.7");
        let files = [
            File { path: "README.md".to_owned(), text: format!("MQTT-3.1.2-*\n{unknown}.") },
            File { path: "src/packet/mod.rs".to_owned(), text: format!("//! [{misprint}] {ID}") },
            File { path: "spec/README.md".to_owned(), text: unknown.to_owned() },
        ];
        let wrong = names(&files, Catalogue::embedded());
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with(&format!("README.md:2: there is no {unknown}, perhaps ")));
        assert!(wrong[1].starts_with(&format!("src/packet/mod.rs:1: there is no {misprint}")));
    }
}
