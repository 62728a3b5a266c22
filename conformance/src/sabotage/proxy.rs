//! The proxy: sockets and threads around a sabotage.
//!
//! Two threads read a connection, one an end. What is read goes through the sabotage under one
//! lock, so that it sees one thing after the other on all connections; nobody waits for a socket
//! that is full while holding it.
//!
//! Not here: what becomes of what is read, in `room`; how a WebSocket is opened, in `handshake`.

use std::io::{self, Read as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::breach::{Breach, nothing};
use super::crew;
use super::handshake::{Opened, open};
use super::inlet::Inlet;
use super::link::Ends;
use super::outlet::Outlet;
use super::room::{Room, Stream};
use super::{Sabotage, door};
use crate::subject::Target;
use crate::websocket::Request;
use crate::wire::Sender;

/// A Server that breaks one thing, made of one that does not. Dropping it closes all connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    more: Mutex<Vec<SocketAddr>>,
    hall: Arc<Hall>,
}

impl Proxy {
    /// Listens on `listen` and speaks for the broker at `upstream`, over TCP or WebSocket as that
    /// does; `None` breaks nothing. What the sabotage says by itself goes to `upstream` with the
    /// user name and password of that URL.
    ///
    /// # Errors
    ///
    /// Those of binding `listen`, and [`io::ErrorKind::Unsupported`] for an upstream behind TLS or
    /// on a Unix socket. An upstream that cannot be reached is no error here: whoever connects is
    /// then turned away.
    pub fn start(
        listen: SocketAddr,
        upstream: Target,
        sabotage: Option<&Sabotage>,
    ) -> io::Result<Self> {
        let breach = sabotage.map_or_else(nothing, |sabotage| (sabotage.breach)());
        Self::by(listen, upstream, breach)
    }

    /// Stands before a broker that has no users and lets in two: `judge` with the password
    /// `justice`, who may do everything, and `limited` with the password `limits`, who may neither
    /// publish nor subscribe below `forbidden`. Gives where to find it, for the first of them.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn door(listen: SocketAddr, upstream: Target) -> io::Result<(Self, Target)> {
        let door = Self::by(listen, upstream, door::door())?;
        let target = Target::new(door.address.ip().to_string(), door.address.port());
        Ok((door, target.for_user(door::JUDGE, Some(door::JUSTICE))))
    }

    fn by(listen: SocketAddr, upstream: Target, breach: Breach) -> io::Result<Self> {
        let room = Mutex::new(Room::new(breach, upstream.clone()));
        let hall = Arc::new(Hall { stopped: AtomicBool::new(false), room });
        let address = hall.listen(listen, upstream)?;
        Ok(Self { address, more: Mutex::default(), hall })
    }

    /// Listens on another address for the same broker, at another of its own. What happens on
    /// either, one sabotage sees.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn also(&self, listen: SocketAddr, upstream: Target) -> io::Result<SocketAddr> {
        let address = self.hall.listen(listen, upstream)?;
        self.more.lock().unwrap_or_else(PoisonError::into_inner).push(address);
        Ok(address)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.hall.stopped.store(true, Ordering::Relaxed);
        let more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        // Wakes the listeners, so that they look.
        for address in more.iter().chain([&self.address]) {
            let _ = TcpStream::connect_timeout(address, Duration::from_secs(1));
        }
        for (client, server) in self.hall.room().sockets.values() {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }
}

/// All connections of a proxy.
#[derive(Debug)]
struct Hall {
    stopped: AtomicBool,
    room: Mutex<Room>,
}

impl Hall {
    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: &Arc<Self>, listen: SocketAddr, upstream: Target) -> io::Result<SocketAddr> {
        if upstream.is_secure() || upstream.network().is_none() {
            let reason = "a proxy stands before a broker on TCP or WebSocket without TLS: \
                          HOST:PORT or ws://HOST:PORT/PATH";
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        let hall = Arc::clone(self);
        thread::spawn(move || hall.serve(&listener, &Arc::new(upstream)));
        Ok(address)
    }

    fn serve(self: Arc<Self>, listener: &TcpListener, upstream: &Arc<Target>) {
        for client in listener.incoming() {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            // A client whose connection cannot be passed on is turned away by dropping it.
            if let Ok(client) = client {
                let (hall, upstream) = (Arc::clone(&self), Arc::clone(upstream));
                crew::run(move || drop(hall.admit(client, &upstream)));
            }
        }
    }

    fn admit(self: Arc<Self>, client: TcpStream, upstream: &Target) -> io::Result<()> {
        let client = Arc::new(client);
        let is_websocket = upstream.is_websocket();
        let outlet = |to, socket: &Arc<TcpStream>, end| {
            Outlet::new(Arc::clone(socket), is_websocket.then_some(to), end)
        };
        let to_client = outlet(Sender::Client, &client, Shutdown::Both);
        let server = dial(upstream).inspect_err(|_| {
            self.room().unreachable(Ends::new(to_client.clone(), to_client.clone()));
        })?;
        let server = Arc::new(server);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let to_server = outlet(Sender::Server, &server, Shutdown::Write);
        let sockets = (Arc::clone(&client), Arc::clone(&server));
        let number = self.room().enter(Ends::new(to_client, to_server), sockets);
        let opened = if is_websocket {
            let put = |request: &Request| self.room().asked(number, request);
            let asked = open(&client, &server, upstream, put);
            asked.map(|opened| self.opened(number, opened))
        } else {
            Ok(Some((Vec::new(), Vec::new())))
        };
        match &opened {
            Ok(Some((from_client, from_server))) => {
                let inlet = |from| if is_websocket { Inlet::websocket(from) } else { Inlet::Plain };
                let (hall, rest) = (Arc::clone(&self), from_server.clone());
                let server_inlet = inlet(Sender::Server);
                let (done, back) = channel::<()>();
                crew::run(move || {
                    hall.carry(number, Sender::Server, &server, server_inlet, &rest);
                    drop(done);
                });
                self.carry(number, Sender::Client, &client, inlet(Sender::Client), from_client);
                // Where the sabotage keeps from the Client that the Server has gone, it stays
                // until now.
                let _ = back.recv();
            }
            Ok(None) | Err(_) => self.room().end(number),
        }
        self.room().leave(number);
        opened.map(drop)
    }

    /// Passes on how a WebSocket was opened: what came behind that from either end, if it was.
    fn opened(&self, number: u64, opened: Opened) -> Option<(Vec<u8>, Vec<u8>)> {
        let is_open = opened.answer.is_open();
        let rests = (opened.from_client.clone(), opened.from_server.clone());
        self.room().opened(number, opened);
        is_open.then_some(rests)
    }

    /// Reads one end until it is over, after `begin`.
    fn carry(&self, number: u64, from: Sender, mut socket: &TcpStream, inlet: Inlet, begin: &[u8]) {
        let mut stream = Stream::new(number, from, inlet);
        self.room().read(&mut stream, begin);
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = socket.read(&mut buffer) {
            self.room().read(&mut stream, &buffer[..length]);
        }
        self.room().gone(&stream);
    }
}

fn dial(upstream: &Target) -> io::Result<TcpStream> {
    let address = upstream.network().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let address = address.to_socket_addrs()?.next();
    TcpStream::connect_timeout(&address.ok_or(io::ErrorKind::AddrNotAvailable)?, DIAL)
}

/// How long the Server may take to accept a connection.
const DIAL: Duration = Duration::from_secs(5);
