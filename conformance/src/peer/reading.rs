//! Reading: from octets to the packets that a case gets to see.

use std::io;
use std::time::{Duration, Instant};

use super::inbound::Arrival;
use super::{Breach, Peer};
use crate::finding::Finding;
use crate::oracle::Rule;
use crate::record::Side;
use crate::transcript::{Action, Deviation, End, Expectation};
use crate::wire::{Octets, Packet, Publish, Read, Sender, describe};

/// What waiting has brought.
pub(crate) enum Wait {
    /// A packet, at least.
    Arrived,
    /// The end of the connection.
    Ended,
    /// Nothing.
    Nothing,
}

/// As long as it takes to see what is there already.
const GLANCE: Duration = Duration::from_millis(1);

impl Peer {
    /// Reads until a packet has arrived, the connection has ended, or `deadline` is there.
    ///
    /// What has come by then is read in any case: on a machine with much to do it may be this side
    /// that had no turn, and the subject answered in time.
    pub(super) fn pump(&mut self, deadline: Instant) -> Result<Wait, Finding> {
        let mut buffer = [0; 16 * 1024];
        let begin = Instant::now();
        let mut has_looked = false;
        while !self.ended {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() && has_looked {
                let ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.line.step(Action::Wait { ms });
                return Ok(Wait::Nothing);
            }
            has_looked |= wait < GLANCE;
            let read = self.transport.read(&mut buffer, wait.max(GLANCE));
            self.take_in_control_frames();
            match read {
                Ok(0) => self.end("connection closed"),
                Ok(length) => {
                    self.reader.push(&buffer[..length]);
                    let arrived = self.take_in()?;
                    self.check_flood(length)?;
                    if arrived {
                        return Ok(Wait::Arrived);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    _ => match error.downcast::<Breach>() {
                        Ok(Breach { expected, seen, statement }) => {
                            self.record.event(&self.name, Side::Subject, &seen);
                            return Err(self.against(Finding::fail(expected, seen), statement));
                        }
                        Err(_) => self.end("connection reset"),
                    },
                },
            }
        }
        Ok(Wait::Ended)
    }

    /// Gives a connection up on which far more comes than any case asks for.
    fn check_flood(&mut self, length: usize) -> Result<(), Finding> {
        self.octets_read += length;
        if self.octets_read <= MOST_OCTETS && self.unread.len() <= MOST_UNREAD {
            return Ok(());
        }
        self.end("connection given up: far more came than was asked for");
        let (octets, packets) = (self.octets_read, self.unread.len());
        self.unread.clear();
        Err(Finding::inconclusive(format!(
            "a flood: the subject sent {octets} octets on one connection, and {packets} packets \
             that nobody had asked for"
        )))
    }

    fn end(&mut self, how: &str) {
        self.record.event(&self.name, Side::Subject, how);
        self.line.step(Action::Closed);
        self.ended = true;
    }

    /// Moves what has been read into the queue; whether there was anything for it.
    fn take_in(&mut self) -> Result<bool, Finding> {
        let before = self.unread.len();
        while let Some(read) = self.reader.next_read() {
            if self.is_foreign(&read)? {
                continue;
            }
            self.note_read(&read.octets);
            let packet = match read.packet {
                Ok(packet) => packet,
                Err(malformed) => {
                    self.unreadable.clone_from(&read.octets);
                    let text = describe(&read.octets, self.subject).remove(0).0;
                    let breach = match self.subject {
                        Sender::Client => Finding::fail("a packet in good order", text),
                        Sender::Server => self.watch.malformed(&read.octets, malformed, &text),
                    };
                    return Err(self.against(breach, malformed.fault.statement()));
                }
            };
            match self.subject {
                Sender::Client => self.look_at_client(&packet)?,
                Sender::Server => {
                    let read = self.watch.read(&packet);
                    read.map_err(|breach| self.against(breach, "MQTT-3.2.0-1"))?;
                }
            }
            if matches!(&packet, Packet::Connack(connack) if connack.code == 0) {
                self.record.accepted();
            }
            if let Packet::Publish(publish) = &packet
                && self.is_repeat(publish)?
            {
                continue;
            }
            self.unread.push_back(packet);
        }
        Ok(self.unread.len() > before)
    }

    /// Whether the packet delivers a message of another case; if so it is answered, as far as it
    /// can be read.
    fn is_foreign(&mut self, read: &Read) -> Result<bool, Finding> {
        let answer = if self.foreign.is_publish(&read.octets) {
            let Ok(Packet::Publish(publish)) = &read.packet else { return Ok(true) };
            self.watch.foreign(publish);
            self.foreign.answer(publish)
        } else {
            let answer = read.packet.as_ref().ok().and_then(|packet| self.foreign.complete(packet));
            if answer.is_none() {
                return Ok(false);
            }
            answer
        };
        answer.map_or(Ok(()), |answer| self.write(&answer.octets()))?;
        Ok(true)
    }

    /// Whether what could not be read is a CONNACK of another version of the protocol, with a code
    /// that refuses: a head, flags, and a code that is not 0.
    pub(super) fn is_refused_in_another_form(&self) -> bool {
        matches!(*self.unreadable, [0x20, length, _, code, ..] if length > 2 && code != 0)
    }

    /// A breach of a rule that holds at all times.
    pub(super) fn against(&self, breach: Finding, statement: &'static str) -> Finding {
        let rule = Expectation::Rule { statement: statement.to_owned() };
        let nothing = [].iter();
        let deviation = self.line.deviation(rule, Duration::ZERO, nothing, End::Told);
        breach.of(statement).shown_by(deviation)
    }

    /// What went wrong just now, beside all that has come and was not asked for.
    pub(super) fn deviation(&self, expected: Expectation, within: Duration, end: End) -> Deviation {
        self.line.deviation(expected, within, self.unread.iter(), end)
    }

    fn note_read(&self, octets: &[u8]) {
        let text = String::new();
        self.line.step(Action::Receive { octets: octets.to_vec(), text });
        for (text, range) in describe(octets, self.subject) {
            self.record.packet(&self.name, Side::Subject, &text, &octets[range]);
        }
    }

    /// How many messages have come again on this connection, with DUP: no case gets to see them.
    pub const fn repeats(&self) -> usize {
        self.repeats
    }

    /// Whether the message has come before on this connection; if so it is answered again.
    fn is_repeat(&mut self, publish: &Publish) -> Result<bool, Finding> {
        if self.subject == Sender::Server {
            let identified = self.watch.identified(publish);
            identified.map_err(|breach| self.against(breach, "MQTT-2.3.1-1"))?;
        }
        match self.inbound.publish(publish) {
            Arrival::New => {
                if self.subject == Sender::Client {
                    return Ok(false);
                }
                if publish.id.is_some() {
                    self.watch.judge(Rule::IdentifierInUse, None);
                }
                self.watch.message(publish);
                Ok(false)
            }
            Arrival::Repeat(answer) => {
                self.repeats += 1;
                self.watch.judge(Rule::DupWhenSentAgain, None);
                self.line.set_aside();
                if let Some(answer) = answer {
                    self.send(answer)?;
                    self.line.set_aside();
                }
                Ok(true)
            }
            Arrival::Breach(Rule::IdentifierInUse, breach, _) if self.subject == Sender::Client => {
                Err(self.against(breach, "MQTT-2.3.1-2"))
            }
            Arrival::Breach(rule, breach, statement) => {
                let breach = self.against(breach, statement);
                self.watch.breach(rule, &breach);
                Err(breach)
            }
        }
    }
}

/// Octets on one connection. The largest message of a case has two million.
const MOST_OCTETS: usize = 24 << 20;

/// Packets that a case has not asked for yet.
const MOST_UNREAD: usize = 20_000;
