//! Delta debugging: the fewest of many things that still do it.

/// Takes away as many items as `still` lets go, in ever smaller runs of them, until none of those
/// that are left can be missed on its own. `still` is asked about lists that keep the order.
///
/// # Examples
///
/// ```text
/// minimize([1, 2, 3, 4, 5], contains 2 and 4) == [2, 4]
/// ```
pub(super) fn minimize<T: Clone>(items: &[T], mut still: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut run = kept.len();
    while run > 0 {
        let before = kept.len();
        // From the end: what comes late depends on what came before it, and not the other way.
        let mut end = kept.len();
        while end > 0 {
            let begin = end.saturating_sub(run);
            let candidate = [&kept[..begin], &kept[end..]].concat();
            if still(&candidate) {
                kept = candidate;
            }
            end = begin;
        }
        // One by one once more, as long as it helps.
        run = if run == 1 && kept.len() < before { 1 } else { run / 2 };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_stays() {
        let all: Vec<_> = (0..100).collect();
        for needed in [vec![], vec![0], vec![99], vec![17, 18, 73], (0..100).collect()] {
            let found = minimize(&all, |kept| needed.iter().all(|item| kept.contains(item)));
            assert_eq!(found, needed);
        }
    }

    #[test]
    fn what_can_only_go_together_is_missed_when_apart_and_found_when_beside() {
        let pairs = |kept: &[i32]| kept.contains(&4) == kept.contains(&5);
        assert_eq!(minimize(&[4, 5], pairs), [0; 0]);
    }

    #[test]
    fn few_questions_are_asked_about_many_things() {
        let all: Vec<_> = (0..1000).collect();
        let mut asked = 0;
        minimize(&all, |kept| {
            asked += 1;
            kept.contains(&500)
        });
        assert!(asked < 60, "{asked}");
    }
}
