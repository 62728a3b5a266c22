//! What there is for each statement: code that carries it out, tests and cases that show it.

use std::collections::{BTreeMap, BTreeSet};

use mqttspec_conformance::cases;
use mqttspec_spec::{Shown, StatementId};

use crate::File;
use crate::scan::{Role, mentions};

/// By statement, whatever says that it is carried out or shown.
#[derive(Debug, Default)]
pub(crate) struct Evidence(BTreeMap<StatementId, Found>);

/// What there is for one statement.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files of `src/`.
    pub(crate) implemented: BTreeSet<String>,
    /// Files with tests, below `src/` or `tests/`.
    pub(crate) tests: BTreeSet<String>,
    /// Addresses of cases for brokers, in document order.
    pub(crate) server_cases: Vec<&'static str>,
    /// Addresses of cases for clients, likewise.
    pub(crate) client_cases: Vec<&'static str>,
}

impl Evidence {
    /// Everything that the files and the cases claim. Ids that cannot be one are left to
    /// [`check::names`](crate::check::names).
    pub(crate) fn gather(files: &[File]) -> Self {
        let mut evidence = Self::default();
        for file in files {
            for mention in mentions(file) {
                let Ok(id) = mention.label.parse() else { continue };
                match mention.role {
                    Role::Implements => evidence.of(id).implemented.insert(file.path.clone()),
                    Role::Shows => evidence.of(id).tests.insert(file.path.clone()),
                    Role::Refers => continue,
                };
            }
        }
        for case in cases::server::all() {
            for id in case.statements.iter().filter_map(|text| text.parse().ok()) {
                evidence.of(id).server_cases.push(case.address);
            }
        }
        for case in cases::client::all() {
            for id in case.statements.iter().filter_map(|text| text.parse().ok()) {
                evidence.of(id).client_cases.push(case.address);
            }
        }
        evidence
    }

    /// What there is for a statement; `None` when nothing.
    pub(crate) fn get(&self, id: StatementId) -> Option<&Found> {
        self.0.get(&id)
    }

    /// The same, to be added to.
    pub(crate) fn of(&mut self, id: StatementId) -> &mut Found {
        self.0.entry(id).or_default()
    }
}

impl Found {
    /// Whether a statement is shown in this way; `None` where nothing that runs could tell.
    pub(crate) fn shows(&self, kind: Shown) -> Option<bool> {
        match kind {
            Shown::ServerCase => Some(!self.server_cases.is_empty()),
            Shown::ClientCase => Some(!self.client_cases.is_empty()),
            Shown::Unit => Some(!self.tests.is_empty()),
            Shown::Type | Shown::Review => None,
        }
    }
}
