//! What the catalogue must be for the rest of the project to rely on it.
//!
//! The numbers are those of the standard, counted independently of these files: a statement that
//! is lost, doubled or mislabelled moves at least one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{Binds, Level, Shown};

const CASES: [Shown; 2] = [Shown::ServerCase, Shown::ClientCase];

fn numbered() -> impl Iterator<Item = &'static Statement> {
    all().iter().filter(|statement| statement.is_numbered())
}

fn all() -> &'static [Statement] {
    Catalogue::embedded().statements()
}

fn ids(statements: impl Iterator<Item = &'static Statement>) -> Vec<String> {
    statements.map(|statement| statement.id.to_string()).collect()
}

#[test]
fn the_embedded_files_are_well_formed() {
    Catalogue::read(CLAUSES, SECTIONS).unwrap();
}

#[test]
fn holds_the_141_statements_and_101_rules_without_a_number() {
    assert_eq!(numbered().count(), 141);
    assert_eq!(all().len(), 141 + 101);
}

#[test]
fn has_each_chapters_share_of_the_numbered() {
    for (chapter, share) in [(1, 3), (2, 9), (3, 95), (4, 26), (5, 0), (6, 4), (7, 4)] {
        let here = numbered().filter(|statement| statement.section.chapter() == chapter);
        assert_eq!(here.count(), share, "chapter {chapter}");
    }
}

#[test]
fn numbers_run_from_one_without_a_gap() {
    let mut numbers = BTreeMap::<_, Vec<u8>>::new();
    for statement in all() {
        let id = statement.id;
        numbers.entry((id.prefix(), id.is_numbered())).or_default().push(id.number());
    }
    for ((prefix, _), found) in numbers {
        assert!(found.iter().copied().eq(1..=found[found.len() - 1]), "{prefix}: {found:?}");
    }
}

#[test]
fn binds_as_many_as_were_counted() {
    for (binds, count) in [
        (Binds::Server, 69),
        (Binds::Client, 35),
        (Binds::Both, 21),
        (Binds::Sender, 10),
        (Binds::Receiver, 6),
    ] {
        assert_eq!(numbered().filter(|s| s.binds == binds).count(), count, "{binds}");
    }
    assert_eq!(numbered().filter(|s| s.binds_server()).count(), 106);
    assert_eq!(numbered().filter(|s| s.binds_client()).count(), 72);
}

#[test]
fn has_as_many_of_each_level_as_were_counted() {
    let count = |level| numbered().filter(|statement| statement.level == level).count();
    assert_eq!(count(Level::Must), 109);
    assert_eq!(count(Level::MustNot), 20);
    assert_eq!(count(Level::MustMustNot), 8);

    let of = |level| ids(numbered().filter(|statement| statement.level == level));
    assert_eq!(of(Level::MustMay), ["MQTT-3.1.3-6", "MQTT-4.6.0-5"]);
    assert_eq!(of(Level::MustNotMay), ["MQTT-3.1.2-1"]);
    assert_eq!(of(Level::MustShouldMay), ["MQTT-3.3.1-7"]);
}

#[test]
fn two_musts_have_no_number() {
    let musts = all().iter().filter(|s| !s.is_numbered() && s.level == Level::Must);
    assert_eq!(ids(musts), ["U-3.1.4-1", "U-3.2.2.1-1"]);
    let demanded = all().iter().filter(|s| !s.is_numbered() && s.demands_implementation());
    assert_eq!(ids(demanded), ["U-3.1.4-1", "U-3.2.2.1-1"]);
}

#[test]
fn every_level_is_of_one_strength() {
    for Statement { id, level, .. } in all() {
        let strengths = [level.is_must(), level.is_should(), level.is_may(), level.is_stated()];
        assert_eq!(strengths.iter().filter(|holds| **holds).count(), 1, "{id} {level}");
    }
}

#[test]
fn ids_are_unique_and_in_document_order() {
    let place = |statement: &Statement| (statement.section, statement.id);
    assert!(all().is_sorted_by(|earlier, later| place(earlier) < place(later)));
    assert_eq!(all().iter().map(|statement| statement.id).collect::<BTreeSet<_>>().len(), 242);
}

/// So that a search for an id, as it stands in code, finds its statement.
#[test]
fn words_and_ids_are_written_in_the_one_form() {
    let source = CLAUSES.concat();
    for Statement { id, section, level, binds, shown_by, .. } in all() {
        let kinds: Vec<_> = shown_by.iter().map(|kind| format!("\"{kind}\"")).collect();
        let table = format!(
            "id = \"{id}\"\nsection = \"{section}\"\nlevel = \"{level}\"\nbinds = \"{binds}\"\n\
             shown-by = [{}]\ntext = ",
            kinds.join(", ")
        );
        assert!(source.contains(&table), "{table}");
    }
}

