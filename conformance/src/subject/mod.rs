//! The broker under test: where it is, how to reach it, and whether it is still there.

mod error;
mod output;
mod process;
mod target;

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::peer::{Tcp, Transport};
use crate::wire::{Connect, Octets, Packet, Reader, Sender};

pub use error::SubjectError;
pub use target::{InvalidTarget, Target};

use process::Process;

/// A broker under test: one that runs already, or one that was started for the purpose and is
/// stopped when this is dropped.
#[derive(Debug)]
pub struct Subject {
    target: Target,
    credentials: Option<(String, Option<String>)>,
    process: Option<Mutex<Process>>,
}

impl Subject {
    /// A broker that runs already.
    pub const fn at(target: Target) -> Self {
        Self { target, credentials: None, process: None }
    }

    /// Starts a broker by a command line and waits until it answers a CONNECT.
    ///
    /// The line is split as a shell splits it, but no shell runs it. `{port}` in it stands for a
    /// free port of this machine, on which the broker has to listen. The broker gets a process
    /// group of its own; dropping the subject ends that group, by SIGTERM at first.
    ///
    /// # Errors
    ///
    /// [`SubjectError::CommandLine`] when the line cannot be split or does not name `{port}`,
    /// [`SubjectError::Start`] when the program cannot be started, and [`SubjectError::NotReady`]
    /// when it ends, or does not answer within `wait`: then with what it has printed.
    pub fn spawn(command: &str, wait: Duration) -> Result<Self, SubjectError> {
        let port = free_port().map_err(SubjectError::NoPort)?;
        let mut process = Process::start(command, port)?;
        let subject = Self::at(Target::new("127.0.0.1", port));
        let deadline = Instant::now() + wait;
        loop {
            let error = match subject.answers(deadline) {
                Ok(()) => break,
                Err(error) => error,
            };
            let reason = match process.end() {
                Some(end) => format!("it ended with {end}"),
                None if Instant::now() >= deadline => format!("no answer to a CONNECT: {error}"),
                None => {
                    // The one way to learn that a foreign program is ready is to ask it again.
                    std::thread::sleep(BETWEEN_ATTEMPTS);
                    continue;
                }
            };
            return Err(SubjectError::NotReady { reason, output: process.stop() });
        }
        Ok(Self { process: Some(Mutex::new(process)), ..subject })
    }

    /// Asks every broker that was started here and still runs to end, for a program that is itself
    /// about to end by a signal: brokers have process groups of their own, which a Ctrl-C does not
    /// reach.
    pub fn terminate_all() {
        process::terminate_all();
    }

    /// Has each CONNECT carry this user name and, if there is one, this password.
    #[must_use]
    pub fn with_credentials(mut self, username: &str, password: Option<&str>) -> Self {
        self.credentials = Some((username.to_owned(), password.map(str::to_owned)));
        self
    }

    /// Where it is.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The command line that started it; `None` when it ran already.
    pub fn command(&self) -> Option<String> {
        let process = self.process.as_ref()?.lock().ok()?;
        Some(process.command().to_owned())
    }

    /// The process group that it runs in, when it was started here.
    pub fn process_group(&self) -> Option<u32> {
        let process = self.process.as_ref()?.lock().ok()?;
        Some(process.group())
    }

    /// The last that it has printed, when it was started here.
    pub fn output(&self) -> Option<String> {
        let process = self.process.as_ref()?.lock().ok()?;
        Some(process.output())
    }

    /// Asks whether it is still there: that its process runs and that it takes connections.
    ///
    /// # Errors
    ///
    /// A sentence that says what is missing.
    pub fn check_alive(&self) -> Result<(), String> {
        if let Some(process) = &self.process {
            let end = process.lock().ok().and_then(|process| process.end());
            if let Some(end) = end {
                return Err(format!("it ended with {end}"));
            }
        }
        match self.dial(CHECK_WAIT) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("it takes no connection: {error}")),
        }
    }

    /// Asks whether it answers a CONNECT within `wait`, with whatever packet.
    ///
    /// # Errors
    ///
    /// A sentence that says what is missing.
    pub fn check_answers(&self, wait: Duration) -> Result<(), String> {
        self.check_alive()?;
        self.answers(Instant::now() + wait)
            .map_err(|error| format!("it answers no CONNECT any more: {error}"))
    }

    /// Opens a connection.
    pub(crate) fn dial(&self, wait: Duration) -> io::Result<Box<dyn Transport>> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (self.target.host(), self.target.port()).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, wait) {
                Ok(stream) => return Ok(Box::new(Tcp::new(stream)?)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Adds what the subject wants to know of every Client.
    pub(crate) fn introduce(&self, connect: Connect) -> Connect {
        match &self.credentials {
            None => connect,
            Some((username, None)) => connect.username(username.as_str()),
            Some((username, Some(password))) => {
                connect.username(username.as_str()).password(password.as_str())
            }
        }
    }

    /// Sends a CONNECT and waits for whatever packet comes back.
    fn answers(&self, deadline: Instant) -> io::Result<()> {
        let left = || deadline.saturating_duration_since(Instant::now()).min(CHECK_WAIT);
        let mut transport = self.dial(left().max(BETWEEN_ATTEMPTS))?;
        // Several ask at the same time, and none may take over the connection of another.
        let id = format!("mqttspecReady{}", ASKED.fetch_add(1, Ordering::Relaxed));
        transport.write(&self.introduce(Connect::clean(id)).octets(), left())?;
        let mut reader = Reader::new(Sender::Server);
        let mut buffer = [0; 256];
        loop {
            match transport.read(&mut buffer, left())? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => reader.push(&buffer[..length]),
            }
            if reader.next_read().is_some() {
                return transport.write(&Packet::Disconnect.octets(), left());
            }
        }
    }
}

/// How many have asked a subject whether it answers.
static ASKED: AtomicU32 = AtomicU32::new(0);

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Short beside the start of any broker, long beside an attempt.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// A broker that takes no connection for so long counts as gone.
const CHECK_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
