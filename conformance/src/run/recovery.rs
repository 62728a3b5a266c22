//! A subject that was started here and is lost is started anew, and who killed it is found.
//!
//! A crowd that loses the subject says only that one of many did it, or all of them together. The
//! cases that ran then are looked at a few at a time, and in the end one by one. A case that loses
//! the subject alone, and once more when it is asked again, has found a broker that dies of a
//! conversation, and fails; all others have the verdict that they come to without it.
//!
//! Not here: a subject that ran already. The judge cannot bring it back, and the run ends.

use super::Run;
use super::loss::guard;
use crate::case::Case;
use crate::report::CaseReport;

impl Run<'_> {
    /// Runs the cases of these places to their end, through as many losses as it takes.
    ///
    /// Returns whether one of them loses the subject all by itself.
    pub(super) fn surviving(
        &self,
        cases: &[&'static Case],
        order: &[usize],
        mut jobs: usize,
        finish: &mut impl FnMut(usize, CaseReport),
    ) -> bool {
        let mut order = order.to_vec();
        let mut is_found = false;
        while !order.is_empty() {
            let victims = self.crowd(cases, &order, jobs, finish);
            if victims.is_empty() {
                break;
            }
            if !self.revive() {
                victims.into_iter().for_each(|(index, report)| finish(index, report));
                break;
            }
            let (suspects, rest): (Vec<_>, Vec<_>) =
                victims.into_iter().partition(|(_, report)| report.was_run());
            let suspects: Vec<_> = suspects.into_iter().map(|(index, _)| index).collect();
            let is_here = match jobs {
                1 => {
                    let deadly = suspects
                        .iter()
                        .filter(|&&index| self.is_deadly(cases[index], index, finish));
                    deadly.count() > 0
                }
                // Those that wait by design would hold up the search, and can wait together.
                _ => {
                    let (timed, others): (Vec<_>, Vec<_>) =
                        suspects.into_iter().partition(|&index| cases[index].seconds() > 0);
                    let found = self.surviving(cases, &others, fewer(jobs), finish);
                    self.surviving(cases, &timed, fewer(jobs), finish) || found
                }
            };
            if !is_here {
                // Nobody did it alone: it was the crowd.
                jobs = jobs.min(FEW);
            }
            is_found |= is_here;
            order = rest.into_iter().map(|(index, _)| index).collect();
        }
        is_found
    }

    /// Runs a case that has lost the subject alone once more, and tells whether it does so again.
    fn is_deadly(
        &self,
        case: &'static Case,
        index: usize,
        finish: &mut impl FnMut(usize, CaseReport),
    ) -> bool {
        finish(index, self.one(case, &self.last_look()));
        self.lost().is_some() && {
            self.revive();
            true
        }
    }

    /// Starts a lost subject anew; `false` if nobody can, or if it has been done too often.
    fn revive(&self) -> bool {
        if self.subject.command().is_none() || guard(&self.losses).len() >= MOST_LOSSES {
            return false;
        }
        match self.subject.restart() {
            Ok(()) => {
                guard(&self.losses).extend(guard(&self.lost).take());
                true
            }
            Err(error) => {
                let reason = guard(&self.lost).take().unwrap_or_default();
                *guard(&self.lost) =
                    Some(format!("{reason}; and it could not be started again: {error}"));
                false
            }
        }
    }
}

/// How many run at once after a loss.
const fn fewer(jobs: usize) -> usize {
    if jobs > FEW { FEW } else { 1 }
}

/// So few that a broker bears them, and enough to be done soon.
pub(super) const FEW: usize = 8;

/// A broker that needs more has been shown to be no broker.
const MOST_LOSSES: usize = 40;
