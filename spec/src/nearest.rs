//! What was perhaps meant: the distance between two spellings.

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

#[cfg(test)]
mod tests {
    use super::distance;

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
