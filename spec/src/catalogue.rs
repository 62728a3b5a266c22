//! All statements, in document order.
//!
//! The TOML is part of the program and read once, on first use.

use std::cmp::Reverse;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::id::StatementId;
use crate::nearest::{distance, shared_start};
use crate::section::{Heading, Section};
use crate::statement::Statement;

/// The statements of the standard and the titles of its sections.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// By section, and in a section the standard's ids before ours.
    statements: Vec<Statement>,
    headings: Vec<Heading>,
}

impl Catalogue {
    /// The catalogue of MQTT 3.1.1.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Catalogue> = LazyLock::new(|| {
            // `tests::the_embedded_files_are_well_formed` reads the same files.
            Catalogue::read(CLAUSES, SECTIONS).expect("the embedded catalogue is well formed")
        });
        &EMBEDDED
    }

    /// The statement of that name; `None` when the standard has none.
    pub fn get(&self, id: StatementId) -> Option<&Statement> {
        self.statements.iter().find(|statement| statement.id == id)
    }

    /// All statements in document order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The statements of a section and of those below it, in document order.
    ///
    /// By the section they stand in, not by their ids. A text that names no section gives none.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec_spec::Catalogue;
    ///
    /// let catalogue = Catalogue::embedded();
    /// let clean_session: Vec<_> = catalogue.section("3.1.2.4").collect();
    /// assert_eq!(clean_session[0].id.to_string(), "MQTT-3.1.2-4");
    /// assert!(catalogue.section("3.1").count() > catalogue.section("3.1.2").count());
    /// assert_eq!(catalogue.section("8").count(), 0);
    /// ```
    pub fn section<'a>(&'a self, number: &str) -> impl Iterator<Item = &'a Statement> + use<'a> {
        let wanted: Option<Section> = number.parse().ok();
        self.statements.iter().filter(move |s| wanted.is_some_and(|w| w.contains(s.section)))
    }

    /// The sections that hold statements and those above them, in document order.
    pub fn sections(&self) -> &[Heading] {
        &self.headings
    }

    /// The ids most like `text`, at most `n`, the likeliest first.
    ///
    /// For the message that an id does not exist.
    pub fn nearest(&self, text: &str, n: usize) -> Vec<StatementId> {
        let wanted = spelling(text);
        let mut ids: Vec<_> = self.statements.iter().map(|statement| statement.id).collect();
        // Whoever misspells an id mostly gets its beginning right. The sort is stable: what is
        // equally likely stays in document order.
        ids.sort_by_cached_key(|id| {
            let theirs = spelling(&id.to_string());
            (distance(&wanted, &theirs), Reverse(shared_start(&wanted, &theirs)))
        });
        ids.truncate(n);
        ids
    }

    fn read(clauses: &[&str], sections: &str) -> Result<Self, toml::de::Error> {
        let mut statements = Vec::new();
        for text in clauses {
            statements.extend(toml::from_str::<ClausesFile>(text)?.statement);
        }
        let headings = toml::from_str::<SectionsFile>(sections)?.section;
        Ok(Self { statements, headings })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClausesFile {
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionsFile {
    section: Vec<Heading>,
}

/// An id without what people leave out: brackets, case, the word in front.
fn spelling(text: &str) -> String {
    let bare = text.trim_matches(['[', ']']).to_ascii_lowercase();
    bare.strip_prefix("mqtt-").map_or_else(|| bare.clone(), str::to_owned)
}

/// In document order.
const CLAUSES: &[&str] = &[
    include_str!("../clauses/1.5-data-representation.toml"),
    include_str!("../clauses/2-control-packet-format.toml"),
    include_str!("../clauses/3.1-connect.toml"),
    include_str!("../clauses/3.2-connack.toml"),
    include_str!("../clauses/3.3-publish.toml"),
    include_str!("../clauses/3.4-puback.toml"),
    include_str!("../clauses/3.5-pubrec.toml"),
    include_str!("../clauses/3.6-pubrel.toml"),
    include_str!("../clauses/3.7-pubcomp.toml"),
    include_str!("../clauses/3.8-subscribe.toml"),
    include_str!("../clauses/3.9-suback.toml"),
    include_str!("../clauses/3.10-unsubscribe.toml"),
    include_str!("../clauses/3.11-unsuback.toml"),
    include_str!("../clauses/3.12-pingreq.toml"),
    include_str!("../clauses/3.13-pingresp.toml"),
    include_str!("../clauses/3.14-disconnect.toml"),
    include_str!("../clauses/4.1-storing-state.toml"),
    include_str!("../clauses/4.2-network-connections.toml"),
    include_str!("../clauses/4.3-quality-of-service.toml"),
    include_str!("../clauses/4.4-delivery-retry.toml"),
    include_str!("../clauses/4.5-message-receipt.toml"),
    include_str!("../clauses/4.6-message-ordering.toml"),
    include_str!("../clauses/4.7-topics.toml"),
    include_str!("../clauses/4.8-handling-errors.toml"),
    include_str!("../clauses/5-security.toml"),
    include_str!("../clauses/6-websocket.toml"),
    include_str!("../clauses/7-conformance.toml"),
];

const SECTIONS: &str = include_str!("../clauses/sections.toml");

#[cfg(test)]
mod tests;
