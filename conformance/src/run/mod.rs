//! A run: which cases, how many at once, and what becomes of a subject that dies.
//!
//! One thread a case. Cases that wait by design start first, so that a run lasts about as long
//! as the longest of them. The report has document order, whatever finished when.

mod afresh;
mod looks;
mod loss;
mod recovery;

pub(crate) use looks::each;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::case::{About, Case, ClientCase, Level};
use crate::cases::server;
use crate::finding::Finding;
use crate::need::{Capabilities, Need};
use crate::options::RunOptions;
use crate::oracle::Ledger;
use crate::peer::Pace;
use crate::probe::{Found, PROBES, QUICK, THOROUGH};
use crate::profile::Limits;
use crate::report::{CaseReport, Report};
use crate::stage::{Look, Stage};
use crate::subject::Subject;

use loss::guard;

/// What a run tells while it runs. `()` does not listen.
pub trait Progress {
    /// The subject was reached and probed; so many cases follow.
    fn begun(&mut self, capabilities: &Capabilities, cases: usize);

    /// A case is over, the first, second, third … of all.
    fn finished(&mut self, case: &CaseReport, done: usize);
}

impl Progress for () {
    fn begun(&mut self, _: &Capabilities, _: usize) {}

    fn finished(&mut self, _: &CaseReport, _: usize) {}
}

/// Judges a broker by the cases that the options select.
///
/// A subject that cannot be reached, or dies on the way, gives a report all the same: it says so,
/// and its [exit code](Report::exit_code) is 3.
pub fn judge(subject: &Subject, options: &RunOptions, progress: &mut dyn Progress) -> Report {
    let run = Run {
        subject,
        options,
        capabilities: Capabilities::default(),
        tag: run_tag(),
        begin: Instant::now(),
        answered: false,
        lost: Mutex::default(),
        losses: Mutex::default(),
        starved: Mutex::default(),
        looks: AtomicUsize::new(0),
        running: Mutex::default(),
        ledger: Ledger::default(),
        pace: Arc::default(),
    };
    let is_background =
        |case: &Case| server::background().any(|other| other.address == case.address);
    let selected: Vec<_> =
        server::all().filter(|case| options.selects(case) && !is_background(case)).collect();
    if let Err(reason) = subject.check_alive() {
        return run.report(Vec::new(), Some(reason));
    }
    let answered = subject.check_answers(options.patience).is_ok();
    let run = Run { capabilities: run.probe(), answered, ..run };
    let background = server::background().filter(|case| options.selects(case)).count();
    progress.begun(&run.capabilities, selected.len() + background);
    let mut cases = run.all(&selected, progress);
    cases.extend(run.background(cases.len(), progress));
    let lost = run.lost();
    run.report(cases, lost)
}

/// What is known of a broker when its run is interrupted: what became of the cases that are
/// `finished`, and that the others were not reached.
pub fn interrupted(
    subject: &Subject,
    options: &RunOptions,
    capabilities: &Capabilities,
    finished: Vec<CaseReport>,
    duration: Duration,
) -> Report {
    let selected = server::all().filter(|case| options.selects(case)).map(Case::about);
    let cases = with_not_reached(selected, finished);
    Report::new(subject, options, capabilities, cases, None, duration)
}

/// Those that are `finished` and those that are not, in the order of `selected`.
pub(crate) fn with_not_reached(
    selected: impl Iterator<Item = About>,
    finished: Vec<CaseReport>,
) -> Vec<CaseReport> {
    let mut finished: BTreeMap<_, _> =
        finished.into_iter().map(|report| (report.case, report)).collect();
    let report = |case: About| {
        finished.remove(case.address).unwrap_or_else(|| CaseReport::not_reached(case))
    };
    selected.map(report).collect()
}

/// Finds out what a broker offers, how much it takes, and what it does where it is free.
///
/// Takes longer than the probe before a run, since it looks for limits that no case depends on.
pub fn probe(subject: &Subject, options: &RunOptions, progress: &mut dyn Progress) -> Found {
    let mut options = options.clone();
    options.level = Some(Level::Observe);
    options.thorough = true;
    judge(subject, &options, progress).into()
}

