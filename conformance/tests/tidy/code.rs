//! The lines of a file that a compiler reads.

use crate::File;

/// The lines of code, numbered from 1 on, without comments.
pub(crate) fn lines(file: &File) -> impl Iterator<Item = (usize, &str)> {
    numbered(file).map(|(number, line)| (number, without_comment(line)))
}

/// The same without tests at the bottom; nothing of a file that holds only tests.
pub(crate) fn lines_outside_tests(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let only_tests = file.path.split('/').any(|part| part == "tests" || part == "tests.rs");
    let is_code = move |line: &str| !only_tests && line != "#[cfg(test)]";
    // A module of tests under another name is as good as a file of them.
    numbered(file)
        .take_while(move |(_, line)| is_code(line))
        .map(|(number, line)| (number, without_comment(line)))
}

/// Whether `word` stands in `line`, and not as part of a longer name.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let begins = !word.starts_with(is_part) || !line[..start].ends_with(is_part);
        let ends = !word.ends_with(is_part) || !line[start + word.len()..].starts_with(is_part);
        begins && ends
    })
}

/// The lines with a word in them, as `path:line: word`.
pub(crate) fn places<'a>(
    path: &'a str,
    lines: impl Iterator<Item = (usize, &'a str)> + 'a,
    words: &'a [&str],
) -> impl Iterator<Item = String> + 'a {
    lines.flat_map(move |(number, line)| {
        let found = words.iter().filter(move |word| has_word(line, word));
        found.map(move |word| format!("{path}:{number}: {word}"))
    })
}

/// Whether it is a file of this check, which has to name what it forbids.
pub(crate) fn is_tidy(file: &File) -> bool {
    file.path.starts_with("conformance/tests/tidy/")
}

fn numbered(file: &File) -> impl Iterator<Item = (usize, &str)> {
    file.text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Comments stand on a line of their own or behind a space; what looks like one in a text is lost,
/// which costs a rule nothing.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.split_once(" // ").map_or(line, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_comments_and_tests() {
        let text = "//! tokio\nuse a; // tokio\n/// tokio\nb\n#[cfg(test)]\nmod tests {\n    c\n}";
        let file = &crate::made_up("src/topic/name.rs", text)[0];
        let code: Vec<_> = lines(file).map(|(_, line)| line).collect();
        assert_eq!(code, ["", "use a;", "", "b", "#[cfg(test)]", "mod tests {", "    c", "}"]);
        assert_eq!(lines_outside_tests(file).last(), Some((4, "b")));
        let tests = &crate::made_up("src/topic/tests.rs", text)[0];
        assert_eq!(lines_outside_tests(tests).count(), 0);
    }

    #[test]
    fn words_are_whole() {
        for (line, word, expected) in [
            ("use tokio::net;", "tokio", true),
            ("use tokio_util::sync;", "tokio", false),
            ("#[allow(dead_code)]", "#[allow(", true),
            ("#![forbid(unsafe_code)]", "unsafe", false),
            ("std::sync::Mutex", "Mutex", true),
            ("MutexGuard", "Mutex", false),
        ] {
            assert_eq!(has_word(line, word), expected, "{line} {word}");
        }
    }
}
