//! A broker that was started for a run, and ends with it.

use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::SubjectError;
use super::group::Group;
use super::launch::Prepared;
use super::output::Output;

/// A child process in a process group of its own. Dropping it ends the group.
#[derive(Debug)]
pub(super) struct Process {
    group: Group,
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
        let mut group = Group::spawn(ready.stdout(Stdio::piped()).stderr(Stdio::piped()))
            .map_err(|source| SubjectError::Start { program, source })?;
        let output = Output::default();
        let readers = [
            group.child().stdout.take().map(|stream| output.collect(stream)),
            group.child().stderr.take().map(|stream| output.collect(stream)),
        ];
        let readers = readers.into_iter().flatten().collect();
        Ok(Self { group, command, output, readers, stopped: false })
    }

    /// How it ended; `None` while it runs.
    pub(super) fn end(&self) -> Option<String> {
        self.group.end()
    }

    /// Its process group, which has the number of its first process.
    pub(super) fn group(&self) -> u32 {
        self.group.number()
    }

    pub(super) fn command(&self) -> &str {
        &self.command
    }

    pub(super) fn output(&self) -> String {
        self.output.text()
    }

    /// Gives it no time for anything: SIGKILL to its group.
    pub(super) fn kill(&self) {
        self.group.kill();
    }

    /// Ends it, and gives the last that it has printed.
    pub(super) fn stop(&mut self) -> String {
        if !self.stopped {
            self.stopped = true;
            self.group.stop(GRACE);
            // The pipes are closed now, unless a process has left the group and kept them.
            let deadline = Instant::now() + LAST_WORDS;
            while !self.readers.iter().all(JoinHandle::is_finished) && Instant::now() < deadline {
                std::thread::sleep(BETWEEN_LOOKS);
            }
        }
        self.output.text()
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
pub(crate) fn command_of(
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

/// How long a broker may take to put its house in order.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait for what was printed before the end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Waiting for a child with a deadline is not in the standard library.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
