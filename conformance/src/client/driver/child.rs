//! A driver as a process: lines to its standard input, lines from its standard output.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::super::subject::DriverError;
use super::line::{Event, Introduction};
use crate::finding::Finding;
use crate::subject::{Group, Output, command_of};

/// A running driver. Dropping it ends it, and all that it has started.
#[derive(Debug)]
pub(super) struct Child {
    group: Group,
    stdin: Option<ChildStdin>,
    lines: Receiver<(Instant, String)>,
    errors: Output,
}

impl Child {
    /// Starts a driver by a command line.
    pub(super) fn start(line: &str) -> Result<Self, DriverError> {
        let (program, mut command) =
            command_of(line, &[]).map_err(|error| DriverError::CommandLine(error.to_string()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group =
            Group::spawn(&mut command).map_err(|source| DriverError::Start { program, source })?;
        let errors = Output::default();
        if let Some(stderr) = group.child().stderr.take() {
            drop(errors.collect(stderr));
        }
        let (sender, lines) = mpsc::sync_channel(MOST_LINES);
        if let Some(stdout) = group.child().stdout.take() {
            thread::spawn(move || {
                // A driver that floods its judge waits for it; one without a judge ends.
                for line in BufReader::new(stdout).lines() {
                    let Ok(line) = line else { return };
                    if sender.send((Instant::now(), line)).is_err() {
                        return;
                    }
                }
            });
        }
        let stdin = group.child().stdin.take();
        Ok(Self { group, stdin, lines, errors })
    }

    /// Waits for the first line, which introduces the client.
    pub(super) fn introduction(&mut self) -> Result<Introduction, DriverError> {
        let not_ready = |reason: String| DriverError::NotReady { reason };
        match self.event(Instant::now() + READY_WAIT) {
            Ok(Some((_, Event::Ready(introduction)))) => Ok(introduction),
            Ok(Some((_, other))) => Err(not_ready(format!("it said: {other}"))),
            Ok(None) => Err(not_ready(self.words(&format!("nothing for {READY_WAIT:?}")))),
            Err(finding) => Err(not_ready(finding.to_string())),
        }
    }

    /// Sends a command.
    pub(super) fn tell(&mut self, command: &impl Serialize) -> Result<(), Finding> {
        let line = serde_json::to_string(command).map_err(|error| {
            Finding::Error(format!("the judge has no words for a command: {error}"))
        })?;
        let sent =
            self.stdin.as_mut().map(|stdin| writeln!(stdin, "{line}").and_then(|()| stdin.flush()));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(Finding::inconclusive(self.words("the driver takes no more commands"))),
        }
    }

    /// The next event, with the moment at which it was told; `None` when there is none until `deadline`.
    pub(super) fn event(&mut self, deadline: Instant) -> Result<Option<(Instant, Event)>, Finding> {
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            let (when, line) = match self.lines.recv_timeout(wait) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Finding::inconclusive(self.words("the driver has ended")));
                }
            };
            // What a library prints on its own is not for the judge.
            if !line.trim_start().starts_with('{') {
                continue;
            }
            return serde_json::from_str(&line).map(|event| Some((when, event))).map_err(|error| {
                Finding::Error(format!("the driver said what is no event: {line}: {error}"))
            });
        }
    }

    /// How it has ended, with its last words; `None` while it runs.
    pub(super) fn end(&self) -> Option<String> {
        self.group.end().map(|end| self.words(&end))
    }

    fn words(&self, what: &str) -> String {
        let end = self.group.end().map(|end| format!(", {end}")).unwrap_or_default();
        match self.errors.text() {
            printed if printed.is_empty() => format!("{what}{end}"),
            printed => {
                let last: Vec<_> = printed.lines().rev().take(MOST_WORDS).collect();
                let last: Vec<_> = last.into_iter().rev().collect();
                format!("{what}{end}; it printed: {}", last.join(" / "))
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Who reads to the end of its input ends by itself.
        self.stdin = None;
        self.group.stop(GRACE);
    }
}

/// Long enough for a virtual machine to start on a busy machine.
const READY_WAIT: Duration = Duration::from_secs(30);

/// How long a driver may take to end.
const GRACE: Duration = Duration::from_millis(500);

/// Lines that wait for the judge.
const MOST_LINES: usize = 10_000;

/// Lines of what a driver has printed that a reason repeats.
const MOST_WORDS: usize = 3;
