//! All there is to say about a statement, from the catalogue, the cases and the code.

use std::sync::LazyLock;

use mqttspec_spec::{Catalogue, Statement};
use serde_json::Value;

use super::listed::{self, Listed};
use super::source::{Checkout, Place};

/// A statement with all that there is to it.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    pub(super) statement: &'a Statement,
    /// Of the section it stands in.
    pub(super) title: &'a str,
    /// Where `src/` carries it out.
    pub(super) implemented: Vec<Place>,
    /// Files with tests that show it.
    pub(super) tests: Vec<String>,
    /// The cases that judge it.
    pub(super) cases: Vec<Listed>,
}

impl Entry<'static> {
    /// Everything about `statement`; with lines and comments where there is a checkout to look at.
    pub(super) fn gather(statement: &'static Statement, checkout: Option<&Checkout>) -> Self {
        let id = statement.id.to_string();
        let headings = Catalogue::embedded().sections();
        let heading = headings.iter().find(|heading| heading.number == statement.section);
        let places = |path: String| match checkout {
            Some(checkout) => checkout.places(path, &id),
            None => vec![Place::file(path)],
        };
        Self {
            statement,
            title: heading.map_or("", |heading| heading.title.as_str()),
            implemented: paths(&id, "implemented").flat_map(places).collect(),
            tests: paths(&id, "tests").collect(),
            cases: listed::all().filter(|case| case.statements.contains(&id.as_str())).collect(),
        }
    }
}

impl Entry<'_> {
    /// What is not there yet, by kind, with the reason.
    pub(super) fn gaps(&self) -> Vec<(&'static str, &str)> {
        let kinds = self.statement.shown_by.iter();
        let shown = kinds.filter_map(|kind| Some((kind.as_str(), self.statement.gap(*kind)?)));
        let implemented = self.statement.gap_implemented().map(|reason| ("implemented", reason));
        implemented.into_iter().chain(shown).collect()
    }
}

/// The files that the generated page has for a statement under `key`.
fn paths(id: &str, key: &str) -> impl Iterator<Item = String> {
    static PAGE: LazyLock<Value> = LazyLock::new(|| {
        // `tests::the_page_is_well_formed` reads the same text.
        serde_json::from_str(TRACEABILITY).expect("the generated page is JSON")
    });
    let paths = PAGE[id][key].as_array().into_iter().flatten();
    paths.filter_map(|path| Some(path.as_str()?.to_owned()))
}

const TRACEABILITY: &str = include_str!("../../../docs/traceability.json");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_well_formed() {
        let page: Value = serde_json::from_str(TRACEABILITY).unwrap();
        for statement in Catalogue::embedded().statements() {
            let row = &page[statement.id.to_string()];
            assert!(row["implemented"].is_array() && row["tests"].is_array(), "{}", statement.id);
        }
    }

    #[test]
    fn has_what_the_page_and_the_cases_have() {
        let id = "MQTT-3.1.0-2".parse().unwrap();
        let entry = Entry::gather(Catalogue::embedded().get(id).unwrap(), None);
        assert_eq!(entry.title, "CONNECT");
        assert!(entry.implemented.contains(&Place::file("src/broker/connection.rs".to_owned())));
        assert!(entry.cases.iter().any(|case| case.address == "connect/second-connect-closes"));
    }
}