struct Run<'a> {
    subject: &'a Subject,
    options: &'a RunOptions,
    capabilities: Capabilities,
    /// Letters and digits that no other run has.
    tag: String,
    begin: Instant,
    /// Whether the subject answered a CONNECT before the first case.
    answered: bool,
    /// Why the subject is no longer there; the first reason of several.
    lost: Mutex<Option<String>>,
    /// Why it had to be started anew, each time.
    losses: Mutex<Vec<String>>,
    /// Cases that were owed a packet, by place; for the last look.
    starved: Mutex<BTreeMap<usize, CaseReport>>,
    /// How many cases have been looked at, once more for each further look.
    looks: AtomicUsize,
    /// The addresses of the cases that run now.
    running: Mutex<Vec<&'static str>>,
    /// What the oracle has heard.
    ledger: Ledger,
    /// How long the subject takes.
    pace: Arc<Pace>,
}

impl Run<'_> {
    fn probe(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        let mut limits = Limits::default();
        capabilities.note(Need::WebSocket, self.subject.websocket().is_some());
        if self.options.unprobed {
            capabilities.follow(self.options.profile.as_ref());
            return capabilities;
        }
        thread::scope(|scope| {
            let how_much = if self.options.thorough { THOROUGH } else { QUICK };
            let how_much: Vec<_> = how_much
                .iter()
                .enumerate()
                .map(|(number, &probe)| {
                    let ask = move || {
                        let stage = self.stage(&format!("l{number}"));
                        let most = probe.most(&stage);
                        stage.strike();
                        most
                    };
                    (probe.limit, scope.spawn(ask))
                })
                .collect();
            let probes: Vec<_> = PROBES
                .iter()
                .enumerate()
                .map(|(number, &(need, probe))| {
                    let ask = move || {
                        let stage = self.stage(&format!("p{number}"));
                        let offered = probe(&stage);
                        stage.strike();
                        offered
                    };
                    (need, scope.spawn(ask))
                })
                .collect();
            for (need, probe) in probes {
                // What could not be found out counts as offered: its cases will say why.
                if let Ok(Ok(offered)) = probe.join() {
                    capabilities.note(need, offered);
                }
            }
            for (limit, probe) in how_much {
                if let Ok(Ok(most)) = probe.join() {
                    *limit(&mut limits) = most;
                }
            }
        });
        capabilities.note_limits(limits);
        capabilities.follow(self.options.profile.as_ref());
        capabilities
    }

    /// What the oracle has heard: of the rules that were asked for, and of those that are broken.
    fn background(&self, done: usize, progress: &mut dyn Progress) -> Vec<CaseReport> {
        let asked =
            |case: &&Case| self.options.selects(case) || self.ledger.is_broken(case.address);
        let cases = server::background().filter(asked).enumerate();
        cases
            .map(|(number, case)| {
                let report = self.tell(case);
                progress.finished(&report, done + number + 1);
                report
            })
            .collect()
    }

    fn tell(&self, case: &'static Case) -> CaseReport {
        let mut stage = self.stage("0");
        let outcome = (case.run)(&mut stage);
        CaseReport::new(case.about(), outcome, Duration::ZERO, stage.strike())
    }

    fn one(&self, case: &'static Case, look: &Look) -> CaseReport {
        if self.lost().is_some() {
            let outcome = Err(Finding::Error("not run: the subject is gone".to_owned()));
            return CaseReport::new(case.about(), outcome, Duration::ZERO, Default::default())
                .lost();
        }
        if let Some(finding) = self.unmet(case) {
            let outcome = Err(finding);
            return CaseReport::new(case.about(), outcome, Duration::ZERO, Default::default());
        }
        self.running().push(case.address);
        let begin = Instant::now();
        // What one look has left behind is not found at another.
        let number = self.looks.fetch_add(1, Ordering::Relaxed);
        let mut stage = self.stage_for(&base36(number, 3), look.clone());
        let outcome = catch_unwind(AssertUnwindSafe(|| (case.run)(&mut stage)))
            .unwrap_or_else(|_| Err(Finding::Error("the case panicked".to_owned())))
            .and_then(|()| stage.control());
        let duration = begin.elapsed();
        let pages = stage.strike();
        self.ledger.enter(case.address, &pages);
        let outcome = self.look_after(case, outcome, pages.sent_invalid, look.is_last);
        self.running().retain(|address| *address != case.address);
        let is_lost = matches!(outcome, Err(Finding::Error(_))) && self.lost().is_some();
        let report = CaseReport::new(case.about(), outcome, duration, pages);
        if is_lost { report.lost() } else { report }
    }

    /// What comes of a case that cannot run. That the subject goes without is its right, unless
    /// its profile says that it does not.
    fn unmet(&self, case: &Case) -> Option<Finding> {
        let unmet = || case.needs.iter().copied().filter(|&need| !self.capabilities.meets(need));
        match unmet().find(|&need| self.capabilities.is_claimed_in_vain(need)) {
            Some(need) => {
                let name = need.name().unwrap_or_default();
                Some(Finding::fail(format!("{name}, which its profile claims"), "none"))
            }
            None => Some(Finding::Unsupported(self.capabilities.lack(unmet().next()?)?)),
        }
    }

    fn stage(&self, name: &str) -> Stage<'_> {
        self.stage_for(name, self.only_look())
    }

    fn stage_for(&self, name: &str, look: Look) -> Stage<'_> {
        let tag = format!("{}{name}", self.tag);
        Stage::new(self.subject, self.options, &self.capabilities, &self.ledger, tag, look)
    }

    fn report(&self, cases: Vec<CaseReport>, lost: Option<String>) -> Report {
        let duration = self.begin.elapsed();
        let losses = guard(&self.losses).clone();
        Report::new(self.subject, self.options, &self.capabilities, cases, lost, duration)
            .after_losses(losses)
    }
}

