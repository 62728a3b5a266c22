//! A case as an explanation has it, whether it is for brokers or for clients.

use mqttspec_conformance::cases::{client, server};

/// What there is to say of a case.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) address: &'static str,
    /// Whom it judges: `broker` or `client`.
    pub(super) judges: &'static str,
    pub(super) title: &'static str,
    pub(super) level: &'static str,
    pub(super) statements: &'static [&'static str],
    /// What it needs, by name.
    pub(super) needs: Vec<&'static str>,
}

/// All cases: those for brokers first, each in document order.
pub(super) fn all() -> impl Iterator<Item = Listed> {
    let brokers = server::all().map(|case| Listed {
        address: case.address,
        judges: "broker",
        title: case.title,
        level: case.level.as_str(),
        statements: case.statements,
        needs: case.needs.iter().filter_map(|need| need.name()).collect(),
    });
    let clients = client::all().map(|case| Listed {
        address: case.address,
        judges: "client",
        title: case.title,
        level: case.level.as_str(),
        statements: case.statements,
        needs: case.needs.iter().map(|need| need.name()).collect(),
    });
    brokers.chain(clients)
}
