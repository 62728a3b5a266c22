use std::collections::BTreeSet;

use mqttspec_spec::{Catalogue, StatementId};

use super::{all, of, side};
use crate::report::Role;

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
    for role in [Role::Broker, Role::Client] {
        let cases = side::cases(role);
        let judged: BTreeSet<_> = cases.iter().flat_map(|case| case.statements).collect();
        for sabotage in of(role) {
            assert!(!sabotage.breaks.is_empty(), "{} breaks nothing", sabotage.name);
            assert_eq!(sabotage.role(), role, "{}", sabotage.name);
            for id in sabotage.breaks {
                let id_known = id.parse::<StatementId>();
                let known = id_known.is_ok_and(|id| Catalogue::embedded().get(id).is_some());
                assert!(known, "{}: no statement {id}", sabotage.name);
                assert!(judged.contains(id), "{}: no case judges {id}", sabotage.name);
            }
        }
    }
}
