//! Which topics a filter matches, as 4.7 has it.

/// Whether the Topic Filter matches the Topic Name. What begins with `$` is like any other: that
/// wildcards leave it out is a rule with cases of its own.
pub(crate) fn matches(filter: &[u8], topic: &[u8]) -> bool {
    let mut levels = topic.split(|&octet| octet == b'/');
    for part in filter.split(|&octet| octet == b'/') {
        match (part, levels.next()) {
            (b"#", _) => return true,
            (b"+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_level_by_level() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/c", false),
            ("a/b", "a/b/c", false),
            ("a/+", "a/b", true),
            ("a/+", "a/", true),
            ("a/+", "a", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "a/b", true),
            ("+", "a/b", false),
            ("+/+", "/a", true),
            ("/", "/", true),
        ] {
            assert_eq!(matches(filter.as_bytes(), topic.as_bytes()), expected, "{filter} {topic}");
        }
    }
}
