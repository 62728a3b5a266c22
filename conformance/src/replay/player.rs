//! Doing what the steps say, one after the other. What came is told from the rest in `receiving`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::answers::{Answer, Answers, answered};
use super::names::Names;
use super::scene::Scene;
use super::{Difference, ReplayOptions};
use crate::client::Again;
use crate::finding::Finding;
use crate::peer::{Peer, Wait, still_open};
use crate::transcript::{Action, Expectation, Transcript};
use crate::wire::{Packet, Publish, Read, Reader, Sender};

/// A replay while it runs.
pub(super) struct Player<'a, 'run> {
    pub(super) transcript: &'a Transcript,
    pub(super) options: &'a ReplayOptions,
    pub(super) scene: Scene<'a, 'run>,
    /// The side that the subject is on.
    pub(super) subject: Sender,
    names: Names,
    peers: BTreeMap<usize, Peer>,
    /// The Client Identifier of each connection that has sent a CONNECT.
    sessions: BTreeMap<usize, Vec<u8>>,
    pub(super) answers: Answers,
    pub(super) found: Found,
}

/// What a replay has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) differences: Vec<Difference>,
    pub(super) slowest: Duration,
    /// What was seen where it went wrong, when there are words for it.
    pub(super) saw: Option<String>,
    /// Recorded packets that did not come when they should have, with their connections.
    pub(super) missed: Vec<(usize, Packet)>,
    /// What broke the rule that the recording shows broken.
    pub(super) breach: Option<String>,
}

impl<'a, 'run> Player<'a, 'run> {
    pub(super) fn new(
        transcript: &'a Transcript,
        scene: Scene<'a, 'run>,
        names: Names,
        options: &'a ReplayOptions,
    ) -> Self {
        Self {
            transcript,
            options,
            scene,
            subject: transcript.role.sender(),
            names,
            peers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            answers: Answers::default(),
            found: Found::default(),
        }
    }

    /// Takes all steps.
    ///
    /// # Errors
    ///
    /// [`Finding::Error`] when the subject takes no connection.
    pub(super) fn play(&mut self) -> Result<(), Finding> {
        for (index, step) in self.transcript.steps.iter().enumerate() {
            if self.found.breach.is_some() {
                break;
            }
            if !step.aside {
                self.step(index, step.connection, &step.action)?;
            }
        }
        Ok(())
    }

    /// What was found; all connections are closed by then.
    pub(super) fn into_found(self) -> Found {
        self.found
    }

    fn step(&mut self, index: usize, connection: usize, action: &Action) -> Result<(), Finding> {
        match action {
            Action::Open { peer } => {
                let peer = self.scene.open(peer)?;
                self.peers.insert(connection, peer);
            }
            Action::Accept { .. } => self.accept(index, connection)?,
            Action::Tell { command } => self.scene.tell(&self.names.line_to_now(command))?,
            Action::Told { event } => self.hear(index, event)?,
            Action::Wait { ms } if connection == DRIVER => {
                self.scene.listen(Instant::now() + Duration::from_millis(*ms))?;
            }
            Action::Send { octets, pieces, .. } => self.send(index, connection, octets, *pieces)?,
            Action::Receive { octets, .. } => self.receive(index, connection, octets)?,
            Action::Wait { ms } => {
                let deadline = Instant::now() + Duration::from_millis(*ms);
                while let Wait::Arrived = self.listen(index, connection, deadline)? {}
            }
            Action::Finish => self.peers.get_mut(&connection).into_iter().for_each(Peer::finish),
            Action::Close => drop(self.peers.remove(&connection)),
            Action::Reset => self.peers.remove(&connection).into_iter().for_each(Peer::reset),
            Action::Closed => self.until_closed(index, connection)?,
        }
        Ok(())
    }

    /// Takes the connection that a client opens; that it opens none is a difference.
    fn accept(&mut self, index: usize, connection: usize) -> Result<(), Finding> {
        match self.scene.accept() {
            Ok(peer) => drop(self.peers.insert(connection, peer)),
            Err(Finding::Inconclusive(saw)) => {
                self.differs((index, connection), "it connected", saw, None);
            }
            Err(finding) => return Err(finding),
        }
        Ok(())
    }

    /// Waits for what the driver told.
    fn hear(&mut self, index: usize, event: &Value) -> Result<(), Finding> {
        let begin = Instant::now();
        let (deadline, told) = (begin + self.options.patience, format!("the driver told {event}"));
        let saw = match self.scene.hear(&self.names.line_to_now(event), deadline)? {
            Again::Told => return Ok(()),
            Again::Overtaken(first) => format!("{first} came before that"),
            Again::Untold => {
                format!("it told nothing of that for {} ms", begin.elapsed().as_millis())
            }
        };
        self.differs((index, DRIVER), told, saw, None);
        Ok(())
    }

    fn send(
        &mut self,
        index: usize,
        connection: usize,
        octets: &[u8],
        pieces: Option<usize>,
    ) -> Result<(), Finding> {
        let octets = self.names.to_now(octets);
        let mut out = Vec::with_capacity(octets.len());
        let mut reader = Reader::new(self.subject.other());
        reader.push(&octets);
        while let Some(Read { octets, packet }) = reader.next_read() {
            if let Ok(Packet::Connect(connect)) = &packet {
                self.sessions.insert(connection, connect.client_id.clone());
            }
            if let Some((_, id)) = answered(&octets) {
                self.meet(index, connection, id)?;
            }
            match self.answers.answer(&self.session(connection), &octets) {
                Answer::Send(octets) => out.extend(octets),
                Answer::Drop => {}
            }
        }
        out.extend_from_slice(reader.unread());
        let Some(peer) = self.peers.get_mut(&connection) else { return Ok(()) };
        if out.is_empty() && !octets.is_empty() {
            return Ok(());
        }
        match peer.repeat(&out, pieces) {
            Err(Finding::Inconclusive(saw)) => {
                self.differs((index, connection), "it read on", saw, None);
            }
            done => done?,
        }
        Ok(())
    }

