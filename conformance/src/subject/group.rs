//! A program that was started here, with all that it starts: its process group.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// A child process in a process group of its own. Dropping it without [`stop`](Self::stop) kills
/// the group.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    stopped: bool,
}

impl Group {
    /// Starts the command.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        // Held meanwhile, so that nothing begins behind the end of all.
        let mut groups = groups();
        if groups.is_over {
            return Err(io::Error::other("everything was asked to end"));
        }
        let child = command.process_group(0).spawn()?;
        groups.running.extend(Pid::from_raw(child.id().cast_signed()));
        Ok(Self { child, stopped: false })
    }

    /// Its first process, for the ends of its pipes.
    pub(crate) const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its number, which is that of its first process.
    pub(crate) fn number(&self) -> u32 {
        self.child.id()
    }

    /// How the first process ended; `None` while it runs.
    pub(crate) fn end(&self) -> Option<String> {
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

    /// SIGTERM, then, to what has not ended by itself after `grace`, SIGKILL: to the group and
    /// nothing else.
    pub(crate) fn stop(&mut self, grace: Duration) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        let Some(group) = self.pid() else { return };
        // Either signal fails only when nobody of the group is left.
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + grace;
        while self.end().is_none() && Instant::now() < deadline {
            std::thread::sleep(BETWEEN_LOOKS);
        }
        let _ = kill_process_group(group, Signal::KILL);
        groups().running.retain(|&other| other != group);
        // Nobody is left to wait for, or the system refuses, and then nothing helps.
        let _ = self.child.wait();
    }

    /// Gives it no time for anything: SIGKILL to the group.
    pub(crate) fn kill(&self) {
        if let Some(group) = self.pid() {
            // It fails only when nobody of the group is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

/// The process groups that were started here and not stopped yet.
static GROUPS: Mutex<Groups> = Mutex::new(Groups { running: Vec::new(), is_over: false });

struct Groups {
    running: Vec<Pid>,
    /// Nothing is started any more.
    is_over: bool,
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks every program that was started here and still runs to end: SIGTERM to its group. No other
/// is started any more: a run that goes on meanwhile would start its lost subject anew.
pub(super) fn terminate_all() {
    let mut groups = groups();
    groups.is_over = true;
    for &group in &groups.running {
        // It fails only when nobody of the group is left.
        let _ = kill_process_group(group, Signal::TERM);
    }
}

/// Waiting for a child with a deadline is not in the standard library.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
