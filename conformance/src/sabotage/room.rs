//! What becomes of what is read on the connections of a proxy: the sabotage is asked, one thing
//! after the other.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::Arc;

use super::breach::{Breach, Event, Fate};
use super::handshake::Opened;
use super::inlet::{Inlet, Piece};
use super::link::{Ends, Link};
use super::outlet::Outgoing;
use crate::subject::Target;
use crate::websocket::Request;
use crate::wire::{Fault, Read, Reader, Sender};

/// All connections of a proxy, and what becomes of what happens on them.
pub(super) struct Room {
    breach: Breach,
    upstream: Target,
    ends: BTreeMap<u64, Ends>,
    pub(super) sockets: BTreeMap<u64, (Arc<TcpStream>, Arc<TcpStream>)>,
    last: u64,
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

/// One direction of a connection, as far as it was read.
#[derive(Debug)]
pub(super) struct Stream {
    number: u64,
    from: Sender,
    inlet: Inlet,
    reader: Reader,
    /// Set once no packets can be told apart any more, to whether the octets still go on.
    lost: Option<bool>,
}

impl Stream {
    pub(super) fn new(number: u64, from: Sender, inlet: Inlet) -> Self {
        Self { number, from, inlet, reader: Reader::new(from), lost: None }
    }
}

impl Room {
    pub(super) fn new(breach: Breach, upstream: Target) -> Self {
        let (ends, sockets) = (BTreeMap::new(), BTreeMap::new());
        Self { breach, upstream, ends, sockets, last: 0 }
    }

    /// Takes in a connection, and gives its number.
    pub(super) fn enter(&mut self, ends: Ends, sockets: (Arc<TcpStream>, Arc<TcpStream>)) -> u64 {
        self.last += 1;
        self.ends.insert(self.last, ends);
        self.sockets.insert(self.last, sockets);
        self.last
    }

    /// Takes note that the Server takes no connection.
    pub(super) fn unreachable(&mut self, ends: Ends) {
        self.last += 1;
        self.ends.insert(self.last, ends);
        self.ask(self.last, Event::Unreachable, (true, 0));
        self.ends.remove(&self.last);
    }

    /// Forgets a connection, which is over.
    pub(super) fn leave(&mut self, number: u64) {
        self.ends.remove(&number);
        self.sockets.remove(&number);
    }

    /// Deals with the request for a WebSocket: what the Server is asked for.
    pub(super) fn asked(&mut self, number: u64, request: &Request) -> Vec<u8> {
        match self.ask(number, Event::Asked(request), (true, 0)) {
            Fate::Pass => request.octets(),
            Fate::Instead(octets) => octets,
            Fate::Drop => Vec::new(),
        }
    }

    /// Deals with the answer to the request for a WebSocket.
    pub(super) fn opened(&mut self, number: u64, opened: Opened) {
        let Some(ends) = self.ends.get_mut(&number) else { return };
        ends.request = Some(opened.request.clone());
        let event = Event::Opened(&opened.request, &opened.answer);
        let answer = match self.ask(number, event, (true, 0)) {
            Fate::Pass => opened.octets,
            Fate::Instead(octets) => octets,
            Fate::Drop => Vec::new(),
        };
        if let Some(ends) = self.ends.get(&number) {
            ends.to_client.send(Outgoing::Bare(answer));
        }
    }

    /// Ends a connection both ways, behind what is queued.
    pub(super) fn end(&self, number: u64) {
        if let Some(ends) = self.ends.get(&number) {
            ends.close();
        }
    }

    /// Deals with octets of one direction.
    pub(super) fn read(&mut self, stream: &mut Stream, octets: &[u8]) {
        for piece in stream.inlet.take(octets) {
            match piece {
                Piece::Packets(octets) => self.packets(stream, &octets),
                Piece::Beside(frame) => {
                    let event = match stream.from {
                        Sender::Client => Event::Frame(&frame),
                        Sender::Server => Event::FrameFromServer(&frame),
                    };
                    match self.ask(stream.number, event, (true, 0)) {
                        Fate::Pass => self.bare(stream, frame.octets()),
                        Fate::Drop => {}
                        Fate::Instead(octets) => self.forward(stream.number, stream.from, octets),
                    }
                }
                Piece::Broken(octets) => self.bare(stream, octets),
            }
        }
    }

