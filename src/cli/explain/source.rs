//! Looking into the source, where there is one: the lines that name a statement, and why.

use std::fs;
use std::path::{Path, PathBuf};

/// A checkout of mqttspec.
#[derive(Clone, Debug)]
pub(super) struct Checkout(PathBuf);

/// Where a statement is carried out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// From the top of the repository on.
    pub(super) path: String,
    /// The line of the comment, from 1 on, and what it says; `None` without a checkout.
    pub(super) comment: Option<(usize, String)>,
}

impl Place {
    /// A file, with no line known.
    pub(super) const fn file(path: String) -> Self {
        Self { path, comment: None }
    }
}

impl Checkout {
    /// The checkout that `folder` lies in, if it does.
    pub(super) fn around(folder: &Path) -> Option<Self> {
        let is_ours = |folder: &&Path| {
            ["spec/clauses/sections.toml", "docs/traceability.json"]
                .iter()
                .all(|file| folder.join(file).is_file())
        };
        folder.ancestors().find(is_ours).map(|top| Self(top.to_owned()))
    }

    /// The lines of a file that name the statement; the file alone if there is none any more.
    pub(super) fn places(&self, path: String, id: &str) -> Vec<Place> {
        let text = fs::read_to_string(self.0.join(&path)).unwrap_or_default();
        let comments = comments(&text, id);
        if comments.is_empty() {
            return vec![Place::file(path)];
        }
        let place = |comment| Place { path: path.clone(), comment: Some(comment) };
        comments.into_iter().map(place).collect()
    }
}

/// The plain comments outside tests that name a statement: the line, and the whole comment without
/// ids, since one sentence often names several.
fn comments(text: &str, id: &str) -> Vec<(usize, String)> {
    let label = format!("[{id}]");
    let lines: Vec<_> = text.lines().take_while(|line| *line != "#[cfg(test)]").collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(&label)) {
        let said = if plain_comment(line).is_some() {
            let before =
                lines[..index].iter().rev().take_while(|line| plain_comment(line).is_some());
            let first = index - before.count();
            lines[first..]
                .iter()
                .map_while(|line| plain_comment(line))
                .collect::<Vec<_>>()
                .join(" ")
        } else if let Some((_, said)) = line.split_once(" // ").filter(|_| !is_doc(line)) {
            said.to_owned()
        } else {
            continue;
        };
        found.push((index + 1, without_ids(&said)));
    }
    found
}

/// The words of a line that is a comment and no docstring.
fn plain_comment(line: &str) -> Option<&str> {
    if is_doc(line) { None } else { line.trim_start().strip_prefix("//").map(str::trim) }
}

fn is_doc(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("///") || line.starts_with("//!")
}

fn without_ids(said: &str) -> String {
    let is_id = |word: &&str| word.starts_with("[MQTT-") || word.starts_with("[U-");
    said.split_whitespace().filter(|word| !is_id(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
//! Clauses: [MQTT-3.1.0-2].
/// See [MQTT-3.1.0-2].
fn x() {
    // Before all else.
    // [MQTT-3.1.0-1] One comes first,
    // [MQTT-3.1.0-2] and only one.
    y();
    z(); // [MQTT-3.1.0-2] Again.
}
#[cfg(test)]
mod tests {
    // [MQTT-3.1.0-2] Tested.
}
";

    #[test]
    fn finds_the_lines_that_carry_a_statement_out() {
        let whole = "Before all else. One comes first, and only one.";
        let expected = [(6, whole.to_owned()), (8, "Again.".to_owned())];
        assert_eq!(comments(TEXT, "MQTT-3.1.0-2"), expected);
        assert_eq!(comments(TEXT, "MQTT-3.1.0-1"), [(5, whole.to_owned())]);
        assert_eq!(comments(TEXT, "MQTT-3.1.0"), []);
    }

    #[test]
    fn finds_this_checkout() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let checkout = Checkout::around(&root.join("src/cli")).expect("the tests run in one");
        assert_eq!(checkout.0, root);
        let places = checkout.places("src/broker/connection.rs".to_owned(), "MQTT-3.1.0-2");
        assert!(places.iter().all(|place| place.comment.is_some()));
        let none = checkout.places("src/nowhere.rs".to_owned(), "MQTT-3.1.0-2");
        assert_eq!(none, [Place::file("src/nowhere.rs".to_owned())]);
    }
}
