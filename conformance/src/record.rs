//! What a case leaves behind: every packet, what was observed, and what has to be cleared away.
//!
//! One record a case, shared by its connections. It is bounded: a case that floods the subject
//! keeps the first packets and a count of the rest.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::finding::Mismatch;
use crate::oracle::{Heard, Oracle, Rule};
use crate::report::Role;
use crate::transcript::{Action, Deviation, End, Expectation, Script};
use crate::wire::{Packet, hex};

/// One packet, or one event of a connection, in the order in which the judge saw them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Milliseconds since the case began.
    pub at_ms: u64,
    /// Which of the case's connections.
    pub peer: String,
    /// Who sent it or did it.
    pub from: Side,
    /// What it is, on one line.
    pub packet: String,
    /// Its octets in hexadecimal, the first 1,024 of them; empty for an event.
    pub hex: String,
}

/// Who sent a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The judge.
    Judge,
    /// The subject.
    Subject,
}

/// What a subject does where the standard leaves it free.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Observation {
    /// What there is to choose, words joined by dashes.
    pub what: &'static str,
    /// What the subject chose.
    pub behaviour: String,
}

/// A handle to the record of one case.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    begin: Instant,
    pages: Rc<RefCell<Pages>>,
    oracle: Oracle,
}

/// What is written in a record.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) entries: Vec<Entry>,
    /// Octets of all entries, as far as they are kept.
    pub(crate) octets: usize,
    /// Entries beyond the limits.
    pub(crate) left_out: usize,
    pub(crate) warnings: Vec<Mismatch>,
    pub(crate) observations: Vec<Observation>,
    /// Client Identifiers whose Sessions may have been kept.
    pub(crate) kept_sessions: Vec<Vec<u8>>,
    /// Topic Names on which messages may have been retained.
    pub(crate) retained: Vec<Vec<u8>>,
    /// Whether the subject has accepted anybody.
    pub(crate) accepted: bool,
    /// Whether the judge has broken a rule, to see what comes of it.
    pub(crate) sent_invalid: bool,
    /// What was said, octet by octet, to be said again.
    pub(crate) script: Script,
    /// Whether a subject that is merely slow would have looked the same.
    pub(crate) doubtful: bool,
    /// Whether a packet that was owed has not come.
    pub(crate) starved: bool,
    /// Whether the subject has closed a connection of which it owed more.
    pub(crate) interrupted: bool,
    /// What the oracle has heard.
    pub(crate) heard: Heard,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self { begin: Instant::now(), pages: Rc::default(), oracle: Oracle::default() }
    }

    pub(crate) fn packet(&self, peer: &str, from: Side, text: &str, octets: &[u8]) {
        let mut pages = self.pages.borrow_mut();
        if pages.entries.len() >= MOST_ENTRIES || pages.octets >= MOST_OCTETS_IN_ALL {
            pages.left_out += 1;
            return;
        }
        let at_ms = self.at_ms();
        let (peer, packet) = (peer.to_owned(), text.to_owned());
        let kept = octets.len().min(MOST_OCTETS);
        let hex = hex(&octets[..kept]);
        pages.octets += kept;
        pages.entries.push(Entry { at_ms, peer, from, packet, hex });
    }

    pub(crate) fn event(&self, peer: &str, from: Side, text: &str) {
        self.packet(peer, from, text, &[]);
    }

    /// Notes an event of an earlier moment, which the judge has only now come to see.
    pub(crate) fn event_at(&self, when: Instant, peer: &str, from: Side, text: &str) {
        self.event(peer, from, text);
        let since = when.saturating_duration_since(self.begin);
        let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let mut pages = self.pages.borrow_mut();
        if pages.left_out == 0
            && let Some(mut entry) = pages.entries.pop()
        {
            entry.at_ms = at_ms;
            let place = pages.entries.partition_point(|other| other.at_ms <= at_ms);
            pages.entries.insert(place, entry);
        }
    }

    /// Remembers what a packet that was sent makes the subject keep.
    pub(crate) fn note_leftovers(&self, packet: &Packet) {
        let mut pages = self.pages.borrow_mut();
        match packet {
            Packet::Connect(connect) => {
                if !connect.clean_session {
                    note(&mut pages.kept_sessions, &connect.client_id);
                }
                if let Some(will) = connect.will.as_ref().filter(|will| will.retain) {
                    note(&mut pages.retained, &will.topic);
                }
            }
            Packet::Publish(publish) if publish.retain => {
                note(&mut pages.retained, &publish.topic);
            }
            _ => {}
        }
    }

    /// Notes a departure that is no breach; one that is seen again is noted once.
    pub(crate) fn warn(&self, mismatch: Mismatch) {
        let mut pages = self.pages.borrow_mut();
        if !pages.warnings.iter().any(|known| known.says_the_same(&mismatch)) {
            pages.warnings.push(mismatch);
        }
    }

    pub(crate) fn observe(&self, what: &'static str, behaviour: String) {
        self.pages.borrow_mut().observations.push(Observation { what, behaviour });
    }

    /// Notes that a CONNECT was accepted.
    pub(crate) fn accepted(&self) {
        self.pages.borrow_mut().accepted = true;
    }

    /// What follows the connections of the case.
    pub(crate) const fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    /// Takes over what another case has left: its packets, and a breach that it has heard.
    pub(crate) fn repeat(&self, transcript: Vec<Entry>, rule: Rule, breaches: Vec<Mismatch>) {
        let mut pages = self.pages.borrow_mut();
        pages.entries = transcript;
        pages.accepted = true;
        self.oracle.repeat(rule, breaches);
    }

    /// Whether a CONNECT was accepted up to now.
    pub(crate) fn is_accepted(&self) -> bool {
        self.pages.borrow().accepted
    }

    /// Notes that the judge has sent what breaks a rule.
    pub(crate) fn sent_invalid(&self) {
        self.pages.borrow_mut().sent_invalid = true;
        self.oracle.mute();
    }

    /// Notes that a subject which is merely slow would look the same.
    pub(crate) fn doubt(&self) {
        self.pages.borrow_mut().doubtful = true;
    }

    /// Notes that a packet which was owed has not come.
    pub(crate) fn starved(&self) {
        self.pages.borrow_mut().starved = true;
    }

    /// Notes that the subject has closed a connection of which it owed more. Another case may have
    /// given cause for that.
    pub(crate) fn interrupted(&self) {
        self.pages.borrow_mut().interrupted = true;
    }

    /// Whether the judge has sent what breaks a rule, up to now.
    pub(crate) fn has_sent_invalid(&self) -> bool {
        self.pages.borrow().sent_invalid
    }

    /// Notes that the case goes below the packets.
    pub(crate) fn goes_below(&self) {
        self.pages.borrow_mut().script.goes_below = true;
    }

    /// Notes that the subject is a client, and what is in all names of the case.
    pub(crate) fn is_of_client(&self, tag: &str) {
        let script = &mut self.pages.borrow_mut().script;
        (script.role, script.tag) = (Role::Client, tag.to_owned());
    }

    /// Writes down what passes between the judge and the driver of a client.
    pub(crate) fn driver_step(&self, action: Action) {
        let at_ms = self.at_ms();
        self.pages.borrow_mut().script.push(at_ms, 0, action);
    }

    /// Opens a connection: the line on which its steps are written down.
    pub(crate) fn open(&self, peer: &str) -> Line {
        let (connection, role) = {
            let script = &mut self.pages.borrow_mut().script;
            (script.next_connection(), script.role)
        };
        let line = Line { record: self.clone(), connection, is_closed: Cell::new(false) };
        let peer = peer.to_owned();
        line.step(match role {
            Role::Broker => Action::Open { peer },
            Role::Client => Action::Accept { peer },
        });
        line
    }

    /// Notes that what comes now is no conversation, and cannot be had again.
    pub(crate) fn cut(&self) {
        self.pages.borrow_mut().script.cut();
    }

    fn at_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes the pages out, and begins anew.
    pub(crate) fn take(&self) -> Pages {
        Pages { heard: self.oracle.take(), ..self.pages.take() }
    }
}

