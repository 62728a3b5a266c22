use std::collections::BTreeSet;

use mqttspec_spec::{Catalogue, StatementId};

use super::all;
use crate::cases::server;

#[test]
fn every_sabotage_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for sabotage in all() {
        assert!(names.insert(sabotage.name), "{} twice", sabotage.name);
        assert!(sabotage.title.ends_with('.'), "{}: {}", sabotage.name, sabotage.title);
    }
}

#[test]
fn what_is_broken_is_in_the_catalogue_and_judged_by_a_case() {
    let judged: BTreeSet<_> = server::all().flat_map(|case| case.statements).collect();
    for sabotage in all() {
        assert!(!sabotage.breaks.is_empty(), "{} breaks nothing", sabotage.name);
        for id in sabotage.breaks {
            let known =
                id.parse::<StatementId>().is_ok_and(|id| Catalogue::embedded().get(id).is_some());
            assert!(known, "{}: no statement {id}", sabotage.name);
            assert!(judged.contains(id), "{}: no case judges {id}", sabotage.name);
        }
    }
}
