//! What a file looks like, and where it lies.

use std::collections::BTreeSet;

use crate::File;
use crate::code::{is_tidy, lines, places};

/// More than this reads as two ideas.
const MOST_LINES: usize = 500;

/// All that may lie at the top. Style names it, and what it is for.
const TOP: [&str; 28] = [
    ".cargo",
    ".ci",
    ".dockerignore",
    ".editorconfig",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "action.yml",
    "benches",
    "clippy.toml",
    "conformance",
    "deny.toml",
    "docs",
    "examples",
    "fixtures",
    "fuzz",
    "justfile",
    "rustfmt.toml",
    "spec",
    "src",
    "tests",
];

/// Files of code that do not begin with a header.
///
/// Tests beside the file they test are spoken for by its header.
pub(crate) fn without_header(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in rust(files).filter(|file| !file.path.ends_with("/tests.rs")) {
        // Attributes of the whole crate may stand in front, as `#![no_main]` does.
        let is_attribute = |line: &&str| line.is_empty() || line.starts_with("#![");
        let first = file.text.lines().find(|line| !is_attribute(line));
        if !first.is_some_and(|line| line.starts_with("//! ")) {
            wrong.push(format!("{}:1: no header", file.path));
        }
    }
    wrong
}

/// Lints silenced for good, marks of unfinished work, tests that do not run, `unsafe`.
pub(crate) fn unwanted(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in rust(files).filter(|file| !is_tidy(file)) {
        let words =
            ["#[allow(", "#![allow(", "#[ignore]", "dbg!", "todo!", "unimplemented!", "unsafe"];
        wrong.extend(places(&file.path, lines(file), &words));
        let all = file.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        wrong.extend(places(&file.path, all, &["FIXME", "TODO", "XXX"]));
    }
    wrong
}

/// Files of code beyond [`MOST_LINES`].
pub(crate) fn too_long(files: &[File]) -> Vec<String> {
    rust(files)
        .filter(|file| file.text.lines().count() > MOST_LINES)
        .map(|file| format!("{}: over {MOST_LINES} lines", file.path))
        .collect()
}

/// What lies at the top and was not agreed on.
pub(crate) fn out_of_place(files: &[File]) -> Vec<String> {
    let top: BTreeSet<_> = files.iter().filter_map(|file| file.path.split('/').next()).collect();
    top.into_iter().filter(|name| !TOP.contains(name)).map(str::to_owned).collect()
}

/// Paths of a developer's machine (`checkout` is the one in hand), and lock files that take crates
/// from anywhere but crates.io.
pub(crate) fn tied_to_a_machine(files: &[File], checkout: &str) -> Vec<String> {
    let homes = ["/home/", "/Users/", "/root/", "C:\\Users", checkout];
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !is_tidy(file)) {
        let is_lock = file.path.ends_with("Cargo.lock");
        for (index, line) in file.text.lines().enumerate() {
            let foreign = is_lock && line.starts_with("source = ") && line != CRATES_IO;
            if foreign || homes.iter().any(|home| line.contains(home)) {
                wrong.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    wrong
}

fn rust(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.path.ends_with(".rs"))
}

const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn a_missing_header_is_found() {
        let wrong = |path, text| without_header(&made_up(path, text)).len();
        assert_eq!(wrong("src/topic/name.rs", "use std::fmt;\n"), 1);
        assert_eq!(wrong("src/topic/name.rs", "//! Topic Names.\n"), 0);
        assert_eq!(wrong("fuzz/decode.rs", "#![no_main]\n\n//! Octets.\n"), 0);
        assert_eq!(wrong("fuzz/decode.rs", "#![no_main]\nuse std::fmt;\n"), 1);
        assert_eq!(wrong("src/topic/tests.rs", "use super::*;\n"), 0);
    }

    #[test]
    fn what_is_unwanted_is_found() {
        let wrong = |text| unwanted(&made_up("src/topic/name.rs", text));
        assert_eq!(wrong("#[allow(dead_code)]"), ["src/topic/name.rs:1: #[allow("]);
        assert_eq!(wrong("// TODO: more").len(), 1);
        assert_eq!(wrong("#[ignore]\nfn x() { todo!() }").len(), 2);
        assert_eq!(wrong("#[ignore = \"takes a minute\"]\n// not unsafe"), [""; 0]);
    }

    #[test]
    fn length_is_found() {
        let lines = |count| made_up("src/new.rs", &"x\n".repeat(count));
        assert_eq!(too_long(&lines(MOST_LINES)), [""; 0]);
        assert_eq!(too_long(&lines(MOST_LINES + 1)), ["src/new.rs: over 500 lines"]);
    }

    #[test]
    fn what_is_out_of_place_is_found() {
        assert_eq!(out_of_place(&made_up("notes/today.md", "")), ["notes"]);
        assert_eq!(out_of_place(&made_up("docs/traceability.md", "")), [""; 0]);
    }

    #[test]
    fn somebodys_machine_is_found() {
        let wrong =
            |path, text| tied_to_a_machine(&made_up(path, text), "/somewhere/mqttspec").len();
        assert_eq!(wrong("README.md", "cd /home/me/mqttspec"), 1);
        assert_eq!(wrong("README.md", "cd /somewhere/mqttspec"), 1);
        assert_eq!(wrong("README.md", "cd mqttspec"), 0);
        assert_eq!(wrong("Cargo.lock", CRATES_IO), 0);
        assert_eq!(wrong("Cargo.lock", "source = \"registry+https://mirror.example/index\""), 1);
    }
}
