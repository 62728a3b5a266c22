//! What was perhaps meant: how far apart two spellings are.

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
