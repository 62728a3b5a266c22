//! How far a run has come: one line on the terminal, and nothing where there is none.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use mqttspec_conformance::{Capabilities, CaseReport, Progress, Verdict};

/// A line that fills up.
pub(super) struct Bar {
    shown: bool,
    cases: usize,
    failed: usize,
    drawn: Option<Instant>,
}

/// No eye follows more.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(50);
const WIDTH: usize = 32;

impl Bar {
    /// A line on standard error, if that is a terminal and nobody wants it `quiet`.
    pub(super) fn new(quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        Self { shown, cases: 0, failed: 0, drawn: None }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn draw(&self, done: usize, last: &str) {
        const DONE: Style = AnsiColor::Green.on_default();
        const FAILED: Style = AnsiColor::Red.on_default().bold();
        const DIM: Style = Style::new().dimmed();
        let filled = WIDTH * done / self.cases.max(1);
        let (full, empty) = ("━".repeat(filled), "━".repeat(WIDTH - filled));
        let failed = match self.failed {
            0 => String::new(),
            failed => format!("  {FAILED}{failed} failed{FAILED:#}"),
        };
        // A terminal that cannot be written to is no reason to give up the run.
        let _ = write!(
            anstream::stderr(),
            "\r\x1b[K{DONE}{full}{DONE:#}{DIM}{empty}{DIM:#} {done}/{}{failed}  {DIM}{last}{DIM:#}",
            self.cases
        );
    }
}

impl Progress for Bar {
    fn begun(&mut self, _: &Capabilities, cases: usize) {
        self.cases = cases;
        if self.shown {
            self.draw(0, "");
        }
    }

    fn finished(&mut self, case: &CaseReport, done: usize) {
        self.failed += usize::from(case.verdict == Verdict::Fail);
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= BETWEEN_DRAWINGS);
        if self.shown && (due || done == self.cases) {
            self.drawn = Some(Instant::now());
            self.draw(done, case.case);
        }
    }
}