#[test]
fn stands_in_a_section_that_its_id_allows() {
    for statement in all() {
        let (prefix, section) = (statement.id.prefix(), statement.section);
        assert!(prefix.contains(section), "{} in {section}", statement.id);
        assert!(statement.is_numbered() || prefix == section, "{} in {section}", statement.id);
    }
}

#[test]
fn is_shown_by_something_and_by_nothing_twice() {
    for Statement { id, shown_by, .. } in all() {
        let twice = (1..shown_by.len()).any(|n| shown_by[..n].contains(&shown_by[n]));
        assert!(!shown_by.is_empty() && !twice, "{id}");
    }
}

#[test]
fn has_a_case_for_whom_it_binds_or_a_reason() {
    for statement in all() {
        let case = CASES.iter().any(|kind| statement.is_shown_by(*kind));
        assert!(case || statement.reason.is_some(), "{}", statement.id);
        let idle = statement.is_shown_by(Shown::ClientCase) && !statement.binds_client();
        assert!(!idle, "{}: a case for clients of what binds none", statement.id);
    }
}

#[test]
fn a_gap_names_a_kind_that_is_asked_for() {
    for statement in all() {
        for kind in [Shown::ServerCase, Shown::ClientCase, Shown::Unit, Shown::Type] {
            let idle = statement.gap(kind).is_some() && !statement.is_shown_by(kind);
            assert!(!idle, "{}: {kind}", statement.id);
        }
    }
}

#[test]
fn words_are_short_whole_sentences() {
    for Statement { id, text, reason, reading, .. } in all() {
        assert!(text.chars().count() <= 400, "{id}: {} characters", text.chars().count());
        for words in [Some(text), reason.as_ref(), reading.as_ref()].into_iter().flatten() {
            assert!(words.starts_with(|first: char| first.is_ascii_uppercase()), "{id}: {words}");
            assert!(words.ends_with('.') && !words.contains("  "), "{id}: {words}");
        }
    }
}

#[test]
fn words_name_only_statements_that_exist() {
    let mut named = 0;
    for Statement { id, text, reason, reading, .. } in all() {
        for words in [Some(text), reason.as_ref(), reading.as_ref()].into_iter().flatten() {
            for word in words.split([' ', '(', ')', ',', ':', ';']) {
                if let Ok(other) = word.trim_end_matches('.').parse() {
                    named += 1;
                    assert!(Catalogue::embedded().get(other).is_some(), "{id} names {other}");
                }
            }
        }
    }
    assert!(named > 20, "the search itself finds nothing");
}

#[test]
fn every_section_has_a_title_and_every_title_a_section() {
    let catalogue = Catalogue::embedded();
    let numbers: Vec<_> = catalogue.sections().iter().map(|heading| heading.number).collect();
    assert!(numbers.is_sorted_by(|earlier, later| earlier < later));
    for number in &numbers {
        assert!(catalogue.section(&number.to_string()).next().is_some(), "{number} is empty");
        for depth in 1..number.to_string().split('.').count() {
            let above: Vec<_> =
                number.to_string().split('.').take(depth).map(String::from).collect();
            assert!(numbers.contains(&above.join(".").parse().unwrap()), "above {number}");
        }
    }
    for statement in all() {
        assert!(numbers.contains(&statement.section), "{}", statement.section);
    }
}

#[test]
fn a_section_holds_what_lies_below_and_nothing_beside() {
    let catalogue = Catalogue::embedded();
    let sizes = ["3.1.2", "3.1.2.4", "3.1", "3.1.0", "3", "8", "three", ""];
    let sizes = sizes.map(|number| catalogue.section(number).count());
    assert_eq!(sizes, [37, 7, 66, 66, 153, 0, 0, 0]);
    assert!(ids(catalogue.section("3.1")).iter().all(|id| !id.contains("-3.10")));
}

#[test]
fn finds_a_statement_by_its_name_only() {
    let catalogue = Catalogue::embedded();
    let statement = catalogue.get("MQTT-3.1.0-2".parse().unwrap()).unwrap();
    assert_eq!(statement.id.to_string(), "MQTT-3.1.0-2");
    assert_eq!(catalogue.get("MQTT-3.1.2-29".parse().unwrap()), None);
    assert_eq!(catalogue.get("U-3.1.0-9".parse().unwrap()), None);
}

#[test]
fn suggests_the_likeliest_names_first() {
    let catalogue = Catalogue::embedded();
    let nearest =
        |text, n| catalogue.nearest(text, n).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(nearest("3.1.0-2", 1), ["MQTT-3.1.0-2"]);
    assert_eq!(nearest("[mqtt-3.14.4-4]", 3), ["MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-3.14.4-3"]);
    assert_eq!(nearest("U-3.2.2.1", 1), ["U-3.2.2.1-1"]);
    assert_eq!(nearest("anything", 0), [""; 0]);
    assert_eq!(nearest("", 1000).len(), 242);
}
