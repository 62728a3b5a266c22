//! The broker under test: where it is, how to reach it, and whether it is still there.

mod dial;
mod error;
mod group;
mod launch;
mod output;
mod process;
mod security;
mod target;

use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::peer::{Transport, Upgraded};
use crate::profile::{Addresses, Credentials, Profile};
use crate::websocket::Request;
use crate::wire::{Connect, Octets, Packet, Reader, Sender};

pub use error::SubjectError;
pub(crate) use group::Group;
pub use launch::Launch;
pub(crate) use output::Output;
pub(crate) use process::command_of;
pub use security::{Security, SecurityError};
pub use target::{InvalidTarget, Target};

use dial::Dialer;
use launch::Prepared;
use process::Process;

/// A broker under test: one that runs already, or one that was started for the purpose and is
/// stopped when this is dropped.
#[derive(Debug)]
pub struct Subject {
    target: Target,
    websocket: Option<Target>,
    dialer: Dialer,
    credentials: Option<(String, Option<String>)>,
    process: Option<Arc<Mutex<Started>>>,
    /// The command of a profile that restarts it.
    restart: Option<String>,
}

/// A broker that was started here, and what it takes to start it again.
#[derive(Debug)]
struct Started {
    process: Process,
    prepared: Prepared,
    wait: Duration,
}

impl Subject {
    /// A broker that runs already. Each CONNECT carries the user name and password of the target,
    /// if it has any.
    pub fn at(target: Target) -> Self {
        let credentials = target
            .credentials()
            .map(|(username, password)| (username.to_owned(), password.map(str::to_owned)));
        let dialer = Dialer::default();
        Self { target, websocket: None, dialer, credentials, process: None, restart: None }
    }

    /// Starts a broker by a command line and waits until it answers a CONNECT.
    ///
    /// The line is split as a shell splits it, but no shell runs it. [`Launch`] has the
    /// placeholders, of which `{port}` must be there. The broker gets a process group of its own;
    /// dropping the subject ends that group, by SIGTERM at first.
    ///
    /// # Errors
    ///
    /// [`SubjectError::CommandLine`] when the line cannot be split or does not name `{port}`,
    /// [`SubjectError::Start`] when the program cannot be started, and [`SubjectError::NotReady`]
    /// when it ends, or does not answer in time: then with what it has printed.
    pub fn spawn(launch: impl Into<Launch>) -> Result<Self, SubjectError> {
        Self::spawn_at(&launch.into(), &Addresses::default(), None, Dialer::default())
    }

    /// The same for a broker that is not to be reached by plain TCP on `{port}`: `url` says where
    /// it is, with the placeholders of [`Launch`], such as `wss://127.0.0.1:{port}/mqtt`.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn), [`SubjectError::Target`] for a `url` that is none, and
    /// [`SubjectError::Security`].
    pub fn spawn_behind(
        launch: impl Into<Launch>,
        url: &str,
        security: &Security,
    ) -> Result<Self, SubjectError> {
        let at = Addresses { mqtt: Some(url.to_owned()), websocket: None };
        Self::spawn_at(&launch.into(), &at, None, Dialer::new(security)?)
    }

