//! A run over a client: which cases, how many at once, which of them are looked at twice.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Ability, ClientStage, ClientSubject};
use crate::case::ClientCase;
use crate::cases::client;
use crate::finding::Finding;
use crate::need::Capabilities;
use crate::options::RunOptions;
use crate::peer::Pace;
use crate::record::Record;
use crate::report::{CaseReport, Report, SubjectReport};
use crate::run::{Progress, base36, each, run_tag, with_not_reached};
use crate::stage::Look;

/// Judges a client by the cases that the options select.
///
/// A client that cannot be driven gives a report all the same: it says so, and its
/// [exit code](Report::exit_code) is 3.
pub fn judge_client(
    subject: &ClientSubject,
    options: &RunOptions,
    progress: &mut dyn Progress,
) -> Report {
    let begin = Instant::now();
    let mut about = SubjectReport::of_client(subject.command());
    let cases: Vec<_> = client::all().filter(|case| options.selects_client(case)).collect();
    let who = match subject.start(&Record::new()) {
        Ok((_, who)) => who,
        Err(error) => {
            // Why it cannot be started is below what could not be done.
            about.lost = Some(match error.source() {
                None => error.to_string(),
                Some(cause) => format!("{error}: {cause}"),
            });
            return Report::of_client(about, options, Vec::new(), begin.elapsed());
        }
    };
    about.target = format!("{} {}", who.name, who.version).trim_end().to_owned();
    about.capabilities = Capabilities::told(
        Ability::ALL.iter().map(|ability| (ability.name(), !who.lacks.contains(ability))),
    );
    let run = Run { subject, options, tag: run_tag(), pace: Arc::default() };
    progress.begun(&about.capabilities, cases.len());
    let reports = run.all(&cases, progress);
    Report::of_client(about, options, reports, begin.elapsed())
}

/// What is known of a client when its run is interrupted: what became of the cases that are
/// `finished`, and that the others were not reached.
pub fn interrupted_client(
    subject: &ClientSubject,
    options: &RunOptions,
    capabilities: Capabilities,
    finished: Vec<CaseReport>,
    duration: Duration,
) -> Report {
    let mut about = SubjectReport::of_client(subject.command());
    about.capabilities = capabilities;
    let selected = client::all().filter(|case| options.selects_client(case)).map(ClientCase::about);
    Report::of_client(about, options, with_not_reached(selected, finished), duration)
}

struct Run<'a> {
    subject: &'a ClientSubject,
    options: &'a RunOptions,
    tag: String,
    pace: Arc<Pace>,
}

impl Run<'_> {
    fn all(&self, cases: &[&'static ClientCase], progress: &mut dyn Progress) -> Vec<CaseReport> {
        let mut reports: BTreeMap<usize, CaseReport> = BTreeMap::new();
        let mut order: Vec<_> = (0..cases.len()).collect();
        // Those that wait by design begin first, so that they hold up nothing at the end.
        order.sort_by_key(|&index| !cases[index].needs.contains(&Ability::KeepAlive));
        let pace = || Arc::clone(&self.pace);
        let is_hasty = self.options.second_look;
        let first = Look {
            pace: pace(),
            is_hasty,
            is_last: !is_hasty,
            late: Duration::ZERO,
            limit: CASE_LIMIT,
        };
        let (mut again, mut done) = (Vec::new(), 0);
        each(
            &order,
            self.options.jobs,
            |index| self.one(cases[index], index, &first),
            |index, report| {
                if self.options.second_look && report.is_doubtful() {
                    again.push(index);
                } else {
                    done += 1;
                    progress.finished(&report, done);
                }
                reports.insert(index, report);
            },
        );
        let late = self.options.patience;
        let second =
            Look { pace: pace(), is_hasty: false, is_last: true, late, limit: CASE_LIMIT + late };
        each(
            &again,
            AT_SECOND_LOOK,
            |index| self.one(cases[index], index, &second),
            |index, report| {
                let report = report.after(&reports[&index]);
                done += 1;
                progress.finished(&report, done);
                reports.insert(index, report);
            },
        );
        reports.into_values().collect()
    }

    fn one(&self, case: &'static ClientCase, index: usize, look: &Look) -> CaseReport {
        let begin = Instant::now();
        let tag = format!("{}{}", self.tag, base36(index, 3));
        let mut stage = match ClientStage::open(self.subject, self.options, tag, look) {
            Ok(stage) => stage,
            Err(finding) => {
                return CaseReport::new(
                    case.about(),
                    Err(finding),
                    begin.elapsed(),
                    Default::default(),
                );
            }
        };
        let outcome = match stage.lack(case.needs) {
            Some(finding) => Err(finding),
            None => catch_unwind(AssertUnwindSafe(|| (case.run)(&mut stage)))
                .unwrap_or_else(|_| Err(Finding::Error("the case panicked".to_owned()))),
        };
        let outcome = stage.look_back(outcome);
        let duration = begin.elapsed();
        CaseReport::new(case.about(), outcome, duration, stage.strike())
    }
}

/// Cases at a second look at once: each is a driver, and nearly all of it is waiting.
const AT_SECOND_LOOK: usize = 8;

/// A case that takes longer is broken, or meets a client that is.
const CASE_LIMIT: Duration = Duration::from_secs(60);
