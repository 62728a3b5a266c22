//! The client under test: how it is driven.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::driver::{Driver, Introduction, Patterns};
use crate::record::Record;
use crate::sabotage::{Proxy, Sabotage};
use crate::subject::Target;

/// A client under test, as the command lines by which it is driven.
#[derive(Clone, Debug)]
pub struct ClientSubject {
    how: How,
    way: Way,
}

/// How the client reaches the judge.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It connects to the judge itself.
    Direct,
    /// Through a proxy, which breaks nothing, or one thing.
    Proxy(Option<&'static Sabotage>),
}

/// In which way a client is driven.
#[derive(Clone, Debug)]
pub(super) enum How {
    /// By a program that takes commands and tells events.
    Lines(String),
    /// By tools that do one thing and end.
    OneShot(Patterns),
}

/// Why a client cannot be driven at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The command line cannot be used.
    #[error("cannot use the command line: {0}")]
    CommandLine(String),
    /// The program cannot be started.
    #[error("cannot start {program}")]
    Start {
        /// Its name.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The driver was started and did not say that it is ready.
    #[error("the driver did not say that it is ready: {reason}")]
    NotReady {
        /// What it did instead, and the last that it has printed.
        reason: String,
    },
}

impl ClientSubject {
    /// A client that a program drives, by a line of JSON for each command and each event.
    ///
    /// The command line is split as a shell splits it, but no shell runs it.
    pub fn driver(command: impl Into<String>) -> Self {
        Self { how: How::Lines(command.into()), way: Way::Direct }
    }

    /// A client of which all there is are tools that publish one message, or subscribe and print.
    ///
    /// In the command lines `{host}`, `{port}`, `{topic}`, `{payload}`, `{qos}`, `{id}` and
    /// `{keep_alive}` stand for what a case chooses. What they do not name cannot be chosen, and
    /// makes cases unsupported.
    ///
    /// # Errors
    ///
    /// [`DriverError::CommandLine`] when neither is there, or one does not say `{port}`.
    pub fn one_shot(publish: Option<&str>, subscribe: Option<&str>) -> Result<Self, DriverError> {
        Ok(Self { how: How::OneShot(Patterns::new(publish, subscribe)?), way: Way::Direct })
    }

    /// The same client behind a proxy: one that breaks this, or nothing at all.
    #[must_use]
    pub fn behind(mut self, sabotage: Option<&'static Sabotage>) -> Self {
        self.way = Way::Proxy(sabotage);
        self
    }

    /// Whether a driver can be started.
    pub(crate) fn check(&self) -> Result<(), DriverError> {
        self.start(&Record::new()).map(drop)
    }

    /// Stands before a judge that listens on `target`: where the client is to connect to instead;
    /// `None` when it connects to the judge itself.
    pub(super) fn proxy(&self, target: Target) -> io::Result<Option<Proxy>> {
        match self.way {
            Way::Direct => Ok(None),
            Way::Proxy(sabotage) => {
                let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                Proxy::start(anywhere, target, sabotage).map(Some)
            }
        }
    }

    /// The command line, or both of them.
    pub fn command(&self) -> String {
        match &self.how {
            How::Lines(command) => command.clone(),
            How::OneShot(patterns) => patterns.to_string(),
        }
    }

    /// Starts a driver, and waits until it has introduced its client.
    pub(super) fn start(&self, record: &Record) -> Result<(Driver, Introduction), DriverError> {
        match &self.how {
            How::Lines(command) => Driver::start(command, record.clone()),
            How::OneShot(patterns) => {
                patterns.check()?;
                Ok(Driver::one_shot(patterns.clone(), record.clone()))
            }
        }
    }
}
