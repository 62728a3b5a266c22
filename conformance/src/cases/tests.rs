use std::collections::BTreeSet;

use mqttspec_spec::{Catalogue, Shown, StatementId};

use super::{client, server};
use crate::case::About;

/// All cases, with the kind of evidence that they are.
fn all() -> impl Iterator<Item = (About, Shown)> {
    let of_brokers = server::all().map(|case| (case.about(), Shown::ServerCase));
    of_brokers.chain(client::all().map(|case| (case.about(), Shown::ClientCase)))
}

#[test]
fn addresses_are_unique_and_of_one_form() {
    let mut addresses = BTreeSet::new();
    for (case, _) in all() {
        let (part, name) = case.address.split_once('/').expect(case.address);
        for half in [part, name] {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(!half.is_empty() && half.chars().all(plain), "{}", case.address);
        }
        assert!(addresses.insert(case.address), "{} is there twice", case.address);
    }
}

#[test]
fn titles_are_sentences() {
    for (case, _) in all() {
        assert!(case.title.ends_with('.') && case.title.len() > 20, "{}", case.address);
    }
}

#[test]
fn every_case_judges_statements_of_the_catalogue() {
    for (case, kind) in all() {
        assert!(!case.statements.is_empty(), "{}", case.address);
        for text in case.statements {
            let id: StatementId = text.parse().expect(text);
            assert_eq!(id.to_string(), *text, "{}: not as the catalogue writes it", case.address);
            let statement = Catalogue::embedded().get(id).expect(text);
            // A case for brokers may also look at what only review can show.
            let is_of_kind = kind == Shown::ServerCase || statement.is_shown_by(kind);
            assert!(is_of_kind, "{}: {text}", case.address);
        }
    }
}
