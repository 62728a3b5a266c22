//! A connection to a subject, over whatever its address says.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::security::{Security, SecurityError};
use super::target::{Place, Target, authority};
use crate::peer::{Stream, Tls, Transport, Upgraded, upgrade};
use crate::websocket::Request;

/// Opens connections. It reads certificates once, and only when somebody wants TLS.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialer {
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Dialer {
    /// One that uses TLS as it is told.
    pub(super) fn new(security: &Security) -> Result<Self, SecurityError> {
        Ok(Self { tls: OnceLock::from(security.config()?) })
    }

    /// Opens a connection to `target`, and shakes hands for TLS and WebSocket where it says so.
    ///
    /// # Errors
    ///
    /// Those of the network, and with a sentence those of a handshake that comes to nothing.
    pub(super) fn dial(&self, target: &Target, wait: Duration) -> io::Result<Box<dyn Transport>> {
        let deadline = Instant::now() + wait;
        let below = self.below_websocket(target, wait)?;
        above(target, below, left(deadline))
    }

    /// Shakes hands with `target` over `stream`, which leads there by way of somebody else.
    ///
    /// # Errors
    ///
    /// Those of [`dial`](Self::dial).
    pub(super) fn dial_over(
        &self,
        target: &Target,
        stream: TcpStream,
        wait: Duration,
    ) -> io::Result<Box<dyn Transport>> {
        let deadline = Instant::now() + wait;
        let below = self.secure(target, stream, wait)?;
        above(target, below, left(deadline))
    }

    /// Asks `target` for a WebSocket by this request, whatever comes of it.
    ///
    /// # Errors
    ///
    /// Those of the network, and one of [`io::ErrorKind::InvalidData`] when the other side does
    /// not know what a WebSocket is.
    pub(super) fn open(
        &self,
        target: &Target,
        request: &Request,
        wait: Duration,
    ) -> io::Result<Upgraded> {
        let deadline = Instant::now() + wait;
        let below = self.below_websocket(target, wait)?;
        upgrade(below, request, left(deadline))
    }

    fn below_websocket(&self, target: &Target, wait: Duration) -> io::Result<Box<dyn Transport>> {
        let deadline = Instant::now() + wait;
        let address = match target.place() {
            Place::Unix(path) => return Ok(Box::new(Stream::unix(UnixStream::connect(path)?))),
            Place::Network { host, port, .. } => (host.as_str(), *port),
        };
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, wait) {
                Ok(stream) => return self.secure(target, stream, left(deadline)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// TLS over `stream`, if `target` has it.
    fn secure(
        &self,
        target: &Target,
        stream: TcpStream,
        wait: Duration,
    ) -> io::Result<Box<dyn Transport>> {
        let tcp = Box::new(Stream::tcp(stream)?);
        match target.network().filter(|_| target.is_secure()) {
            None => Ok(tcp),
            Some((host, _)) => Ok(Box::new(Tls::open(tcp, self.tls()?, host, wait)?)),
        }
    }

    fn tls(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let config = Security::default().config().map_err(io::Error::other)?;
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }
}

/// What carries MQTT to `target` over `below`: a WebSocket, if it speaks that.
fn above(
    target: &Target,
    below: Box<dyn Transport>,
    wait: Duration,
) -> io::Result<Box<dyn Transport>> {
    if !target.is_websocket() {
        return Ok(below);
    }
    let request = request(target);
    let Upgraded { answer, transport } = upgrade(below, &request, wait)?;
    transport.ok_or_else(|| {
        let path = request.path;
        io::Error::other(format!(
            "asked for a WebSocket at {path} it {answer}; the path of a URL is chosen like this: \
             ws://localhost:8080/path"
        ))
    })
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The request for the WebSocket of a target.
pub(super) fn request(target: &Target) -> Request {
    let (host, port) = target.network().unwrap_or_default();
    Request::new(authority(host, port), target.path())
}

#[cfg(test)]
mod tests;
