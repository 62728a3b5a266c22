//! A network that fails: it cuts at any octet, stalls, and sends in pieces.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::Socket;

use super::random::Random;
use crate::subject::Target;

/// A network that fails, between a port of its own and a broker. Dropping it closes its port.
#[derive(Debug)]
pub(super) struct Faults {
    address: SocketAddr,
    network: Arc<Network>,
}

#[derive(Debug)]
struct Network {
    upstream: Target,
    seed: u64,
    calm: AtomicBool,
    stopped: AtomicBool,
    /// The ports of those whose connections it has cut.
    cut: Mutex<BTreeSet<u16>>,
    cuts: Mutex<u32>,
}

/// How long the broker may take to accept a connection.
const DIAL: Duration = Duration::from_secs(5);

impl Faults {
    pub(super) fn start(upstream: Target, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (calm, stopped, cut, cuts) = Default::default();
        let network = Arc::new(Network { upstream, seed, calm, stopped, cut, cuts });
        let served = Arc::clone(&network);
        thread::spawn(move || {
            for (number, client) in (0..).zip(listener.incoming()) {
                if served.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let network = Arc::clone(&served);
                // Whoever cannot be passed on is turned away by dropping the connection.
                thread::spawn(move || client.and_then(|client| network.pass(client, number)));
            }
        });
        Ok(Self { address, network })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// It behaves from here on.
    pub(super) fn calm(&self) {
        self.network.calm.store(true, Ordering::Relaxed);
    }

    /// How many connections it has cut.
    pub(super) fn cuts(&self) -> u32 {
        *lock(&self.network.cuts)
    }

    /// Whether it has cut the connection from this port.
    pub(super) fn has_cut(&self, port: u16) -> bool {
        lock(&self.network.cut).contains(&port)
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.network.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it looks.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

impl Network {
    fn pass(self: Arc<Self>, client: TcpStream, number: u64) -> io::Result<()> {
        let server = self.dial()?;
        client.set_nodelay(true)?;
        let port = client.peer_addr()?.port();
        let client = Socket::from(client);
        // The system may have given this port to somebody before.
        lock(&self.cut).remove(&port);
        let (network, from, to) = (Arc::clone(&self), server.try_clone()?, client.try_clone()?);
        thread::spawn(move || network.carry(&from, &to, 2 * number, port));
        self.carry(&client, &server, 2 * number + 1, port);
        Ok(())
    }

    fn dial(&self) -> io::Result<Socket> {
        if let Some(path) = self.upstream.unix() {
            return Ok(UnixStream::connect(path)?.into());
        }
        let (host, port) = self.upstream.network().ok_or(io::ErrorKind::Unsupported)?;
        let address = (host, port).to_socket_addrs()?.next();
        let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let server = TcpStream::connect_timeout(&address, DIAL)?;
        server.set_nodelay(true)?;
        Ok(server.into())
    }

    /// Octets on each way that shaking hands takes, more or less, before there is any MQTT.
    const fn handshake(&self) -> usize {
        let tls = if self.upstream.is_secure() { 1_500 } else { 0 };
        let websocket = if self.upstream.is_websocket() { 200 } else { 0 };
        tls + websocket
    }

    /// Passes on what one end says, until it is over or it is time for a cut.
    fn carry(&self, mut from: &Socket, mut to: &Socket, way: u64, port: u16) {
        let mut random = Random::of(self.seed, way);
        // Some links last for a packet or two, others for hundreds; and some do not outlast their
        // handshake, if there is one.
        let most = if random.below(3) == 0 { 400 } else { 20_000 };
        let mut left = 40 + random.place(2 * self.handshake() + most);
        let mut buffer = [0; 4096];
        loop {
            let Ok(length @ 1..) = from.read(&mut buffer) else {
                // The other way may still have something to say.
                let _ = to.shutdown(Shutdown::Write);
                return;
            };
            let mut octets = &buffer[..length];
            let is_calm = self.calm.load(Ordering::Relaxed);
            let is_cut = !is_calm && left < length;
            if is_cut {
                octets = &octets[..left];
            }
            left = left.saturating_sub(length);
            while !octets.is_empty() {
                let is_whole = is_calm || random.below(3) > 0;
                let piece = if is_whole { octets.len() } else { 1 + random.place(octets.len()) };
                if to.write_all(&octets[..piece]).is_err() {
                    break;
                }
                octets = &octets[piece..];
                if !is_calm && random.below(50) == 0 {
                    thread::sleep(random.pause(80));
                }
            }
            if is_cut {
                if lock(&self.cut).insert(port) {
                    *lock(&self.cuts) += 1;
                }
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
