//! Failures that the profile knows of, and those of them that are no more.

use serde::Serialize;

use super::CaseReport;
use crate::cases::server;
use crate::profile::Known;
use crate::verdict::Verdict;

/// What is known to fail, and passes: the profile has to be brought up to date.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Mended {
    /// The entry of the profile: an address, or a pattern over addresses.
    pub known: String,
    /// Why it failed, according to the profile.
    pub reason: String,
}

/// Gives each failure that is known its reason, and tells which entries have had their time.
///
/// An entry is mended when none of its cases falls short any more and at least one has passed. It
/// says nothing when not all of them were asked for, or when it is about failures that come and go.
pub(super) fn settle(cases: &mut [CaseReport], known: &[Known]) -> Vec<Mended> {
    let mut mended = Vec::new();
    for entry in known {
        let (mut ran, mut passed, mut wrong) = (0, 0, 0);
        for case in cases.iter_mut().filter(|case| entry.covers(case.case)) {
            ran += 1;
            match case.verdict {
                Verdict::Pass => passed += 1,
                Verdict::Fail | Verdict::Warn => {
                    wrong += 1;
                    case.known.get_or_insert_with(|| entry.reason.clone());
                }
                // It could not be shown this time, and may be as it was.
                Verdict::Inconclusive | Verdict::Error => wrong += 1,
                Verdict::Unsupported | Verdict::NotJudged => {}
            }
        }
        let there_are = server::all().filter(|case| entry.covers(case.address)).count();
        if !entry.flaky && ran == there_are && wrong == 0 && passed > 0 {
            mended.push(Mended { known: entry.pattern.clone(), reason: entry.reason.clone() });
        }
    }
    mended
}
