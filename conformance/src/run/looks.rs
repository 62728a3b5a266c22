//! In which order the cases run, how many at once, and which of them are looked at twice.
//!
//! At the first look all run together and no wait is longer than the subject was seen to need.
//! Who fails by silence gets a second look: few at a time, with the whole of each wait. Who fails
//! by a connection that ended too early gets one alone, or nearly so: there are brokers that let
//! one Client pay for another, and that is for the cases about it to tell. Cases that wait by
//! design do so beside all of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::recovery::FEW;
use super::{Progress, Run};
use crate::case::Case;
use crate::report::CaseReport;
use crate::stage::Look;

impl Run<'_> {
    pub(super) fn all(
        &self,
        cases: &[&'static Case],
        progress: &mut dyn Progress,
    ) -> Vec<CaseReport> {
        let mut reports: Vec<Option<CaseReport>> = cases.iter().map(|_| None).collect();
        let (alone, others): (Vec<_>, Vec<_>) =
            (0..cases.len()).partition(|&index| cases[index].is_alone());
        let mut done = 0;
        let mut finish = |index: usize, report: CaseReport| {
            done += 1;
            progress.finished(&report, done);
            reports[index] = Some(report);
        };
        self.surviving(cases, &others, self.options.jobs, &mut finish);
        self.some(cases, &alone, 1, &self.only_look(), &mut finish);
        self.afresh(cases, &mut finish);
        reports.into_iter().flatten().collect()
    }

    /// Runs these cases, so many at once, and those that wait by design beside them. Gives those
    /// that a lost subject has left without a verdict.
    pub(super) fn crowd(
        &self,
        cases: &[&'static Case],
        order: &[usize],
        jobs: usize,
        finish: &mut impl FnMut(usize, CaseReport),
    ) -> BTreeMap<usize, CaseReport> {
        let mut victims = BTreeMap::new();
        let mut finish = |index: usize, report: CaseReport| match report.is_lost() {
            true => drop(victims.insert(index, report)),
            false => finish(index, report),
        };
        // Where one runs at a time, nobody runs beside it.
        let (timed, others): (Vec<_>, Vec<_>) =
            order.iter().copied().partition(|&index| jobs > 1 && cases[index].seconds() > 0);
        // Those that wait by design wait beside all else, and hold up nothing.
        let waited = thread::scope(|scope| {
            let wait = scope.spawn(|| {
                let mut waited = BTreeMap::new();
                let look = self.first_look();
                self.some(cases, &timed, timed.len(), &look, |index, report| {
                    waited.insert(index, report);
                });
                waited
            });
            let mut first = BTreeMap::new();
            self.some(cases, &others, jobs, &self.first_look(), |index, report| {
                match self.deserves_second_look(&report) {
                    true => drop(first.insert(index, report)),
                    false => finish(index, report),
                }
            });
            self.again(cases, &first, jobs, &mut finish);
            wait.join().unwrap_or_default()
        });
        let (again, decided): (BTreeMap<_, _>, BTreeMap<_, _>) =
            waited.into_iter().partition(|(_, report)| self.deserves_second_look(report));
        decided.into_iter().for_each(|(index, report)| finish(index, report));
        self.again(cases, &again, jobs, &mut finish);
        victims
    }

    /// Looks at these cases a second time, without the crowd.
    fn again(
        &self,
        cases: &[&'static Case],
        first: &BTreeMap<usize, CaseReport>,
        jobs: usize,
        finish: &mut impl FnMut(usize, CaseReport),
    ) {
        let (silent, ended): (Vec<_>, Vec<_>) =
            first.keys().copied().partition(|index| first[index].is_doubtful());
        let look = self.second_look();
        let mut after = |index: usize, report: CaseReport| {
            self.keep_starved(index, report.after(&first[&index]), finish);
        };
        // Alone, each with the whole of its wait, the silent ones would take hours.
        self.some(cases, &silent, jobs.clamp(FEW, AT_SECOND_LOOK), &look, &mut after);
        // Late has nothing to do with it. So many cannot be taken one by one.
        let alone = if ended.len() > MOST_ALONE { FEW } else { 1 };
        self.some(cases, &ended, alone, &self.only_look(), after);
    }

    /// All cases at once, with what the subject was seen to need for each wait.
    pub(super) fn first_look(&self) -> Look {
        Look { is_hasty: self.options.second_look, ..self.only_look() }
    }

    /// One look, as patient as a second one, that has to do.
    pub(super) fn only_look(&self) -> Look {
        let pace = Arc::clone(&self.pace);
        Look { pace, is_hasty: false, late: Duration::ZERO, limit: CASE_LIMIT, is_last: false }
    }

    /// Few cases, with all the time there is.
    fn second_look(&self) -> Look {
        let late = self.options.lateness.max(Duration::from_millis(1));
        Look { late, limit: CASE_LIMIT + late, ..self.only_look() }
    }

    /// One case, which has lost the subject alone before: if it does so again, it has shown why.
    pub(super) fn last_look(&self) -> Look {
        Look { is_last: true, ..self.second_look() }
    }

    /// Whether haste, or another case, may be the reason for what was found. A subject that has never answered
    /// anybody is silent by nature.
    fn deserves_second_look(&self, report: &CaseReport) -> bool {
        let is_doubtful = report.is_doubtful() || report.is_interrupted();
        self.options.second_look && self.answered && self.lost().is_none() && is_doubtful
    }

    /// Runs the cases of these places, so many at once, and gives each report with its place.
    pub(super) fn some(
        &self,
        cases: &[&'static Case],
        order: &[usize],
        jobs: usize,
        look: &Look,
        finished: impl FnMut(usize, CaseReport),
    ) {
        each(order, jobs, |index| self.one(cases[index], look), finished);
    }
}

/// Does `work` for each of these numbers, so many at once, and gives each result with its number.
pub(crate) fn each<T: Send>(
    order: &[usize],
    jobs: usize,
    work: impl Fn(usize) -> T + Sync,
    mut finished: impl FnMut(usize, T),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, order.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Refused only when the receiver is gone, and then nobody asks any more.
                    let _ = sender.send((index, work(index)));
                }
            });
        }
        drop(sender);
        for (index, result) in receiver {
            finished(index, result);
        }
    });
}

/// Cases at a second look at once. Nearly all of it is waiting.
const AT_SECOND_LOOK: usize = 32;

/// Cases that are looked at one by one. Some of them wait for what does not come.
const MOST_ALONE: usize = 24;

/// A case that takes longer is broken, or meets a subject that is.
const CASE_LIMIT: Duration = Duration::from_secs(60);
