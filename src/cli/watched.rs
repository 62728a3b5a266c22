//! A run that a signal may cut short: its reports then say what had been judged by then.
//!
//! The run goes on a thread of its own. On SIGINT or SIGTERM nobody waits for the cases that are
//! on their way, which may take a minute: what has a verdict is reported, and the program ends.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use mqttspec_conformance::{Capabilities, CaseReport, Progress, Report, Subject};

use super::exit::Failed;
use super::interrupt::Signals;
use super::progress::Bar;

/// What comes of a run.
pub(super) struct Watched {
    pub(super) report: Report,
    /// What the program ends with, if a signal has cut it short.
    pub(super) interrupted: Option<u8>,
}

impl Watched {
    /// What the program ends with.
    pub(super) fn exit_code(&self) -> u8 {
        self.interrupted.unwrap_or_else(|| self.report.exit_code())
    }
}

/// What a run had come to when it was interrupted.
pub(super) struct Unfinished {
    pub(super) capabilities: Capabilities,
    pub(super) finished: Vec<CaseReport>,
    pub(super) duration: Duration,
}

/// What happens in a run.
enum Event {
    Begun(Capabilities, usize),
    Finished(Box<CaseReport>, usize),
    Interrupted(u8),
    Over(Box<Report>),
}

/// Tells the events of a run to another thread, which may have gone.
struct Relay(Sender<Event>);

impl Progress for Relay {
    fn begun(&mut self, capabilities: &Capabilities, cases: usize) {
        let _ = self.0.send(Event::Begun(capabilities.clone(), cases));
    }

    fn finished(&mut self, case: &CaseReport, done: usize) {
        let _ = self.0.send(Event::Finished(Box::new(case.clone()), done));
    }
}

/// Runs `judge` and shows how far it has come. When a signal comes first, the report is what
/// `report` makes of what there is; what was started here has been asked to end then.
pub(super) fn watch(
    caught: &Signals,
    quiet: bool,
    judge: impl FnOnce(&mut dyn Progress) -> Report + Send + 'static,
    report: impl FnOnce(Unfinished) -> Report,
) -> Result<Watched, Failed> {
    let (sender, events) = channel();
    let signals = sender.clone();
    caught.at_first(move |code| drop(signals.send(Event::Interrupted(code))));
    let begin = Instant::now();
    thread::spawn(move || {
        let report = judge(&mut Relay(sender.clone()));
        let _ = sender.send(Event::Over(Box::new(report)));
    });
    let mut bar = Bar::new(quiet);
    let mut unfinished = None;
    let mut finished = Vec::new();
    for event in events {
        match event {
            Event::Begun(capabilities, cases) => {
                bar.begun(&capabilities, cases);
                unfinished = Some(capabilities);
            }
            Event::Finished(case, done) => {
                bar.finished(&case, done);
                finished.push(*case);
            }
            Event::Over(report) => {
                bar.clear();
                return Ok(Watched { report: *report, interrupted: None });
            }
            Event::Interrupted(code) => {
                bar.clear();
                let duration = begin.elapsed();
                let capabilities = unfinished.unwrap_or_default();
                let report = report(Unfinished { capabilities, finished, duration });
                Subject::terminate_all();
                return Ok(Watched { report, interrupted: Some(code) });
            }
        }
    }
    // Only a run that panicked ends without a word, and it has said why.
    Err(Failed::from(anyhow!("the run ended without a report")))
}
