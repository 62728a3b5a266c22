use std::collections::BTreeSet;

use mqttspec_spec::{Catalogue, Shown, StatementId};

use super::*;
use crate::cases::server;

#[test]
fn addresses_are_unique_among_all_cases_and_of_one_form() {
    let mut addresses: BTreeSet<_> = server::all().map(|case| case.address).collect();
    for case in all() {
        let (part, name) = case.address.split_once('/').expect(case.address);
        for half in [part, name] {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(!half.is_empty() && half.chars().all(plain), "{}", case.address);
        }
        assert!(addresses.insert(case.address), "{} is there twice", case.address);
        assert!(case.title.ends_with('.') && case.title.len() > 20, "{}", case.address);
    }
}

#[test]
fn every_case_judges_statements_that_are_shown_by_cases_for_clients() {
    for case in all() {
        assert!(!case.statements.is_empty(), "{}", case.address);
        for text in case.statements {
            let id: StatementId = text.parse().expect(text);
            assert_eq!(id.to_string(), *text, "{}: not as the catalogue writes it", case.address);
            let statement = Catalogue::embedded().get(id).expect(text);
            assert!(statement.is_shown_by(Shown::ClientCase), "{}: {text}", case.address);
        }
    }
}