    /// The broker of a profile: started, if the profile says how, else where it says that it is.
    /// `None` when it says neither.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn), and [`SubjectError::Target`] when its address is none.
    pub fn of_profile(profile: &Profile) -> Result<Option<Self>, SubjectError> {
        let subject = match (&profile.start, &profile.at.mqtt) {
            (Some(launch), _) => {
                let credentials = profile.credentials.as_ref();
                Self::spawn_at(launch, &profile.at, credentials, Dialer::default())?
            }
            (None, Some(url)) => {
                let subject = Self::at(url.parse()?);
                match &profile.at.websocket {
                    Some(url) => subject.with_websocket(url.parse()?),
                    None => subject,
                }
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(subject.following(profile)))
    }

    /// Has it take from a profile what every CONNECT carries, and how it is restarted.
    #[must_use]
    pub fn following(mut self, profile: &Profile) -> Self {
        self.restart = profile.restart.as_ref().and_then(|restart| restart.command.clone());
        match &profile.credentials {
            None => self,
            Some(Credentials { username, password, .. }) => {
                self.with_credentials(username, password.as_deref())
            }
        }
    }

    fn spawn_at(
        launch: &Launch,
        at: &Addresses,
        credentials: Option<&Credentials>,
        dialer: Dialer,
    ) -> Result<Self, SubjectError> {
        let mut prepared = launch.prepare()?;
        let mut subject = Self::at(match &at.mqtt {
            Some(url) => prepared.fill(url)?.parse()?,
            None => Target::new("127.0.0.1", prepared.port),
        });
        subject.dialer = dialer;
        let websocket = match (&at.websocket, prepared.websocket_port()) {
            (Some(url), _) => Some(prepared.fill(url)?.parse()?),
            (None, Some(port)) => Some(Target::websocket("127.0.0.1", port, Target::DEFAULT_PATH)),
            (None, None) => None,
        };
        if let Some(websocket) = websocket {
            subject = subject.with_websocket(websocket);
        }
        if let Some(Credentials { username, password, .. }) = credentials {
            subject = subject.with_credentials(username, password.as_deref());
        }
        let wait = launch.wait();
        let process = subject.start(&prepared, wait)?;
        let started = Arc::new(Mutex::new(Started { process, prepared, wait }));
        Ok(Self { process: Some(started), ..subject })
    }

    /// Starts what was prepared and waits until it answers a CONNECT.
    fn start(&self, prepared: &Prepared, wait: Duration) -> Result<Process, SubjectError> {
        let mut process = Process::start(prepared)?;
        let deadline = Instant::now() + wait;
        match self.wait_for_answer(deadline, || process.end()) {
            Ok(()) => Ok(process),
            Err(reason) => Err(SubjectError::NotReady { reason, output: process.stop() }),
        }
    }

    /// Asks until it answers a CONNECT, has ended, or `deadline` is there.
    fn wait_for_answer(
        &self,
        deadline: Instant,
        end: impl Fn() -> Option<String>,
    ) -> Result<(), String> {
        loop {
            let Err(error) = self.answers(deadline) else { return Ok(()) };
            match end() {
                Some(end) => return Err(format!("it ended with {end}{}", left_alone(&end))),
                None if Instant::now() >= deadline => {
                    return Err(format!("no answer to a CONNECT: {error}"));
                }
                // The one way to learn that a foreign program is ready is to ask it again.
                None => std::thread::sleep(BETWEEN_ATTEMPTS),
            }
        }
    }

    /// Whether it was started here, and is stopped at the end.
    pub(crate) const fn is_started_here(&self) -> bool {
        self.process.is_some()
    }

    /// Stops it and starts it again, on the same ports and with the same files, and waits until it
    /// answers a CONNECT. One that was started here gets SIGTERM; for another, the command of its
    /// profile is run.
    ///
    /// # Errors
    ///
    /// Those of [`spawn`](Self::spawn), [`SubjectError::Preparation`] when the command fails, and
    /// [`SubjectError::NoRestart`] when there is none.
    pub(crate) fn restart(&self) -> Result<(), SubjectError> {
        if let Some(started) = &self.process {
            let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
            started.process.stop();
            started.process = self.start(&started.prepared, started.wait)?;
            return Ok(());
        }
        let command = self.restart.as_ref().ok_or(SubjectError::NoRestart)?;
        process::run(command, &[])?;
        self.wait_for_answer(Instant::now() + RESTART_WAIT, || None)
            .map_err(|reason| SubjectError::NotReady { reason, output: String::new() })
    }

    /// Whether it was started here, so that it can be ended and started again.
    pub const fn can_be_ended(&self) -> bool {
        self.process.is_some()
    }

    /// Ends it, by SIGKILL or SIGTERM, calls `ended`, and starts it again on the same ports and with
    /// the same files.
    ///
    /// # Errors
    ///
    /// Those of [`restart`](Self::restart).
    pub(crate) fn end_and_start(
        &self,
        killed: bool,
        ended: impl FnOnce(),
    ) -> Result<(), SubjectError> {
        let Some(started) = &self.process else {
            ended();
            return self.restart();
        };
        let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
        if killed {
            started.process.kill();
        }
        ended();
        started.process.stop();
        started.process = self.start(&started.prepared, started.wait)?;
        Ok(())
    }

    /// Asks every broker that was started here and still runs to end, for a program that is itself
    /// about to end by a signal: brokers have process groups of their own, which a Ctrl-C does not
    /// reach.
    pub fn terminate_all() {
        group::terminate_all();
    }

    /// Has each CONNECT carry this user name and, if there is one, this password.
    #[must_use]
    pub fn with_credentials(mut self, username: &str, password: Option<&str>) -> Self {
        self.credentials = Some((username.to_owned(), password.map(str::to_owned)));
        self
    }

    /// Uses TLS like this, where its addresses say TLS.
    ///
    /// # Errors
    ///
    /// [`SecurityError`] for files that cannot be used.
    pub fn with_security(mut self, security: &Security) -> Result<Self, SecurityError> {
        self.dialer = Dialer::new(security)?;
        Ok(self)
    }

    /// Tells where it speaks WebSocket, when that is not its [`target`](Self::target) anyway.
    #[must_use]
    pub fn with_websocket(mut self, websocket: Target) -> Self {
        self.websocket = Some(websocket);
        self
    }

    /// The same broker by way of others, which stand before it: it ends with the last of both.
    pub(crate) fn by_way_of(&self, target: Target, websocket: Option<Target>) -> Self {
        Self {
            target,
            websocket,
            dialer: Dialer::default(),
            credentials: self.credentials.clone(),
            process: self.process.clone(),
            restart: self.restart.clone(),
        }
    }

    /// What every CONNECT carries: user name and, if there is one, password.
    pub(crate) fn credentials(&self) -> Option<(&str, Option<&str>)> {
        self.credentials.as_ref().map(|(name, password)| (name.as_str(), password.as_deref()))
    }

    /// Where it is.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Where it speaks WebSocket, if that is known.
    pub fn websocket(&self) -> Option<&Target> {
        let own = Some(&self.target).filter(|target| target.is_websocket());
        self.websocket.as_ref().or(own)
    }

    /// The command line that started it; `None` when it ran already.
    pub fn command(&self) -> Option<String> {
        let started = self.process.as_ref()?.lock().ok()?;
        Some(started.process.command().to_owned())
    }

    /// The process group that it runs in, when it was started here.
    pub fn process_group(&self) -> Option<u32> {
        let started = self.process.as_ref()?.lock().ok()?;
        Some(started.process.group())
    }

    /// The last that it has printed, when it was started here.
    pub fn output(&self) -> Option<String> {
        let started = self.process.as_ref()?.lock().ok()?;
        Some(started.process.output())
    }

    /// Asks whether it is still there: that its process runs and that it takes connections.
    ///
    /// # Errors
    ///
    /// A sentence that says what is missing.
    pub fn check_alive(&self) -> Result<(), String> {
        if let Some(started) = &self.process {
            let end = started.lock().ok().and_then(|started| started.process.end());
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
        self.answers(Instant::now() + wait).map_err(|error| match self.check_alive() {
            // It went away in between.
            Err(gone) => gone,
            Ok(()) => format!("it answers no CONNECT any more: {error}"),
        })
    }

    /// Opens a connection.
    pub(crate) fn dial(&self, wait: Duration) -> io::Result<Box<dyn Transport>> {
        self.dialer.dial(&self.target, wait)
    }

    /// Shakes hands over a connection that leads to it by way of somebody else.
    pub(crate) fn dial_over(
        &self,
        stream: TcpStream,
        wait: Duration,
    ) -> io::Result<Box<dyn Transport>> {
        self.dialer.dial_over(&self.target, stream, wait)
    }

    /// Asks for a WebSocket, by the request that `bend` makes of the usual one; `None` when it is
    /// not known where to ask.
    pub(crate) fn upgrade(
        &self,
        bend: impl FnOnce(Request) -> Request,
        wait: Duration,
    ) -> Option<io::Result<Upgraded>> {
        let target = self.websocket()?;
        Some(self.dialer.open(target, &bend(dial::request(target)), wait))
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

/// What a program that has ended in good order may have done: the broker then runs elsewhere, and
/// nobody could stop it.
fn left_alone(end: &str) -> &'static str {
    if end == "exit status 0" { ", and has to stay in the foreground" } else { "" }
}

/// How many have asked a subject whether it answers.
static ASKED: AtomicU32 = AtomicU32::new(0);

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Short beside the start of any broker, long beside an attempt.
pub(crate) const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// How long a command of somebody else may take to bring a broker up again.
const RESTART_WAIT: Duration = Duration::from_secs(60);

/// A broker that takes no connection for so long counts as gone.
const CHECK_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
