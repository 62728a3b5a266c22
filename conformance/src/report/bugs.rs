//! Which famous bugs the subject has.

use serde::Serialize;

use super::CaseReport;
use crate::corpus::Bug;
use crate::verdict::Verdict;

/// What came of one bug that somebody has reported of some broker.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BugReport {
    /// The bug.
    #[serde(flatten)]
    pub bug: &'static Bug,
    /// Whether the subject has it; `None` when that could not be told.
    pub present: Option<bool>,
}

/// Each bug with what its cases say. One case that falls short is enough; that it is not there takes
/// one that passed, and none that could not tell.
pub(super) fn told(bugs: &[&'static Bug], cases: &[CaseReport]) -> Vec<BugReport> {
    bugs.iter().map(|&bug| BugReport { bug, present: present(bug, cases) }).collect()
}

fn present(bug: &Bug, cases: &[CaseReport]) -> Option<bool> {
    let its = || cases.iter().filter(|case| bug.is_shown_by(case.case));
    let has = |verdict| its().any(|case| case.verdict == verdict);
    if has(Verdict::Fail) || has(Verdict::Warn) {
        Some(true)
    } else if has(Verdict::Inconclusive) || has(Verdict::Error) || !has(Verdict::Pass) {
        None
    } else {
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cases::server;
    use crate::finding::Finding;

    #[test]
    fn a_bug_is_there_as_soon_as_one_of_its_cases_falls_short() {
        let bug = Bug::named("nats-8414").next().unwrap();
        let case = |nth: usize, outcome| {
            let case = server::all().find(|case| case.address == bug.cases[nth]).unwrap();
            CaseReport::new(case.about(), outcome, Duration::ZERO, Default::default())
        };
        let failed = || Err(Finding::fail("this", "that"));
        let open = || Err(Finding::inconclusive("hard to say"));
        let lacking = || Err(Finding::unsupported("nothing of the kind"));
        for (first, second, expected) in [
            (Ok(()), Ok(()), Some(false)),
            (Ok(()), failed(), Some(true)),
            (open(), failed(), Some(true)),
            (Ok(()), open(), None),
            (Ok(()), lacking(), Some(false)),
            (lacking(), lacking(), None),
        ] {
            let cases = [case(0, first.clone()), case(1, second.clone())];
            assert_eq!(present(bug, &cases), expected, "{first:?} {second:?}");
        }
    }
}