impl RunOptions {
    /// Whether all that narrows the run leaves the case in.
    pub fn selects(&self, case: &Case) -> bool {
        let by_bug =
            self.bugs.is_empty() || self.bugs.iter().any(|bug| bug.is_shown_by(case.address));
        let by_level = self.level.is_none_or(|level| level == case.level)
            || (self.thorough && OBSERVING.contains(&case.address));
        self.selects_by_name(&case.about()) && by_bug && by_level
    }

    /// The same of a case for clients.
    pub fn selects_client(&self, case: &ClientCase) -> bool {
        let by_level = self.level.is_none_or(|level| level == case.level);
        self.selects_by_name(&case.about()) && by_level
    }

    fn selects_by_name(&self, case: &About) -> bool {
        let by_address = self.filter.as_ref().is_none_or(|glob| glob.matches(case.address));
        let by_statement = self.statements.is_empty()
            || self
                .statements
                .iter()
                .any(|id| case.statements.iter().any(|statement| statement.parse() == Ok(*id)));
        let by_set = self.requirements.as_ref().is_none_or(|set| set.contains(case.address));
        let by_list = self.among.as_ref().is_none_or(|among| among.contains(case.address));
        by_list && by_address && by_statement && by_set
    }
}

impl Case {
    /// Whether no other case can run beside it, or after.
    fn is_alone(&self) -> bool {
        self.needs.contains(&Need::Restart)
    }

    /// About how long it waits by design, in seconds.
    fn seconds(&self) -> u16 {
        let seconds = |need: &Need| if let Need::Seconds(seconds) = need { *seconds } else { 0 };
        self.needs.iter().map(seconds).max().unwrap_or(0)
    }
}

/// Six letters and digits, other ones for each run on this machine.
pub(crate) fn run_tag() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Neighbouring runs differ in the low digits, which are the ones kept.
    let micros = usize::try_from(now.as_micros() & 0xffff_ffff).unwrap_or_default();
    let process = usize::try_from(std::process::id()).unwrap_or_default();
    base36(micros ^ process << 12, 6)
}

/// The last `digits` digits of a number in base 36.
pub(crate) fn base36(mut number: usize, digits: usize) -> String {
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
        number /= 36;
    }
    text.into_iter().map(char::from).collect()
}

/// Cases that judge, and tell on the way what a probe wants to know.
const OBSERVING: [&str; 4] = [
    "access/filter-without-rights-brings-nothing",
    "access/unknown-user-gets-a-fitting-code",
    "client-id/empty-is-taken-or-refused",
    "keep-alive/silence-closes",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base36_keeps_the_low_digits() {
        assert_eq!(base36(0, 3), "000");
        assert_eq!(base36(35, 3), "00z");
        assert_eq!(base36(36 * 36 * 36 + 1, 3), "001");
    }

    #[test]
    fn what_a_probe_runs_beside_is_there() {
        for address in OBSERVING {
            assert!(server::all().any(|case| case.address == address), "{address}");
        }
    }

    #[test]
    fn options_select_by_address_and_by_statement() {
        let case = server::all().next().unwrap();
        let mut options = RunOptions::default();
        assert!(options.selects(case));
        options.statements = vec![case.statements[0].parse().unwrap()];
        assert!(options.selects(case));
        options.filter = Some(crate::Glob::new("no-such-part/*"));
        assert!(!options.selects(case));
        options.filter = None;
        options.statements = vec!["MQTT-7.1.2-1".parse().unwrap()];
        assert!(!options.selects(case));
    }
}
