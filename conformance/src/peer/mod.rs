//! A raw connection to the subject that sends anything and expects precisely.
//!
//! A [`Peer`] writes what it is given, reads through the strict reader, and notes every packet in
//! the case's transcript. What it reads waits in a queue until the case asks for it, so that a
//! case does not depend on an order that the standard leaves open: a PUBLISH may come before the
//! SUBACK, an acknowledgement before or after a message.
//!
//! There is deliberately no way to expect that nothing comes for some time: that would pass on
//! any subject that is slow or dead. [`Peer::fence`] and [`Peer::until_sentinel`] ask for
//! something that must come, and give back what came before it.

mod closing;
mod delivery;
mod exchange;
mod expect;
mod inbound;
mod patience;
mod transport;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use crate::finding::Finding;
use crate::record::{Record, Side};
use crate::wire::{Octets, Packet, Publish, Reader, Sender, describe};

pub use delivery::Delivery;
pub(crate) use patience::Patience;
pub(crate) use transport::Tcp;
pub use transport::Transport;

use inbound::{Arrival, Inbound};

/// One Network Connection from the judge to the subject.
pub struct Peer {
    name: String,
    transport: Box<dyn Transport>,
    reader: Reader,
    record: Record,
    patience: Patience,
    /// Read, and not asked for yet.
    unread: VecDeque<Packet>,
    inbound: Inbound,
    connect_sent: bool,
    connack_read: bool,
    /// Set when the subject has closed: nothing more can be read.
    ended: bool,
    /// Set when the subject takes nothing more.
    write_failed: bool,
    /// When the last packet was sent, just before it was written.
    last_sent: Instant,
    last_id: u16,
    /// With what the topics of this case begin, when messages of other cases come in as well.
    own_topics: Vec<String>,
    /// With what the topics of all cases begin, and those of this one.
    realm: Option<(&'static str, String)>,
    foreign_ids: BTreeSet<u16>,
}

/// What waiting has brought.
enum Wait {
    /// A packet, at least.
    Arrived,
    /// The end of the connection.
    Ended,
    /// Nothing.
    Nothing,
}

impl Peer {
    pub(crate) fn new(
        name: String,
        transport: Box<dyn Transport>,
        record: Record,
        patience: Patience,
    ) -> Self {
        record.event(&name, Side::Judge, "connection opened");
        Self {
            name,
            transport,
            reader: Reader::new(Sender::Server),
            record,
            patience,
            unread: VecDeque::new(),
            inbound: Inbound::default(),
            connect_sent: false,
            connack_read: false,
            ended: false,
            write_failed: false,
            last_sent: Instant::now(),
            last_id: 0,
            own_topics: Vec::new(),
            realm: None,
            foreign_ids: BTreeSet::new(),
        }
    }

    /// Tells it with what the topics of all cases begin, and those of its own case. What a subject
    /// sends it of other cases, against all subscriptions, is acknowledged and forgotten: it is no
    /// reason to fail this one.
    pub(crate) fn of_case(mut self, all: &'static str, own: String) -> Self {
        self.realm = Some((all, own));
        self
    }

    /// Sends a packet, or any octets.
    ///
    /// A connection that the subject has closed takes them silently: to have closed it is never
    /// wrong by itself, and whatever is expected next will find it closed.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has stopped reading.
    pub fn send(&mut self, packet: impl Octets) -> Result<(), Finding> {
        let octets = packet.octets();
        self.note_sent(&octets);
        self.write(&octets)
    }

    /// Sends a packet in pieces of `size` octets, each handed to the network on its own.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_split(&mut self, packet: impl Octets, size: usize) -> Result<(), Finding> {
        let octets = packet.octets();
        self.note_sent(&octets);
        octets.chunks(size.max(1)).try_for_each(|piece| self.write(piece))
    }

    /// A Packet Identifier that this connection has not used yet: 1, 2, 3 and so on.
    pub const fn fresh_id(&mut self) -> u16 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// From now on, messages on topics that do not begin with `prefix` are acknowledged and
    /// forgotten. For subscriptions such as `#`, which hear what others publish at the same time.
    ///
    /// Called again it adds a prefix to those before.
    pub fn hear_only(&mut self, prefix: impl Into<String>) {
        self.own_topics.push(prefix.into());
    }

    /// How long it is since the last packet was sent.
    pub fn since_last_sent(&self) -> Duration {
        self.last_sent.elapsed()
    }

