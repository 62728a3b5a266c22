//! A socket that listens, over TCP or in the file system.
//!
//! Clauses: [MQTT-7.1.1-1].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream, lookup_host};

use super::listen::Listen;
use super::origin::Origin;
#[cfg(unix)]
use super::unix_listener::UnixSocket;
use crate::net::transport::{Endpoint, Place, Stream};

/// A socket that listens already, handed over by whoever has started the program.
#[derive(Clone, Debug)]
pub struct Inherited {
    listen: Listen,
    socket: InheritedSocket,
}

#[derive(Clone, Debug)]
enum InheritedSocket {
    Tcp(Arc<std::net::TcpListener>),
    #[cfg(unix)]
    Unix(Arc<std::os::unix::net::UnixListener>),
}

impl Inherited {
    /// A TCP socket; `listen` says what is expected there.
    pub fn tcp(listen: Listen, socket: std::net::TcpListener) -> Self {
        Self { listen, socket: InheritedSocket::Tcp(Arc::new(socket)) }
    }

    /// A Unix socket, whose file stays; `listen` says what is expected there.
    #[cfg(unix)]
    pub fn unix(listen: Listen, socket: std::os::unix::net::UnixListener) -> Self {
        Self { listen, socket: InheritedSocket::Unix(Arc::new(socket)) }
    }

    /// What is expected there.
    pub fn listen(&self) -> &Listen {
        &self.listen
    }
}

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    /// Where it listens, with the port that the system chose.
    listen: Listen,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

impl Listener {
    /// Binds the socket that `listen` asks for.
    ///
    /// # Errors
    ///
    /// The system's error, with the URL in it.
    pub(super) async fn bind(mut listen: Listen) -> io::Result<Self> {
        let named = |error: io::Error, endpoint: &Endpoint| {
            io::Error::new(error.kind(), format!("cannot listen on {endpoint}: {error}"))
        };
        let socket = match &mut listen.endpoint.place {
            Place::Tcp { host, port } => match bind_tcp(host, *port).await {
                Ok((socket, address)) => {
                    (*host, *port) = (address.ip().to_string(), address.port());
                    Socket::Tcp(socket)
                }
                Err(error) => return Err(named(error, &listen.endpoint)),
            },
            #[cfg(unix)]
            Place::Unix(path) => match UnixSocket::bind(path) {
                Ok(socket) => Socket::Unix(socket),
                Err(error) => return Err(named(error, &listen.endpoint)),
            },
            #[cfg(not(unix))]
            Place::Unix(_) => {
                let error = io::Error::from(io::ErrorKind::Unsupported);
                return Err(named(error, &listen.endpoint));
            }
        };
        Ok(Self { socket, listen })
    }

    /// Takes over a socket that listens already.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub(super) fn adopt(inherited: &Inherited) -> io::Result<Self> {
        let socket = match &inherited.socket {
            InheritedSocket::Tcp(socket) => {
                let socket = socket.try_clone()?;
                socket.set_nonblocking(true)?;
                Socket::Tcp(TcpListener::from_std(socket)?)
            }
            #[cfg(unix)]
            InheritedSocket::Unix(socket) => Socket::Unix(UnixSocket::adopt(socket.try_clone()?)?),
        };
        Ok(Self { socket, listen: inherited.listen.clone() })
    }

    /// Where it listens, with the port that the system chose.
    pub(super) fn listen(&self) -> &Listen {
        &self.listen
    }

    /// The address of a TCP socket.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    /// Waits for the next connection.
    // [MQTT-7.1.1-1] Both give an ordered, lossless stream of octets both ways.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Origin)> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, address) = socket.accept().await?;
                Ok((tcp(stream), Origin::Network(address)))
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                let (stream, origin) = socket.accept().await?;
                Ok((Stream::Unix(stream), origin))
            }
        }
    }
}

fn tcp(stream: TcpStream) -> Stream {
    // Packets are gathered before they are written: waiting for more of them gains nothing.
    let _ = stream.set_nodelay(true);
    Stream::Tcp(stream)
}

/// Binds the first address of `host` that can be.
async fn bind_tcp(host: &str, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "no address has this name");
    for address in lookup_host((host, port)).await? {
        match bind_address(address).and_then(|socket| Ok((socket.local_addr()?, socket))) {
            Ok((address, socket)) => return Ok((socket, address)),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Binds `address` with a backlog for a crowd that comes all at once.
fn bind_address(address: SocketAddr) -> io::Result<TcpListener> {
    const BACKLOG: i32 = 4_096;
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
