//! What carries octets to the subject and back.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use socket2::SockRef;

/// An ordered, lossless stream of octets, on which nothing blocks for longer than it is told.
///
/// Dropping it closes it.
pub trait Transport {
    /// Sends all octets.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] when the other side does not read for as long as `wait`;
    /// any other kind when the connection is gone.
    fn write(&mut self, octets: &[u8], wait: Duration) -> io::Result<()>;

    /// Receives some octets; 0 when the other side has closed.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] when nothing comes for as long as `wait`; any other kind when
    /// the connection is gone.
    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize>;

    /// Tells the other side that nothing more will be sent; what it sends can still be read.
    fn finish(&mut self);

    /// Ends the connection as a crash does: what was not delivered is thrown away.
    fn reset(self: Box<Self>);
}

/// A TCP connection.
#[derive(Debug)]
pub(crate) struct Tcp(TcpStream);

impl Tcp {
    /// Takes over a connection, and stops it from holding small packets back.
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }
}

impl Transport for Tcp {
    fn write(&mut self, octets: &[u8], wait: Duration) -> io::Result<()> {
        self.0.set_write_timeout(Some(at_least_a_moment(wait)))?;
        io::Write::write_all(&mut self.0, octets).map_err(timed_out)
    }

    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.0.set_read_timeout(Some(at_least_a_moment(wait)))?;
        io::Read::read(&mut self.0, buffer).map_err(timed_out)
    }

    fn finish(&mut self) {
        // Fails only on a connection that is gone, which the next read tells.
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }

    fn reset(self: Box<Self>) {
        // Without it the connection ends by FIN instead: still without a farewell.
        let _ = SockRef::from(&self.0).set_linger(Some(Duration::ZERO));
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