    fn note_sent(&mut self, octets: &[u8]) {
        for (text, range) in describe(octets, Sender::Client) {
            self.record.packet(&self.name, Side::Judge, &text, &octets[range]);
        }
        let mut reader = Reader::new(Sender::Client);
        reader.push(octets);
        while let Some(read) = reader.next_read() {
            let Ok(packet) = read.packet else { continue };
            self.connect_sent |= matches!(packet, Packet::Connect(_));
            self.inbound.sent(&packet);
            self.record.note_leftovers(&packet);
        }
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Finding> {
        if self.write_failed {
            return Ok(());
        }
        self.last_sent = Instant::now();
        match self.transport.write(octets, self.patience.due) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let wait = self.patience.due.as_millis();
                Err(Finding::inconclusive(format!("the subject read nothing for {wait} ms")))
            }
            Err(_) => {
                self.record.event(&self.name, Side::Subject, "takes no more octets");
                self.write_failed = true;
                Ok(())
            }
        }
    }

    /// Reads until a packet has arrived, the connection has ended, or `deadline` is there.
    fn pump(&mut self, deadline: Instant) -> Result<Wait, Finding> {
        let mut buffer = [0; 16 * 1024];
        while !self.ended {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Ok(Wait::Nothing);
            }
            match self.transport.read(&mut buffer, wait) {
                Ok(0) => self.end("connection closed"),
                Ok(length) => {
                    self.reader.push(&buffer[..length]);
                    if self.take_in()? {
                        return Ok(Wait::Arrived);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    _ => self.end("connection reset"),
                },
            }
        }
        Ok(Wait::Ended)
    }

    fn end(&mut self, how: &str) {
        self.record.event(&self.name, Side::Subject, how);
        self.ended = true;
    }

    /// Moves what has been read into the queue; whether there was anything for it.
    fn take_in(&mut self) -> Result<bool, Finding> {
        let before = self.unread.len();
        while let Some(read) = self.reader.next_read() {
            let packet = match read.packet {
                Ok(packet) => packet,
                Err(malformed) => {
                    self.note_read(&read.octets);
                    let text = describe(&read.octets, Sender::Server).remove(0).0;
                    let breach = Finding::fail("a packet in good order", text);
                    return Err(breach.of(malformed.fault.statement()));
                }
            };
            if self.is_foreign(&packet)? {
                continue;
            }
            self.note_read(&read.octets);
            self.check_first(&packet)?;
            if let Packet::Publish(publish) = &packet
                && self.is_repeat(publish)?
            {
                continue;
            }
            self.unread.push_back(packet);
        }
        Ok(self.unread.len() > before)
    }

    fn note_read(&self, octets: &[u8]) {
        for (text, range) in describe(octets, Sender::Server) {
            self.record.packet(&self.name, Side::Subject, &text, &octets[range]);
        }
    }

    /// Whether the packet delivers a message of another case; if so it is answered.
    fn is_foreign(&mut self, packet: &Packet) -> Result<bool, Finding> {
        let is_own = |publish: &Publish| {
            let is_below = |prefix: &str| publish.topic.starts_with(prefix.as_bytes());
            if self.own_topics.is_empty() {
                self.realm.as_ref().is_none_or(|(all, own)| !is_below(all) || is_below(own))
            } else {
                self.own_topics.iter().any(|prefix| is_below(prefix))
            }
        };
        match packet {
            Packet::Publish(publish) if !is_own(publish) => {
                if let Some(id) = publish.id {
                    let answer = match publish.qos {
                        1 => Packet::Puback(id),
                        _ => Packet::Pubrec(id),
                    };
                    self.foreign_ids.insert(id);
                    self.write(&answer.octets())?;
                }
                Ok(true)
            }
            Packet::Pubrel(id) if self.foreign_ids.remove(id) => {
                self.write(&Packet::Pubcomp(*id).octets())?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn check_first(&mut self, packet: &Packet) -> Result<(), Finding> {
        if let Packet::Connack(connack) = packet {
            self.connack_read = true;
            if connack.code == 0 {
                self.record.accepted();
            }
        }
        if self.connect_sent && !self.connack_read {
            let breach = Finding::fail("CONNACK as the first packet", packet);
            return Err(breach.of("MQTT-3.2.0-1"));
        }
        Ok(())
    }

    /// Whether the message has come before on this connection; if so it is answered again.
    fn is_repeat(&mut self, publish: &Publish) -> Result<bool, Finding> {
        match self.inbound.publish(publish) {
            Arrival::New => Ok(false),
            Arrival::Repeat(answer) => {
                answer.map_or(Ok(()), |answer| self.send(answer))?;
                Ok(true)
            }
            Arrival::Breach(finding) => Err(finding),
        }
    }
}

#[cfg(test)]
mod tests;
