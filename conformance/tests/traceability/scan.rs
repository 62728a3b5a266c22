//! Finding the ids in a file, and what it means that they stand there.

use crate::File;

/// An id in a file, as it is written there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mention<'a> {
    pub(crate) label: &'a str,
    /// From 1 on.
    pub(crate) line: usize,
    pub(crate) role: Role,
}

/// What it means that an id stands somewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// The line after it carries the statement out: in brackets, in a plain comment of `src/`.
    Implements,
    /// Nothing: a header, a docstring, an error that names it, prose.
    Refers,
    /// A test says that the statement holds: anywhere in it but in a docstring.
    Shows,
}

/// The ids of a file from top to bottom.
pub(crate) fn mentions(file: &File) -> Vec<Mention<'_>> {
    let is_rust = file.path.ends_with(".rs");
    let is_ours = file.path.starts_with("src/") || file.path.starts_with("tests/");
    let mut in_tests = file.path.split('/').any(|part| part == "tests" || part == "tests.rs");
    let mut after_cfg_test = false;
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        // A module of tests goes on to the end of its file: style puts it there.
        in_tests |= after_cfg_test && line.starts_with("mod ") && line.ends_with('{');
        after_cfg_test = line == "#[cfg(test)]";
        for (start, label) in labels(line) {
            let role = match (is_rust && is_ours && !is_doc(line), in_tests) {
                (true, true) => Role::Shows,
                (true, false) if is_claim(line, start, label) => Role::Implements,
                _ => Role::Refers,
            };
            found.push(Mention { label, line: index + 1, role });
        }
    }
    found
}

/// Everything in a line that looks like an id, and where it begins.
fn labels(line: &str) -> Vec<(usize, &str)> {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut found = Vec::new();
    for prefix in ["MQTT-", "U-"] {
        for (start, _) in line.match_indices(prefix) {
            if line[..start].ends_with(is_inside) {
                continue;
            }
            let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
            let digits = &line[start + prefix.len()..];
            let end = digits.find(|c| !is_number(c)).unwrap_or(digits.len());
            let number = digits[..end].trim_end_matches(['.', '-']);
            if number.starts_with(|c: char| c.is_ascii_digit()) {
                found.push((start, &line[start..start + prefix.len() + number.len()]));
            }
        }
    }
    found.sort_unstable();
    found
}

fn is_doc(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("///") || line.starts_with("//!")
}

/// Whether the id that begins at `start` stands in brackets and in a comment.
fn is_claim(line: &str, start: usize, label: &str) -> bool {
    let before = &line[..start];
    let is_comment = before.trim_start().starts_with("//") || before.contains(" // ");
    is_comment && before.ends_with('[') && line[start + label.len()..].starts_with(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(path: &str, text: &str) -> Vec<(String, usize, Role)> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        mentions(&file).iter().map(|m| (m.label.to_owned(), m.line, m.role)).collect()
    }

    /// The role of the only id.
    fn role(path: &str, text: &str) -> Role {
        let found = roles(path, text);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].2
    }

    #[test]
    fn a_plain_comment_implements_and_a_docstring_refers() {
        for (text, expected) in [
            ("    // [MQTT-3.1.0-2] Once.", Role::Implements),
            ("    x(); // [U-3.1.4-1] Once.", Role::Implements),
            ("    // unlike MQTT-3.1.0-2", Role::Refers),
            ("    /// Clause: [MQTT-3.1.0-2].", Role::Refers),
            ("//! Clauses: [MQTT-3.1.0-2].", Role::Refers),
            ("    #[error(\"[MQTT-3.1.0-2]\")]", Role::Refers),
            ("    Self::Second => \"MQTT-3.1.0-2\",", Role::Refers),
        ] {
            assert_eq!(role("src/broker/connection.rs", text), expected, "{text}");
        }
    }

    #[test]
    fn tests_show() {
        let text = "assert_eq!(fault.clause(), \"MQTT-3.1.0-2\");";
        assert_eq!(role("src/broker/tests/connecting.rs", text), Role::Shows);
        assert_eq!(role("src/packet/tests.rs", text), Role::Shows);
        assert_eq!(role("tests/loopback.rs", text), Role::Shows);
        assert_eq!(role("src/packet/tests.rs", "/// As [MQTT-3.1.0-2] has it."), Role::Refers);
        let module = format!("#[cfg(test)]\nmod tests {{\n{text}\n}}");
        assert_eq!(role("src/packet/connect.rs", &module), Role::Shows);
        let declared = format!("#[cfg(test)]\nmod strategies;\n// [MQTT-3.1.0-2] Once.\n{text}");
        let both = roles("src/packet/connect.rs", &declared);
        assert_eq!((both[0].2, both[1].2), (Role::Implements, Role::Refers));
    }

    #[test]
    fn the_judge_and_prose_only_refer() {
        let text = "// [MQTT-3.1.0-2]";
        for path in ["conformance/src/wire/connect.rs", "conformance/tests/judge.rs", "README.md"] {
            assert_eq!(role(path, text), Role::Refers, "{path}");
        }
    }

    #[test]
    fn takes_ids_whole_and_leaves_what_is_none() {
        let found =
            labels("MQTT-3.1.2-24. (U-3.1.2.10-4), U+FEFF, EMQTT-1.1.1-1, MQTT 3.1.1, QU-3");
        assert_eq!(found, [(0, "MQTT-3.1.2-24"), (16, "U-3.1.2.10-4")]);
    }
}
