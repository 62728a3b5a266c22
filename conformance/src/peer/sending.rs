//! Sending: what goes out, and whether it is what the case says it is.
//!
//! Every octet passes the strict reader in the other direction before it leaves. A case that
//! sends by mistake what breaks the rules would blame the subject for its answer; so would one
//! whose breach is none. Either is an error of the judge, and says so.

use std::time::{Duration, Instant};
use std::{fmt, io};

use super::{Peer, Transport};
use crate::finding::Finding;
use crate::record::Side;
use crate::transcript::Action;
use crate::wire::{Fault, Octets, Packet, Sender, describe};

/// What the case says that octets are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Declared {
    /// Packets in good order, or the end of one.
    Valid,
    /// Against the rules, at least one packet of them.
    Invalid,
    /// In good order as far as they go, and not the whole of a packet.
    Part,
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "packets in good order",
            Self::Invalid => "a breach of the rules",
            Self::Part => "a part of a packet",
        })
    }
}

impl Peer {
    /// Sends a packet in good order, or several, or what was still missing of one.
    ///
    /// A connection that the subject has closed takes them silently: to have closed it is never
    /// wrong by itself, and whatever is expected next will find it closed.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has stopped reading; [`Finding::Error`] when the
    /// octets break a rule.
    pub fn send(&mut self, packet: impl Octets) -> Result<(), Finding> {
        self.send_as(&packet.octets(), Declared::Valid, usize::MAX)
    }

    /// Sends octets that break a rule for what this side may send, alone or among packets in good
    /// order.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has stopped reading; [`Finding::Error`] when the
    /// octets break none.
    pub fn send_invalid(&mut self, octets: impl Octets) -> Result<(), Finding> {
        self.send_as(&octets.octets(), Declared::Invalid, usize::MAX)
    }

    /// Sends packets that are in good order one by one, of which one may not stand where it does:
    /// a second CONNECT, or something before the first.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_out_of_place(&mut self, packet: impl Octets) -> Result<(), Finding> {
        self.record.sent_invalid();
        self.send(packet)
    }

    /// Sends a part of a packet in good order, whose rest may or may not follow.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has stopped reading; [`Finding::Error`] when the
    /// octets break a rule, or are the whole of a packet.
    pub fn send_part(&mut self, octets: impl Octets) -> Result<(), Finding> {
        self.send_as(&octets.octets(), Declared::Part, usize::MAX)
    }

    /// Sends a packet in pieces of `size` octets, each handed to the network on its own.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_split(&mut self, packet: impl Octets, size: usize) -> Result<(), Finding> {
        self.send_as(&packet.octets(), Declared::Valid, size.max(1))
    }

    /// How long it is since the last packet was sent.
    pub fn since_last_sent(&self) -> Duration {
        self.last_sent.elapsed()
    }

    fn send_as(&mut self, octets: &[u8], declared: Declared, size: usize) -> Result<(), Finding> {
        let pieces = (size < octets.len()).then_some(size);
        self.line.step(Action::Send { octets: octets.to_vec(), pieces, text: Vec::new() });
        let lines = describe(octets, self.subject.other());
        for (text, range) in &lines {
            self.record.packet(&self.name, Side::Judge, text, &octets[range.clone()]);
        }
        let seen = self.read_back(octets);
        if seen.is_some_and(|seen| seen != declared) {
            let text: Vec<_> = lines.into_iter().map(|(text, _)| text).collect();
            let text = text.join(", ");
            return Err(Finding::Error(format!("the judge sent this as {declared}: {text}")));
        }
        if declared == Declared::Invalid {
            self.record.sent_invalid();
        }
        octets.chunks(size).try_for_each(|piece| self.write(piece))
    }

    /// Reads what is about to be sent as the subject should; `None` when it cannot be read, since
    /// what was sent before it has no end.
    pub(super) fn read_back(&mut self, octets: &[u8]) -> Option<Declared> {
        let reader = self.outgoing.as_mut()?;
        reader.push(octets);
        let mut packets = Vec::new();
        let (mut is_valid, mut has_end) = (true, true);
        while let Some(read) = reader.next_read() {
            match read.packet {
                Ok(packet) => packets.push(packet),
                Err(malformed) => {
                    is_valid = false;
                    has_end = malformed.fault != Fault::RemainingLength;
                }
            }
        }
        let is_whole = reader.unread().is_empty();
        if !(is_valid || is_whole && has_end) {
            self.outgoing = None;
        }
        packets.iter().for_each(|packet| self.note_sent(packet));
        Some(match (is_valid, is_whole) {
            (false, _) => Declared::Invalid,
            (true, false) => Declared::Part,
            (true, true) => Declared::Valid,
        })
    }

    fn note_sent(&mut self, packet: &Packet) {
        self.inbound.sent(packet);
        if self.subject == Sender::Client {
            self.client_watch.sent(packet);
            return;
        }
        self.watch.sent(packet);
        self.record.note_leftovers(packet);
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> Result<(), Finding> {
        self.write_by(|transport, wait| transport.write(octets, wait))
    }

    pub(super) fn write_by(
        &mut self,
        write: impl FnOnce(&mut dyn Transport, Duration) -> io::Result<()>,
    ) -> Result<(), Finding> {
        if self.write_failed {
            return Ok(());
        }
        self.last_sent = Instant::now();
        match write(&mut *self.transport, self.patience.due) {
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
}
