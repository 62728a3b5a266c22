//! A broker that was started for a run, and ends with it.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::error::SubjectError;
use super::launch::Prepared;
use super::output::Output;

/// A child process in a process group of its own. Dropping it ends the group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    command: String,
    output: Output,
    readers: Vec<JoinHandle<()>>,
    stopped: bool,
}

impl Process {
    /// Starts what was prepared: first the commands that go before, then the one that stays.
    pub(super) fn start(prepared: &Prepared) -> Result<Self, SubjectError> {
        for line in &prepared.before {
            run(line, &prepared.environment)?;
        }
        let command = prepared.command.clone();
        let (program, mut ready) = command_of(&command, &prepared.environment)?;
        let mut child = ready
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|source| SubjectError::Start { program, source })?;
        groups().extend(Pid::from_raw(child.id().cast_signed()));
        let output = Output::default();
        let readers = [
            child.stdout.take().map(|stream| output.collect(stream)),
            child.stderr.take().map(|stream| output.collect(stream)),
        ];
        let readers = readers.into_iter().flatten().collect();
        Ok(Self { child, command, output, readers, stopped: false })
    }

    /// How it ended; `None` while it runs.
    pub(super) fn end(&self) -> Option<String> {
        // Without reaping: until then its number belongs to nobody else, and neither does the
        // number of its group.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = match waitid(WaitId::Pid(self.pid()?), options) {
            Ok(status) => status?,
            Err(error) => return Some(format!("no trace: {error}")),
        };
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown status".to_owned(),
        })
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Its process group, which has the number of its first process.
    pub(super) fn group(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn command(&self) -> &str {
        &self.command
    }

    pub(super) fn output(&self) -> String {
        self.output.text()
    }

    /// Gives it no time for anything: SIGKILL to its group.
    pub(super) fn kill(&self) {
        if let Some(group) = self.pid() {
            // It fails only when nobody of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Ends it, and gives the last that it has printed.
    pub(super) fn stop(&mut self) -> String {
        if !self.stopped {
            self.stopped = true;
            self.end_group();
            // The pipes are closed now, unless a process has left the group and kept them.
            let deadline = Instant::now() + LAST_WORDS;
            while !self.readers.iter().all(JoinHandle::is_finished) && Instant::now() < deadline {
                std::thread::sleep(BETWEEN_LOOKS);
            }
        }
        self.output.text()
    }

    /// SIGTERM, then, to what does not end by itself, SIGKILL: to the group and nothing else.
    fn end_group(&mut self) {
        let Some(group) = self.pid() else { return };
        // Either signal fails only when nobody of the group is left.
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while self.end().is_none() && Instant::now() < deadline {
            std::thread::sleep(BETWEEN_LOOKS);
        }
        let _ = kill_process_group(group, Signal::KILL);
        groups().retain(|&other| other != group);
        // Nobody is left to wait for, or the system refuses, and then nothing helps.
        let _ = self.child.wait();
    }
}

/// Runs a command to its end, which has to be a good one.
pub(super) fn run(line: &str, environment: &[(String, String)]) -> Result<(), SubjectError> {
    let (program, mut command) = command_of(line, environment)?;
    let output = command.output().map_err(|source| SubjectError::Start { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(SubjectError::Preparation {
        command: line.to_owned(),
        end: output.status.to_string(),
        output: String::from_utf8_lossy(&printed).trim_end().to_owned(),
    })
}

/// A command line as the system takes it, and the name of its program.
fn command_of(
    line: &str,
    environment: &[(String, String)],
) -> Result<(String, Command), SubjectError> {
    let words =
        shell_words::split(line).map_err(|error| SubjectError::CommandLine(error.to_string()))?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(SubjectError::CommandLine("it is empty".to_owned()));
    };
    let mut command = Command::new(program);
    let variables = environment.iter().map(|(name, value)| (name, value));
    command.args(arguments).envs(variables).stdin(Stdio::null());
    Ok((program.clone(), command))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The process groups that were started here and not stopped yet.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn groups() -> MutexGuard<'static, Vec<Pid>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks every broker that was started here and still runs to end: SIGTERM to its group.
pub(super) fn terminate_all() {
    for &group in groups().iter() {
        // It fails only when nobody of the group is left.
        let _ = kill_process_group(group, Signal::TERM);
    }
}

/// How long a broker may take to put its house in order.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait for what was printed before the end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Waiting for a child with a deadline is not in the standard library.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
