//! The proxy: sockets and threads around a sabotage.
//!
//! Two threads read a connection, one an end, and two write it. What is read goes through the
//! sabotage under one lock, so that it sees one thing after the other on all connections; what is
//! to be written is queued, so that nobody holds the lock while a socket is full.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::Sabotage;
use super::breach::{Breach, Event, Fate, nothing};
use super::link::{Ends, Link, Outgoing};
use crate::subject::Target;
use crate::wire::{Fault, Read, Reader, Sender};

/// A Server that breaks one thing, made of one that does not. Dropping it closes all connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    hall: Arc<Hall>,
}

impl Proxy {
    /// Listens on `listen` and speaks for the broker at `upstream`; `None` breaks nothing.
    ///
    /// # Errors
    ///
    /// Those of binding `listen`, and [`io::ErrorKind::Unsupported`] for an upstream that is not
    /// on plain TCP. An upstream that cannot be reached is no error here: whoever connects is then
    /// turned away.
    pub fn start(
        listen: SocketAddr,
        upstream: Target,
        sabotage: Option<&Sabotage>,
    ) -> io::Result<Self> {
        if !upstream.is_plain_tcp() {
            let reason = "a proxy stands before a broker on plain TCP: HOST:PORT";
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        let breach = sabotage.map_or_else(nothing, |sabotage| (sabotage.breach)());
        let room = Room { breach, ends: BTreeMap::new(), sockets: BTreeMap::new(), last: 0 };
        let hall = Arc::new(Hall { upstream, stopped: AtomicBool::new(false), room: room.into() });
        let served = Arc::clone(&hall);
        thread::spawn(move || served.serve(&listener));
        Ok(Self { address, hall })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.hall.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it looks.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        for (client, server) in self.hall.room().sockets.values() {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }
}

/// All connections of a proxy, and what becomes of what happens on them.
struct Room {
    breach: Breach,
    ends: BTreeMap<u64, Ends>,
    sockets: BTreeMap<u64, (Arc<TcpStream>, Arc<TcpStream>)>,
    last: u64,
}

struct Hall {
    upstream: Target,
    stopped: AtomicBool,
    room: Mutex<Room>,
}

impl std::fmt::Debug for Hall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hall").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

impl Hall {
    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            // A client whose connection cannot be passed on is turned away by dropping it.
            if let Ok(client) = client {
                let hall = Arc::clone(&self);
                thread::spawn(move || hall.admit(client));
            }
        }
    }

    fn admit(self: Arc<Self>, client: TcpStream) -> io::Result<()> {
        let upstream = self.upstream.network().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let upstream = upstream.to_socket_addrs()?.next();
        let upstream = upstream.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let server = TcpStream::connect_timeout(&upstream, DIAL)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client, server) = (Arc::new(client), Arc::new(server));
        let (to_client, for_client) = channel();
        let (to_server, for_server) = channel();
        let number = {
            let mut room = self.room();
            room.last += 1;
            let number = room.last;
            room.ends.insert(number, Ends::new(to_client, to_server));
            room.sockets.insert(number, (Arc::clone(&client), Arc::clone(&server)));
            number
        };
        let stream = Arc::clone(&client);
        thread::spawn(move || write(&stream, &for_client, Shutdown::Both));
        let stream = Arc::clone(&server);
        thread::spawn(move || write(&stream, &for_server, Shutdown::Write));
        let hall = Arc::clone(&self);
        let back = thread::spawn(move || hall.carry(number, Sender::Server, &server));
        self.carry(number, Sender::Client, &client);
        // Where the sabotage keeps from the Client that the Server has gone, it stays until now.
        let _ = back.join();
        let mut room = self.room();
        room.ends.remove(&number);
        room.sockets.remove(&number);
        Ok(())
    }

    /// Reads one end until it is over.
    fn carry(&self, number: u64, from: Sender, mut stream: &TcpStream) {
        let mut reader = Reader::new(from);
        let mut buffer = [0; 16 * 1024];
        // Set once no packets can be told apart any more, to whether the octets still go on.
        let mut lost = None;
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let octets = &buffer[..length];
            let mut room = self.room();
            if let Some(goes_on) = lost {
                if goes_on {
                    room.forward(number, from, octets.to_vec());
                }
                continue;
            }
            let mut whole = reader.unread().is_empty();
            reader.push(octets);
            let mut position = 0;
            while let Some(read) = reader.next_read() {
                let goes_on = room.packet(&self.upstream, number, from, &read, (whole, position));
                if matches!(read.packet, Err(malformed) if malformed.fault == Fault::RemainingLength)
                {
                    lost = Some(goes_on);
                }
                whole = true;
                position += 1;
            }
            if from == Sender::Client && !reader.unread().is_empty() {
                room.ask(&self.upstream, number, Event::PartFromClient, (false, position));
            }
        }
        self.room().gone(&self.upstream, number, from, reader.unread());
    }
}

impl Room {
    fn ask(
        &mut self,
        upstream: &Target,
        number: u64,
        event: Event<'_>,
        place: (bool, usize),
    ) -> Fate {
        let (whole, position) = place;
        let mut link = Link { number, ends: &mut self.ends, upstream, whole, position };
        (self.breach)(&mut link, event)
    }

    /// Deals with a packet; whether it went on as it came.
    fn packet(
        &mut self,
        upstream: &Target,
        number: u64,
        from: Sender,
        read: &Read,
        place: (bool, usize),
    ) -> bool {
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
            // A Server that breaks rules by itself is passed on as it is.
            (Sender::Server, Err(_)) => {
                self.forward(number, from, read.octets.clone());
                return true;
            }
        };
        match self.ask(upstream, number, event, place) {
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
    fn gone(&mut self, upstream: &Target, number: u64, from: Sender, rest: &[u8]) {
        let event = match from {
            Sender::Client => Event::ClientGone(rest),
            Sender::Server => Event::ServerGone,
        };
        match self.ask(upstream, number, event, (true, 0)) {
            Fate::Pass => self.forward(number, from, rest.to_vec()),
            Fate::Drop if from == Sender::Server => return,
            Fate::Drop => {}
            Fate::Instead(octets) => self.forward(number, from, octets),
        }
        let Some(ends) = self.ends.get(&number) else { return };
        let queue = if from == Sender::Client { &ends.to_server } else { &ends.to_client };
        let _ = queue.send(Outgoing::End);
    }

    fn forward(&self, number: u64, from: Sender, octets: Vec<u8>) {
        let Some(ends) = self.ends.get(&number) else { return };
        let queue = if from == Sender::Client { &ends.to_server } else { &ends.to_client };
        // Refused once the writer is gone, and then the connection is.
        let _ = queue.send(Outgoing::Octets(octets));
    }
}

/// Writes what is queued, and ends the connection this way when it is told to.
fn write(mut stream: &TcpStream, queue: &Receiver<Outgoing>, end: Shutdown) {
    for outgoing in queue {
        let done = match outgoing {
            Outgoing::Octets(octets) => stream.write_all(&octets).is_err(),
            Outgoing::End => true,
        };
        if done {
            break;
        }
    }
    let _ = stream.shutdown(end);
}

/// How long the Server may take to accept a connection.
const DIAL: Duration = Duration::from_secs(5);