    /// Notes how long something took that came. Where only words tell what was wrong, it may have
    /// been that it came so soon or so late.
    pub(super) fn took(&mut self, index: usize, connection: usize, what: &str, now: Duration) {
        self.found.slowest = self.found.slowest.max(now);
        if self.transcript.deviation.expected != Expectation::Words {
            return;
        }
        let at = |index: usize| self.transcript.steps.get(index).map_or(0, |step| step.at_ms);
        let then = at(index).saturating_sub(index.checked_sub(1).map_or(0, at));
        let then = Duration::from_millis(then);
        let much_sooner = then >= NOTABLE && now < then / 4;
        let much_later = now > then * 2 + NOTABLE;
        if much_sooner || much_later {
            let told = |took: Duration| format!("{what} after {} ms", took.as_millis());
            self.differs((index, connection), told(then), told(now), None);
        }
    }

    fn until_closed(&mut self, index: usize, connection: usize) -> Result<(), Finding> {
        let begin = Instant::now();
        let deadline = begin + self.options.patience;
        loop {
            match self.listen(index, connection, deadline)? {
                Wait::Arrived => {}
                Wait::Ended => {
                    self.took(index, connection, "the connection closed", begin.elapsed());
                    return Ok(());
                }
                Wait::Nothing => {
                    let saw = still_open(begin);
                    self.differs((index, connection), "the connection closed", saw, None);
                    return Ok(());
                }
            }
        }
    }

    /// Waits on a connection. What breaks a rule that holds at all times is what the recording is
    /// about, or one more difference.
    pub(super) fn listen(
        &mut self,
        index: usize,
        connection: usize,
        deadline: Instant,
    ) -> Result<Wait, Finding> {
        let Some(peer) = self.peers.get_mut(&connection) else { return Ok(Wait::Ended) };
        let breach = match peer.listen(deadline) {
            Err(Finding::Fail(breach)) => breach,
            done => return done,
        };
        let statement = breach.statement.unwrap_or_default();
        match &self.transcript.deviation.expected {
            Expectation::Rule { statement: looked_for } if looked_for == statement => {
                self.found.breach = Some(breach.seen);
            }
            _ => {
                let what = (index, connection);
                self.differs(what, "all in good order", breach.to_string(), None);
            }
        }
        Ok(Wait::Arrived)
    }

    /// The packet that the subject sent; `None` when it was none.
    pub(super) fn decoded(&self, octets: &[u8]) -> Option<Packet> {
        let mut reader = Reader::new(self.subject);
        reader.push(octets);
        reader.next_read()?.packet.ok()
    }

    /// What has come on a connection and was not taken, with the names and the Packet Identifiers
    /// of the recording.
    pub(super) fn unread(&mut self, connection: usize) -> Vec<Packet> {
        let session = self.session(connection);
        let Some(peer) = self.peers.get_mut(&connection) else { return Vec::new() };
        let came: Vec<_> = peer.unread().iter().map(|packet| self.names.to_then(packet)).collect();
        came.into_iter()
            .map(|packet| match packet {
                Packet::Pubrel(id) => Packet::Pubrel(self.answers.then(&session, id)),
                // A broker is looked at closely where it sends messages again; a client chooses
                // identifiers for all it sends.
                Packet::Publish(publish) if publish.dup && self.subject == Sender::Client => {
                    let id = publish.id.map(|id| self.answers.then(&session, id));
                    Packet::Publish(Publish { id, ..publish })
                }
                other => other,
            })
            .collect()
    }

    /// Takes one of them, as it came.
    pub(super) fn take(&mut self, connection: usize, position: usize) -> Packet {
        let peer = self.peers.get_mut(&connection).expect("something came on it");
        peer.unread().remove(position).expect("it was seen there")
    }

    /// The connections that are open, or were not closed by the judge.
    pub(super) fn connections(&self) -> Vec<usize> {
        self.peers.keys().copied().collect()
    }

    /// Notes a difference at a step, on a connection; with the packet that came, if one did.
    pub(super) fn differs(
        &mut self,
        (step, connection): (usize, usize),
        recorded: impl Into<String>,
        saw: impl Into<String>,
        octets: Option<Vec<u8>>,
    ) {
        let (recorded, saw) = (recorded.into(), saw.into());
        let closed = self.peers.get(&connection).is_none_or(Peer::is_closed);
        let difference = Difference { step, recorded, saw, connection, octets, closed };
        self.found.differences.push(difference);
    }

    /// Whose Packet Identifiers a connection has: those of its Client Identifier.
    pub(super) fn session(&self, connection: usize) -> Vec<u8> {
        if self.subject == Sender::Client {
            // One client, on one connection after the other.
            return Vec::new();
        }
        let anonymous = || format!("\0{connection}").into_bytes();
        match self.sessions.get(&connection) {
            Some(id) if !id.is_empty() => id.clone(),
            _ => anonymous(),
        }
    }
}

/// What stands for the driver where others are connections.
pub(super) const DRIVER: usize = 0;

/// What a busy machine may take for anything is no difference.
const NOTABLE: Duration = Duration::from_millis(500);
