//! Who may know whom.

use crate::File;
use crate::code::{has_word, is_tidy, lines, lines_outside_tests, places};

/// The folders of `src/` and the others each may import. A folder without a line is refused.
const LAYERS: [(&str, &[&str]); 9] = [
    ("topic", &[]),
    ("packet", &["topic"]),
    ("session", &["packet", "topic"]),
    ("broker", &["packet", "session", "topic"]),
    ("client", &["packet", "session", "topic"]),
    ("store", &["broker", "packet", "session", "topic"]),
    ("passwords", &[]),
    ("net", &["broker", "client", "packet", "passwords", "session", "store", "topic"]),
    // The program reaches the library by its name, as anybody does, and nothing by `crate::`.
    ("cli", &[]),
];

/// What the protocol as a value does without.
const WORLD: [&str; 5] = ["Mutex", "SystemTime", "std::net", "std::thread", "tokio"];

/// What a store may have all the same: engines are reached from several threads.
const OF_STORES: [&str; 1] = ["Mutex"];

/// Imports of a layer by one that has to stand without it.
pub(crate) fn against_the_grain(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        let Some(layer) = layer(file) else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("{}: src/{layer} has no line in LAYERS", file.path));
            continue;
        };
        for (number, line) in lines(file) {
            if line.contains("crate::{") {
                wrong.push(format!("{}:{number}: one layer an import, please", file.path));
            }
            for (name, _) in LAYERS.iter().filter(|(name, _)| *name != layer) {
                let imported = has_word(line, &format!("crate::{name}"));
                if imported && !allowed.contains(name) {
                    wrong.push(format!("{}:{number}: {layer} may not import {name}", file.path));
                }
            }
        }
    }
    wrong
}

/// The judge and the catalogue, named outside the command line.
pub(crate) fn of_other_crates_by_the_library(files: &[File]) -> Vec<String> {
    let library = files.iter().filter(|file| {
        file.path.starts_with("src/") && file.path != "src/main.rs" && layer(file) != Some("cli")
    });
    library
        .flat_map(|f| places(&f.path, lines(f), &["mqttspec_conformance", "mqttspec_spec"]))
        .collect()
}

/// The root package, named by the judge or among its dependencies.
pub(crate) fn of_the_judged_by_the_judge(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("conformance/") && !is_tidy(file))
    {
        if file.path.ends_with(".rs") {
            wrong.extend(places(&file.path, lines(file), &["mqttspec::"]));
        }
        if file.path.ends_with("Cargo.toml") {
            let keys = file.text.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
            wrong.extend(
                keys.filter(|key| *key == "mqttspec").map(|key| format!("{}: {key}", file.path)),
            );
        }
    }
    wrong
}

/// Sockets, clocks, threads and locks in the layers below `net`.
pub(crate) fn of_the_world_by_the_core(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        if layer(file).is_some_and(|layer| !["net", "cli"].contains(&layer)) {
            let is_store = layer(file) == Some("store");
            let without = WORLD.into_iter().filter(|it| !is_store || !OF_STORES.contains(it));
            let without: Vec<_> = without.collect();
            wrong.extend(places(&file.path, lines(file), &without));
            // Tests have to begin at some moment, and there is no other way to get one.
            wrong.extend(places(&file.path, lines_outside_tests(file), &["Instant::now"]));
        }
    }
    wrong
}

/// The folder of `src/` that a file of code lies in; `None` for all others.
fn layer(file: &File) -> Option<&str> {
    let below = file.path.strip_prefix("src/").filter(|path| path.ends_with(".rs"))?;
    below.split_once('/').map(|(layer, _)| layer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn an_import_against_the_grain_is_found() {
        let wrong = |path, text| against_the_grain(&made_up(path, text));
        assert_eq!(
            wrong(
                "src/client/mod.rs",
                "//! crate::broker\nuse crate::packet::X;\ncrate::broker::Y"
            ),
            ["src/client/mod.rs:3: client may not import broker"]
        );
        assert_eq!(
            wrong("src/net/mod.rs", "use crate::broker::X;\nuse crate::{broker, cli};"),
            ["src/net/mod.rs:2: one layer an import, please"]
        );
        assert_eq!(wrong("src/new/mod.rs", ""), ["src/new/mod.rs: src/new has no line in LAYERS"]);
        assert_eq!(wrong("src/lib.rs", "crate::net"), [""; 0]);
    }

    #[test]
    fn the_other_crates_are_found_in_the_library_only() {
        let text = "use mqttspec_spec::Catalogue;";
        let wrong = |path| of_other_crates_by_the_library(&made_up(path, text)).len();
        assert_eq!(wrong("src/broker/mod.rs"), 1);
        assert_eq!(wrong("src/lib.rs"), 1);
        assert_eq!(wrong("src/cli/explain.rs"), 0);
    }

    #[test]
    fn the_judged_is_found_in_code_and_among_dependencies() {
        let wrong = |path, text| of_the_judged_by_the_judge(&made_up(path, text)).len();
        assert_eq!(wrong("conformance/src/run.rs", "use mqttspec::packet::Packet;"), 1);
        assert_eq!(wrong("conformance/src/run.rs", "use mqttspec_spec::Catalogue;"), 0);
        assert_eq!(wrong("conformance/Cargo.toml", "mqttspec.workspace = true"), 1);
        assert_eq!(wrong("conformance/Cargo.toml", "mqttspec-spec.workspace = true"), 0);
    }

    #[test]
    fn the_world_is_found_in_the_core_only() {
        let wrong = |path, text| of_the_world_by_the_core(&made_up(path, text));
        assert_eq!(wrong("src/broker/mod.rs", "tokio::spawn(x)"), ["src/broker/mod.rs:1: tokio"]);
        assert_eq!(wrong("src/session/mod.rs", "Instant::now()").len(), 1);
        assert_eq!(wrong("src/broker/tests/rig.rs", "Instant::now()"), [""; 0]);
        assert_eq!(wrong("src/broker/tests/rig.rs", "Mutex::new(x)").len(), 1);
        assert_eq!(wrong("src/store/mod.rs", "Mutex::new(x)"), [""; 0]);
        assert_eq!(wrong("src/store/mod.rs", "tokio::spawn(x)").len(), 1);
        assert_eq!(wrong("src/net/mod.rs", "tokio::spawn(x)"), [""; 0]);
    }
}
