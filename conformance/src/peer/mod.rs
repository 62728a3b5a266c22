//! A raw connection with the subject that sends anything and expects precisely.
//!
//! The subject is the side that accepted it, a broker, or the one that opened it, a client.
//!
//! A [`Peer`] writes what it is given, reads through the strict reader, and notes every packet in
//! the case's transcript. What it reads waits in a queue until the case asks for it, so that a
//! case does not depend on an order that the standard leaves open: a PUBLISH may come before the
//! SUBACK, an acknowledgement before or after a message.
//!
//! There is deliberately no way to expect that nothing comes for some time: that would pass on
//! any subject that is slow or dead. [`Peer::fence`] and [`Peer::until_sentinel`] ask for
//! something that must come, and give back what came before it.

mod client;
mod closing;
mod exchange;
mod expect;
mod foreign;
mod frames;
mod inbound;
mod patience;
mod reading;
mod replaying;
mod sending;
mod transport;

use std::collections::VecDeque;
use std::time::Instant;

use crate::oracle::{ClientWatch, Watch};
use crate::record::{Line, Record, Side};
use crate::websocket::Frame;
use crate::wire::{Packet, Reader, Sender};

pub use crate::transcript::Delivery;
pub(crate) use client::FENCE;
pub(crate) use closing::still_open;
pub(crate) use patience::{Pace, Patience};
pub(crate) use reading::Wait;
pub use transport::{Breach, Transport};
pub(crate) use transport::{Stream, Tls, Upgraded, accept, upgrade};

use foreign::Foreign;
use inbound::Inbound;

/// One Network Connection between the judge and the subject.
pub struct Peer {
    name: String,
    /// Which side of it the subject is.
    subject: Sender,
    transport: Box<dyn Transport>,
    reader: Reader,
    /// Reads what is sent as the subject should; `None` behind octets that have no end.
    outgoing: Option<Reader>,
    record: Record,
    line: Line,
    patience: Patience,
    octets_read: usize,
    /// Read, and not asked for yet.
    unread: VecDeque<Packet>,
    inbound: Inbound,
    watch: Watch,
    /// Follows a subject that is a client.
    client_watch: ClientWatch,
    /// Set when the subject has closed: nothing more can be read.
    ended: bool,
    /// Set when the subject takes nothing more.
    write_failed: bool,
    /// Set when what was last expected did not come, with the connection open.
    was_silent: bool,
    /// The octets of the subject's that are no packet, as they came last.
    unreadable: Vec<u8>,
    /// When the last packet was sent, just before it was written.
    last_sent: Instant,
    last_id: u16,
    /// The identifier of the last message that was a fence: from the top down.
    last_fence: u16,
    /// Messages that came again with DUP, on this connection.
    repeats: usize,
    foreign: Foreign,
    /// Frames of control from the subject, when this is a WebSocket.
    control_frames: Vec<Frame>,
}

impl Peer {
    /// A connection that the judge has opened, to a subject that is a broker.
    pub(crate) fn new(
        name: String,
        transport: Box<dyn Transport>,
        record: Record,
        patience: Patience,
    ) -> Self {
        record.event(&name, Side::Judge, "connection opened");
        Self::with(Sender::Server, name, transport, record, patience)
    }

    /// A connection that a subject which is a client has opened.
    pub(crate) fn accepted(
        name: String,
        transport: Box<dyn Transport>,
        record: Record,
        patience: Patience,
    ) -> Self {
        record.event(&name, Side::Subject, "connection opened");
        Self::with(Sender::Client, name, transport, record, patience)
    }

    fn with(
        subject: Sender,
        name: String,
        transport: Box<dyn Transport>,
        record: Record,
        patience: Patience,
    ) -> Self {
        let watch = Watch::new(record.oracle());
        Self {
            transport,
            reader: Reader::new(subject),
            outgoing: Some(Reader::new(subject.other())),
            line: record.open(&name),
            name,
            subject,
            record,
            patience,
            octets_read: 0,
            unread: VecDeque::new(),
            inbound: Inbound::default(),
            watch,
            client_watch: ClientWatch::default(),
            ended: false,
            write_failed: false,
            was_silent: false,
            unreadable: Vec::new(),
            last_sent: Instant::now(),
            last_id: 0,
            last_fence: u16::MAX,
            repeats: 0,
            foreign: Foreign::default(),
            control_frames: Vec::new(),
        }
    }

    /// Tells it with what the topics of all cases begin, and those of its own case. What a subject
    /// sends it of other cases, against all subscriptions, is acknowledged and forgotten: it is no
    /// reason to fail this one.
    pub(crate) fn of_case(mut self, all: &'static str, own: String) -> Self {
        self.foreign.realm(all, own);
        self
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
        self.foreign.hear_only(prefix.into());
    }
}

#[cfg(test)]
mod tests;
