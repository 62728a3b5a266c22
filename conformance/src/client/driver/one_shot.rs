//! Tools that do one thing and end: a command line a message, a command line a subscription.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Instant;
use std::{env, fmt, io, thread};

use serde::{Deserialize, Serialize};

use super::super::Ability;
use super::super::subject::DriverError;
use super::Place;
use super::line::{Event, Introduction};
use crate::finding::Finding;
use crate::subject::{Group, Output, command_of};

/// The command lines, with their placeholders.
#[derive(Clone, Debug)]
pub(in super::super) struct Patterns {
    publish: Option<String>,
    subscribe: Option<String>,
}

/// What one tool is to do.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(super) enum Once {
    /// Publish a message.
    PublishOnce { client_id: String, keep_alive: u16, topic: String, payload: String, qos: u8 },
    /// Subscribe, and print what comes; publish, where no tool subscribes.
    SubscribeOnce { client_id: String, keep_alive: u16, topic: String, qos: u8 },
}

/// The tools of one case.
#[derive(Debug)]
pub(super) struct OneShot {
    patterns: Patterns,
    running: Vec<Running>,
}

/// A tool that runs, or has run.
#[derive(Debug)]
struct Running {
    group: Group,
    events: Receiver<Event>,
    /// Whether its end was told.
    ended: bool,
}

impl Patterns {
    pub(in super::super) fn new(
        publish: Option<&str>,
        subscribe: Option<&str>,
    ) -> Result<Self, DriverError> {
        let lines = [publish, subscribe];
        let given = lines.into_iter().flatten();
        if given.clone().next().is_none() {
            let reason = "neither a command that publishes nor one that subscribes".to_owned();
            return Err(DriverError::CommandLine(reason));
        }
        for line in given {
            if !line.contains("{port}") {
                let reason = "it does not say {port}, where the judge listens".to_owned();
                return Err(DriverError::CommandLine(reason));
            }
        }
        let [publish, subscribe] = lines.map(|line| line.map(str::to_owned));
        Ok(Self { publish, subscribe })
    }

    /// Whether the programs are there, without which nothing can be seen of a client.
    pub(in super::super) fn check(&self) -> Result<(), DriverError> {
        for line in [&self.publish, &self.subscribe].into_iter().flatten() {
            let (program, _) = command_of(line, &[])
                .map_err(|error| DriverError::CommandLine(error.to_string()))?;
            if !is_there(&program) {
                let source = io::ErrorKind::NotFound.into();
                return Err(DriverError::Start { program, source });
            }
        }
        Ok(())
    }

    /// The first word of the command that subscribes, or publishes, and what cannot be chosen.
    pub(super) fn introduction(&self) -> Introduction {
        let lines = [&self.subscribe, &self.publish];
        let line = lines.into_iter().flatten().next().map_or("", String::as_str);
        let name = line.split(' ').next().unwrap_or_default().to_owned();
        let mut lacks = vec![
            Ability::Credentials,
            Ability::Disconnect,
            Ability::Events,
            Ability::ManyFilters,
            Ability::Retain,
            Ability::Sequence,
            Ability::Sessions,
            Ability::Unsubscribe,
            Ability::WebSocket,
            Ability::Will,
        ];
        let all_say = |place: &str| lines.into_iter().flatten().all(|line| line.contains(place));
        let can = [
            (Ability::ClientId, all_say("{id}")),
            (Ability::KeepAlive, all_say("{keep_alive}")),
            (Ability::Qos2, all_say("{qos}")),
            (Ability::Publish, self.publish.is_some()),
            (Ability::Subscribe, self.subscribe.is_some()),
        ];
        lacks.extend(can.iter().filter(|(_, can)| !can).map(|(ability, _)| *ability));
        Introduction { name, version: String::new(), lacks }
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = [&self.publish, &self.subscribe].into_iter().flatten().collect();
        lines.iter().enumerate().try_for_each(|(position, line)| {
            let comma = if position == 0 { "" } else { "; " };
            write!(f, "{comma}{line}")
        })
    }
}

impl OneShot {
    pub(super) const fn new(patterns: Patterns) -> Self {
        Self { patterns, running: Vec::new() }
    }

    /// Starts the tool that is meant.
    pub(super) fn run(&mut self, place: &Place, once: &Once) -> Result<(), Finding> {
        let Patterns { publish, subscribe } = self.patterns.clone();
        let publish = publish.ok_or_else(|| Finding::unsupported("no command publishes"));
        match (once, subscribe) {
            (Once::PublishOnce { client_id, keep_alive, topic, payload, qos }, _) => {
                self.start(&publish?, place, (client_id, *keep_alive), (topic, payload, *qos))
            }
            (Once::SubscribeOnce { client_id, keep_alive, topic, qos }, Some(subscribe)) => {
                self.start(&subscribe, place, (client_id, *keep_alive), (topic, "", *qos))
            }
            (Once::SubscribeOnce { client_id, keep_alive, topic, .. }, None) => {
                self.start(&publish?, place, (client_id, *keep_alive), (topic, "message", 1))
            }
        }
    }

    /// The next event; `None` when there is none until `deadline`.
    pub(super) fn event(&mut self, deadline: Instant) -> Option<Event> {
        let running = self.running.last_mut().filter(|running| !running.ended)?;
        let wait = deadline.saturating_duration_since(Instant::now());
        match running.events.recv_timeout(wait) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                running.ended = true;
                let end = running.group.end();
                Some(Event::Closed { reason: end })
            }
        }
    }

    fn start(
        &mut self,
        pattern: &str,
        place: &Place,
        (id, keep_alive): (&str, u16),
        (topic, payload, qos): (&str, &str, u8),
    ) -> Result<(), Finding> {
        let line = pattern
            .replace("{host}", place.host)
            .replace("{port}", &place.port.to_string())
            .replace("{topic}", &shell_words::quote(topic))
            .replace("{payload}", &shell_words::quote(payload))
            .replace("{qos}", &qos.to_string())
            .replace("{id}", &shell_words::quote(id))
            .replace("{keep_alive}", &keep_alive.to_string());
        let unusable = |error: &dyn fmt::Display| Finding::Error(format!("{line}: {error}"));
        let (_, mut command) = command_of(&line, &[]).map_err(|error| unusable(&error))?;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command).map_err(|error| unusable(&error))?;
        if let Some(stderr) = group.child().stderr.take() {
            drop(Output::default().collect(stderr));
        }
        let (sender, events) = mpsc::channel();
        if let Some(stdout) = group.child().stdout.take() {
            let topic = topic.to_owned();
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines() {
                    let Ok(payload) = line else { return };
                    let topic = topic.clone();
                    let message = Event::Message { topic, payload, qos: None, retain: None };
                    if sender.send(message).is_err() {
                        return;
                    }
                }
            });
        }
        self.running.push(Running { group, events, ended: false });
        Ok(())
    }
}

/// Whether the system would find this program.
fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).exists())
}