/// One connection in a record. Dropping it is the end of the connection, unless that was told.
#[derive(Debug)]
pub(crate) struct Line {
    record: Record,
    connection: usize,
    is_closed: Cell<bool>,
}

impl Line {
    /// Writes down what was done on this connection.
    pub(crate) fn step(&self, action: Action) {
        if matches!(action, Action::Close | Action::Reset) {
            self.is_closed.set(true);
        }
        let at_ms = self.record.at_ms();
        self.record.pages.borrow_mut().script.push(at_ms, self.connection, action);
    }

    /// Sets the step just written down apart, as one that came by the way.
    pub(crate) fn set_aside(&self) {
        self.record.pages.borrow_mut().script.set_aside();
    }

    /// What went wrong on it just now. `untaken` has come, and nobody has asked for it.
    pub(crate) fn deviation<'a>(
        &self,
        expected: Expectation,
        within: Duration,
        untaken: impl DoubleEndedIterator<Item = &'a Packet>,
        end: End,
    ) -> Deviation {
        let within_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        let script = &self.record.pages.borrow().script;
        script.deviation(self.connection, expected, within_ms, untaken, end)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_closed.get() {
            self.step(Action::Close);
        }
    }
}

fn note(list: &mut Vec<Vec<u8>>, item: &[u8]) {
    if !list.iter().any(|known| known == item) {
        list.push(item.to_vec());
    }
}

/// A report stays readable, and a flood does not fill the memory.
const MOST_ENTRIES: usize = 1_000;

/// Octets of all packets of a case that are kept in hexadecimal: about what a hundred long ones
/// have.
const MOST_OCTETS_IN_ALL: usize = 96 << 10;

/// Octets of a packet that are kept in hexadecimal.
const MOST_OCTETS: usize = 1_024;
