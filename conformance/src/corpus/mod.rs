//! Famous bugs: what users of real brokers have reported, and the cases that show it.
//!
//! Each entry of `corpus/*.toml` has a link to a public report, and the addresses of cases. A broker
//! *has* a bug when one of its cases falls short. The report may be of another broker, another
//! version, and long mended: what is told is that this broker does what was reported there.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::glob::Glob;

/// A bug that somebody has reported of a broker.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Bug {
    /// Its name for good: the broker and the number of the report.
    pub name: String,
    /// The broker that it was reported of.
    pub broker: String,
    /// The versions that the report names; `None` when it names none.
    pub versions: Option<String>,
    /// The report.
    pub link: String,
    /// The statements that it breaks, as the catalogue names them.
    pub statements: Vec<String>,
    /// The addresses of the cases that show it.
    pub cases: Vec<String>,
    /// What the broker did, in one sentence.
    pub text: String,
}

impl Bug {
    /// All that are known, by broker and number.
    pub fn all() -> &'static [Self] {
        &BUGS
    }

    /// Those that a pattern over names, such as `emqx-*`, stands for.
    pub fn named(pattern: &str) -> impl Iterator<Item = &'static Self> {
        // A name has no slash: without one, a pattern would stand for all below it.
        let glob = (!pattern.contains('*')).then(|| pattern.to_owned());
        let pattern = Glob::new(pattern);
        BUGS.iter().filter(move |bug| match &glob {
            Some(name) => bug.name == *name,
            None => pattern.matches(&bug.name),
        })
    }

    /// Whether the case at this address shows it.
    pub fn is_shown_by(&self, address: &str) -> bool {
        self.cases.iter().any(|case| case == address)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bug: Vec<Bug>,
}

static BUGS: LazyLock<Vec<Bug>> = LazyLock::new(|| {
    let read = |text| toml::from_str::<File>(text).expect("`tests` reads the same files").bug;
    let mut bugs: Vec<_> = FILES.iter().flat_map(|text| read(text)).collect();
    bugs.sort_by(|a, b| a.name.cmp(&b.name));
    bugs
});

const FILES: &[&str] = &[
    include_str!("../../corpus/emqx.toml"),
    include_str!("../../corpus/moscajs.toml"),
    include_str!("../../corpus/mosquitto.toml"),
    include_str!("../../corpus/nats.toml"),
    include_str!("../../corpus/others.toml"),
    include_str!("../../corpus/rabbitmq.toml"),
    include_str!("../../corpus/vernemq.toml"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use mqttspec_spec::Catalogue;

    use super::*;
    use crate::cases::server;

    #[test]
    fn every_file_of_the_folder_is_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let files = std::fs::read_dir(folder).unwrap();
        assert_eq!(files.count(), FILES.len());
        assert!(Bug::all().len() >= 25);
    }

    #[test]
    fn every_bug_has_a_link_a_sentence_and_cases_that_judge_its_statements() {
        let mut names = BTreeSet::new();
        for Bug { name, link, statements, cases, text, .. } in Bug::all() {
            assert!(names.insert(name), "{name} is there twice");
            assert!(link.starts_with("https://github.com/"), "{name}: {link}");
            let number = name.rsplit('-').next().unwrap();
            assert!(link.ends_with(&format!("/{number}")), "{name}: {link}");
            assert!(text.ends_with('.') && text.len() > 40, "{name}: {text}");
            for id in statements {
                let id = id.parse().expect(id);
                assert!(Catalogue::embedded().get(id).is_some(), "{name}: no {id}");
            }
            assert!(!cases.is_empty(), "{name}");
            for address in cases {
                let case = server::all().find(|case| case.address == address);
                let case = case.unwrap_or_else(|| panic!("{name}: there is no case {address}"));
                let judged = case.statements.iter().any(|id| statements.iter().any(|s| s == id));
                assert!(judged, "{name}: {address} is about {:?}", case.statements);
            }
        }
    }

    #[test]
    fn names_are_found_whole_or_by_pattern() {
        assert_eq!(Bug::named("emqx-599").count(), 1);
        assert!(Bug::named("emqx-*").count() > 5);
        assert_eq!(Bug::named("emqx").count(), 0);
    }
}
