//! Where a conversation is had again: with a broker, which the judge dials, or with a client, which
//! a driver tells what to do.

use std::time::Instant;

use serde_json::Value;

use crate::client::{Again, ClientStage};
use crate::finding::Finding;
use crate::peer::Peer;
use crate::stage::Stage;

/// Whom the replay is with.
pub(super) enum Scene<'a, 'run> {
    Broker(&'a Stage<'run>),
    Client(&'a mut ClientStage<'run>),
}

impl<'run> Scene<'_, 'run> {
    /// Opens a connection to a broker.
    pub(super) fn open(&self, peer: &str) -> Result<Peer, Finding> {
        match self {
            Self::Broker(stage) => stage.peer(peer),
            Self::Client(_) => Err(misplaced("it is clients that open connections")),
        }
    }

    /// Takes the connection that a client opens.
    pub(super) fn accept(&mut self) -> Result<Peer, Finding> {
        self.client()?.accept()
    }

    /// Has the client do something.
    pub(super) fn tell(&mut self, command: &Value) -> Result<(), Finding> {
        self.client()?.tell_again(command)
    }

    /// Waits for what the driver of the client tells.
    pub(super) fn hear(&mut self, event: &Value, deadline: Instant) -> Result<Again, Finding> {
        self.client()?.hear_again(event, deadline)
    }

    /// Listens to the driver until `deadline`.
    pub(super) fn listen(&mut self, deadline: Instant) -> Result<(), Finding> {
        self.client()?.listen(deadline)
    }

    /// What the driver has told that the recording has not.
    pub(super) fn unheard(&self) -> Option<String> {
        match self {
            Self::Broker(_) => None,
            Self::Client(stage) => stage.unheard(),
        }
    }

    fn client(&mut self) -> Result<&mut ClientStage<'run>, Finding> {
        match self {
            Self::Broker(_) => Err(misplaced("brokers have no driver")),
            Self::Client(stage) => Ok(stage),
        }
    }
}

fn misplaced(why: &str) -> Finding {
    Finding::Error(format!("the recording does not fit its subject: {why}"))
}
