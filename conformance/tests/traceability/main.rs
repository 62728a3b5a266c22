//! Statements, code, tests and cases agree, and `docs/traceability.md` says how.
//!
//! `// [id] why` in `src/` says that the line carries a statement out; an id in a test, or among
//! those of a case, that the statement is shown to hold. What is neither there nor admitted as a
//! gap fails, and so does a gap that has been closed. The page is generated, so that every change
//! of coverage is a difference somebody reviews:
//!
//! ```text
//! MQTTSPEC_BLESS=1 cargo test -p mqttspec-conformance --test traceability
//! ```

mod check;
mod evidence;
mod page;
#[path = "../repository/mod.rs"]
mod repository;
mod scan;

use std::{env, fs};

use evidence::Evidence;
use mqttspec_spec::Catalogue;
use page::Page;
use repository::{File, files, root};

#[test]
fn code_tests_and_cases_keep_what_the_catalogue_promises() {
    let files = files();
    let catalogue = Catalogue::embedded();
    let mut complaints = check::names(&files, catalogue);
    let evidence = Evidence::gather(&files);
    for statement in catalogue.statements() {
        let place = check::place(&files, statement.id);
        let wrong = check::statement(statement, &evidence);
        complaints.extend(wrong.into_iter().map(|wrong| format!("{place}: {wrong}")));
    }
    let count = complaints.len();
    assert!(complaints.is_empty(), "{}\n\n{count} in all", complaints.join("\n"));
}

#[test]
fn the_page_says_what_is_there() {
    let evidence = Evidence::gather(&files());
    let page = Page { catalogue: Catalogue::embedded(), evidence: &evidence };
    for (path, text) in [(page::MARKDOWN, page.to_markdown()), (page::JSON, page.to_json())] {
        let path = root().join(path);
        if env::var_os("MQTTSPEC_BLESS").is_some() {
            fs::write(&path, text).expect("the page can be written");
            continue;
        }
        // As a whole: line by line it would be hundreds of lines that git shows better.
        let current = fs::read_to_string(&path).is_ok_and(|committed| committed == text);
        assert!(
            current,
            "{} is out of date. Look at what changed after\n    {BLESS}",
            path.display()
        );
    }
}

const BLESS: &str = "MQTTSPEC_BLESS=1 cargo test -p mqttspec-conformance --test traceability";
