//! Conversations as captures: what Wireshark would have seen on the wire.
//!
//! Octets become TCP segments between addresses made up for the purpose (192.0.2.1 for the Server,
//! 192.0.2.2 for Clients: addresses that RFC 5737 keeps free for examples), with port 1883 at the
//! Server, or 80 where a WebSocket is opened, so that any tool dissects them as MQTT. Handshakes, acknowledgements and checksums are
//! as TCP has them. Nothing here opens a socket.

mod pcapng;
mod segment;

use std::collections::BTreeMap;

use crate::report::Role;
use crate::transcript::{Action, Transcript};
use pcapng::File;
use segment::{Flags, Flow, From, HTTP, MQTT};

/// A capture of many connections to one Server.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::Capture;
///
/// let mut capture = Capture::new("a PINGREQ and its answer");
/// capture.open(0, 1);
/// capture.from_client(1_000, 1, &[0xc0, 0]);
/// capture.from_server(2_000, 1, &[0xd0, 0]);
/// capture.close_by_client(3_000, 1);
/// assert!(capture.into_pcapng().starts_with(&0x0a0d_0d0a_u32.to_le_bytes()));
/// ```
#[derive(Debug)]
pub struct Capture {
    file: File,
    flows: BTreeMap<usize, Flow>,
    /// Microseconds of the last frame: each is later than the one before.
    last: u64,
}

impl Capture {
    /// An empty capture; `comment` stands at its head.
    pub fn new(comment: &str) -> Self {
        Self { file: File::new(comment), flows: BTreeMap::new(), last: 0 }
    }

    /// A Client opens a connection, whose number is new: the three-way handshake. Times are in
    /// microseconds since the beginning.
    pub fn open(&mut self, at: u64, connection: usize) {
        self.open_to(at, connection, MQTT);
    }

    /// The same to where WebSockets are opened; what a WebSocket is made of is sent like any data.
    pub fn open_for_websocket(&mut self, at: u64, connection: usize) {
        self.open_to(at, connection, HTTP);
    }

    fn open_to(&mut self, at: u64, connection: usize, port: u16) {
        self.flows.insert(connection, Flow::new(connection, port));
        self.frame(at, connection, From::Client, Flags::SYN, &[]);
        self.frame(at, connection, From::Server, Flags::SYN.and(Flags::ACK), &[]);
        self.frame(at, connection, From::Client, Flags::ACK, &[]);
    }

    /// The Client sends octets.
    pub fn from_client(&mut self, at: u64, connection: usize, octets: &[u8]) {
        self.data(at, connection, From::Client, octets);
    }

    /// The Server sends octets.
    pub fn from_server(&mut self, at: u64, connection: usize, octets: &[u8]) {
        self.data(at, connection, From::Server, octets);
    }

    /// The Client ends its direction.
    pub fn close_by_client(&mut self, at: u64, connection: usize) {
        self.finish(at, connection, From::Client);
    }

    /// The Server ends its direction.
    pub fn close_by_server(&mut self, at: u64, connection: usize) {
        self.finish(at, connection, From::Server);
    }

    /// The Client resets the connection.
    pub fn reset_by_client(&mut self, at: u64, connection: usize) {
        self.reset(at, connection, From::Client);
    }

    /// A remark on the last frame, which Wireshark shows beside it.
    pub fn remark(&mut self, comment: &str) {
        self.file.remark(comment);
    }

    /// The capture as a pcapng file.
    pub fn into_pcapng(self) -> Vec<u8> {
        self.file.into_octets()
    }

    fn data(&mut self, at: u64, connection: usize, from: From, octets: &[u8]) {
        for piece in octets.chunks(MOST_OF_A_SEGMENT) {
            self.frame(at, connection, from, Flags::PSH.and(Flags::ACK), piece);
            self.frame(at, connection, from.other(), Flags::ACK, &[]);
        }
    }

    fn reset(&mut self, at: u64, connection: usize, from: From) {
        self.frame(at, connection, from, Flags::RST.and(Flags::ACK), &[]);
    }

    fn finish(&mut self, at: u64, connection: usize, from: From) {
        let is_new = self.flows.get_mut(&connection).is_some_and(|flow| flow.finish(from));
        if is_new {
            self.frame(at, connection, from, Flags::FIN.and(Flags::ACK), &[]);
            self.frame(at, connection, from.other(), Flags::ACK, &[]);
        }
    }

    /// A connection that was not opened has no frames.
    fn frame(&mut self, at: u64, connection: usize, from: From, flags: Flags, octets: &[u8]) {
        let Some(flow) = self.flows.get_mut(&connection) else { return };
        self.last = at.max(self.last + 1);
        self.file.packet(self.last, &flow.segment(from, flags, octets));
    }
}

impl Transcript {
    /// The conversation as a pcapng file; what went wrong is a remark on its last frame.
    pub fn to_pcapng(&self) -> Vec<u8> {
        let statements = self.statements.join(" ");
        let (case, title, subject) = (&self.case, &self.title, &self.subject);
        let mut capture = Capture::new(&format!("{case} ({statements})\n{title}\n{subject}"));
        let (judge, subject) = match self.role {
            Role::Broker => (From::Client, From::Server),
            Role::Client => (From::Server, From::Client),
        };
        for step in &self.steps {
            let (at, connection) = (step.at_ms.saturating_mul(1_000), step.connection);
            match &step.action {
                Action::Open { .. } | Action::Accept { .. } => capture.open(at, connection),
                Action::Send { octets, pieces, .. } => {
                    for piece in octets.chunks(pieces.unwrap_or(octets.len()).max(1)) {
                        capture.data(at, connection, judge, piece);
                    }
                }
                Action::Receive { octets, .. } => capture.data(at, connection, subject, octets),
                Action::Wait { .. } | Action::Tell { .. } | Action::Told { .. } => {}
                Action::Finish | Action::Close => capture.finish(at, connection, judge),
                Action::Reset => capture.reset(at, connection, judge),
                Action::Closed => capture.finish(at, connection, subject),
            }
        }
        let last = self.steps.last().map_or(0, |step| step.at_ms.saturating_mul(1_000));
        for packet in &self.deviation.seen.packets {
            capture.data(last, self.deviation.connection, subject, &packet.octets);
        }
        capture.remark(&format!("expected {}, saw {}", self.expected, self.saw));
        capture.into_pcapng()
    }
}

/// What an IPv4 packet can carry is 65,535 octets with its headers; a round number below.
const MOST_OF_A_SEGMENT: usize = 32_768;

#[cfg(test)]
mod tests;
