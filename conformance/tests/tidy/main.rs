//! Rules of the repository that no compiler checks: who imports whom, what the core does without,
//! what a file looks like, what lies at the top.
//!
//! The files are read as text. Each test prints what is against its rule as `path:line`, and each
//! rule is shown to bite on files made up for it.

mod code;
mod imports;
mod looks;
#[path = "../repository/mod.rs"]
mod repository;

use repository::{File, files, root};

#[test]
fn imports_point_one_way() {
    assert_none(&imports::against_the_grain(&files()));
}

#[test]
fn only_the_command_line_knows_the_judge_and_the_catalogue() {
    assert_none(&imports::of_other_crates_by_the_library(&files()));
}

#[test]
fn the_judge_shares_no_code_with_the_judged() {
    assert_none(&imports::of_the_judged_by_the_judge(&files()));
}

#[test]
fn the_core_has_no_socket_no_clock_no_runtime_and_no_lock() {
    assert_none(&imports::of_the_world_by_the_core(&files()));
}

#[test]
fn every_file_of_code_begins_with_what_it_is_about() {
    assert_none(&looks::without_header(&files()));
}

#[test]
fn nothing_is_silenced_unfinished_or_unsafe() {
    assert_none(&looks::unwanted(&files()));
}

#[test]
fn files_stay_small() {
    assert_none(&looks::too_long(&files()));
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    assert_none(&looks::out_of_place(&files()));
}

#[test]
fn no_file_depends_on_somebodys_machine() {
    // The top of this checkout too, wherever it lies.
    let here = root().to_string_lossy().into_owned();
    assert_none(&looks::tied_to_a_machine(&files(), &here));
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}\n\n{} in all", wrong.join("\n"), wrong.len());
}

/// A file that is not there, for tests of the rules.
#[cfg(test)]
fn made_up(path: &str, text: &str) -> Vec<File> {
    vec![File { path: path.to_owned(), text: text.to_owned() }]
}
