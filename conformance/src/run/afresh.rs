//! A last look, at a subject that was started anew, for who is owed a packet, or a connection.
//!
//! Some brokers stop to deliver after hundreds of conversations, or close the connections of those
//! who did nothing: what a case misses then says nothing of the rule it is about. Whoever misses
//! something at a second look too is looked at once more, few at a time, before a broker that has
//! met nobody else. What passes there passes, and says where it did not.
//!
//! Not here: a subject that ran already, and one that died; the former cannot be started anew, and
//! the latter has been ([`recovery`](super::recovery)).

use super::Run;
use super::loss::guard;
use super::recovery::FEW;
use crate::case::Case;
use crate::report::CaseReport;

impl Run<'_> {
    /// Keeps a report for the last look, or gives it to `finish` where there will be none.
    pub(super) fn keep_starved(
        &self,
        index: usize,
        report: CaseReport,
        finish: &mut impl FnMut(usize, CaseReport),
    ) {
        let is_victim = report.is_starved() || report.is_interrupted();
        if is_victim && self.lost().is_none() && self.subject.is_started_here() {
            guard(&self.starved).insert(index, report);
        } else {
            finish(index, report);
        }
    }

    /// Takes the last look at all that were kept for it.
    pub(super) fn afresh(
        &self,
        cases: &[&'static Case],
        finish: &mut impl FnMut(usize, CaseReport),
    ) {
        let starved = std::mem::take(&mut *guard(&self.starved));
        if starved.is_empty() {
            return;
        }
        // Some leave a name behind that the next one stumbles over, for a moment.
        let restart = || self.subject.restart().or_else(|_| self.subject.restart());
        if self.lost().is_some() || restart().is_err() {
            starved.into_iter().for_each(|(index, report)| finish(index, report));
            return;
        }
        let order: Vec<_> = starved.keys().copied().collect();
        let mut fed = 0;
        // What does not come soon has not come in all the time of a second look.
        self.some(cases, &order, FEW, &self.first_look(), |index, report| {
            let report = starved[&index].clone().unless_afresh(report);
            fed += usize::from(!report.found_fault());
            finish(index, report);
        });
        // Nobody asks for it any more, and that it was there is known.
        *guard(&self.lost) = None;
        if fed > 0 {
            guard(&self.losses).push(format!(
                "{fed} of {} cases that missed something among others miss nothing when it was \
                 started anew",
                order.len()
            ));
        }
    }
}