    fn packets(&mut self, stream: &mut Stream, octets: &[u8]) {
        let (number, from) = (stream.number, stream.from);
        if let Some(goes_on) = stream.lost {
            if goes_on {
                self.forward(number, from, octets.to_vec());
            }
            return;
        }
        let mut whole = stream.reader.unread().is_empty();
        stream.reader.push(octets);
        let mut position = 0;
        while let Some(read) = stream.reader.next_read() {
            let goes_on = self.packet(number, from, &read, (whole, position));
            if matches!(read.packet, Err(malformed) if malformed.fault == Fault::RemainingLength) {
                stream.lost = Some(goes_on);
            }
            whole = true;
            position += 1;
        }
        if from == Sender::Client && !stream.reader.unread().is_empty() {
            self.ask(number, Event::PartFromClient, (false, position));
        }
    }

    fn ask(&mut self, number: u64, event: Event<'_>, (whole, position): (bool, usize)) -> Fate {
        // Who has left has nobody to be asked about.
        if !self.ends.contains_key(&number) {
            return Fate::Drop;
        }
        let upstream = &self.upstream;
        let mut link = Link { number, ends: &mut self.ends, upstream, whole, position };
        (self.breach)(&mut link, event)
    }

    /// Deals with a packet; whether it went on as it came.
    fn packet(&mut self, number: u64, from: Sender, read: &Read, place: (bool, usize)) -> bool {
        let Some(ends) = self.ends.get_mut(&number) else { return false };
        let event = match (from, &read.packet) {
            (Sender::Client, Ok(packet)) => {
                if !ends.note_client(packet) {
                    return false;
                }
                Event::FromClient(packet)
            }
            (Sender::Client, Err(malformed)) => Event::Malformed(&read.octets, *malformed),
            (Sender::Server, Ok(packet)) => {
                if !ends.note_server(packet) {
                    return false;
                }
                Event::FromServer(packet)
            }
            (Sender::Server, Err(malformed)) => {
                Event::MalformedFromServer(&read.octets, *malformed)
            }
        };
        match self.ask(number, event, place) {
            Fate::Pass => self.forward(number, from, read.octets.clone()),
            Fate::Drop => return false,
            Fate::Instead(octets) => {
                self.forward(number, from, octets);
                return false;
            }
        }
        true
    }

    /// Deals with the end of one direction.
    pub(super) fn gone(&mut self, stream: &Stream) {
        let (number, from, rest) = (stream.number, stream.from, stream.reader.unread());
        let event = match from {
            Sender::Client => Event::ClientGone(rest),
            Sender::Server => Event::ServerGone,
        };
        match self.ask(number, event, (true, 0)) {
            Fate::Pass => self.forward(number, from, rest.to_vec()),
            Fate::Drop => return,
            Fate::Instead(octets) => self.forward(number, from, octets),
        }
        self.send(number, from, Outgoing::End);
    }

    /// Sends on octets of the stream of packets.
    fn forward(&self, number: u64, from: Sender, octets: Vec<u8>) {
        if !octets.is_empty() {
            self.send(number, from, Outgoing::Octets(octets));
        }
    }

    /// Sends on octets that are in no frame, or are one.
    fn bare(&self, stream: &Stream, octets: Vec<u8>) {
        self.send(stream.number, stream.from, Outgoing::Bare(octets));
    }

    fn send(&self, number: u64, from: Sender, outgoing: Outgoing) {
        let Some(ends) = self.ends.get(&number) else { return };
        let queue = if from == Sender::Client { &ends.to_server } else { &ends.to_client };
        queue.send(outgoing);
    }
}
