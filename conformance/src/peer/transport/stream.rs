//! A socket: TCP, or one in the file system.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use socket2::Socket;

use super::Transport;

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Stream(Socket);

impl Stream {
    /// Takes over a connection, and stops it from holding small packets back.
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(stream.into()))
    }

    /// Takes over a connection on this machine.
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self(stream.into())
    }
}

impl Transport for Stream {
    fn write(&mut self, octets: &[u8], wait: Duration) -> io::Result<()> {
        self.0.set_write_timeout(Some(at_least_a_moment(wait)))?;
        self.0.write_all(octets).map_err(timed_out)
    }

    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.0.set_read_timeout(Some(at_least_a_moment(wait)))?;
        self.0.read(buffer).map_err(timed_out)
    }

    fn finish(&mut self) {
        // Fails only on a connection that is gone, which the next read tells.
        let _ = self.0.shutdown(Shutdown::Write);
    }

    fn reset(self: Box<Self>) {
        // Without it, and on a Unix socket, the connection ends by FIN instead: still without a
        // farewell.
        let _ = self.0.set_linger(Some(Duration::ZERO));
    }
}

/// A timeout of zero would mean none at all.
fn at_least_a_moment(wait: Duration) -> Duration {
    wait.max(Duration::from_millis(1))
}

/// Unix systems report a timeout as an operation that would block.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
