//! What was perhaps meant: how far apart two spellings are.

/// The name among `names` that was perhaps meant by `text`: at most two fifths of it are spelt otherwise.
///
/// ```
/// use mqttspec_spec::nearest_name;
///
/// assert_eq!(nearest_name("wildcard", ["retained", "wildcards"]), Some("wildcards"));
/// assert_eq!(nearest_name("colour", ["retained", "wildcards"]), None);
/// ```
pub fn nearest_name<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (text.chars().count() * 2 / 5).max(1);
    let near = names.into_iter().map(|name| (distance(text, name), name));
    near.filter(|&(distance, _)| distance <= most).min_by_key(|&(d, _)| d).map(|(_, name)| name)
}

/// How many characters must be changed, added or taken away to make one text of the other.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    // One row of the usual table: `row[n]` is the distance to the first `n` characters of `to`.
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (taken, ours) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = taken + 1;
        for (position, theirs) in to.chars().enumerate() {
            let changed = diagonal + usize::from(ours != theirs);
            diagonal = row[position + 1];
            row[position + 1] = changed.min(diagonal + 1).min(row[position] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// How many characters two texts have in common from the beginning on.
pub(crate) fn shared_start(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(ours, theirs)| ours == theirs).count()
}

#[cfg(test)]
mod tests {
    use super::{distance, shared_start};

    #[test]
    fn compares_beginnings() {
        for (one, other, expected) in [("", "3", 0), ("3.1.4", "3.14.4", 3), ("3.1", "3.1", 3)] {
            assert_eq!(shared_start(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn counts_changes_additions_and_losses() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "3.1", 3),
            ("3.1", "", 3),
            ("3.1.0-2", "3.1.0-2", 0),
            ("3.1.0-2", "3.1.0-3", 1),
            ("3.1.2.7", "3.1.2-7", 1),
            ("3.8.4-1", "3.8.4-11", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }
}
