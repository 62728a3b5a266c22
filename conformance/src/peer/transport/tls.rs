//! TLS over another transport.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};

use super::Transport;

/// A TLS session of which this is the Client.
pub(crate) struct Tls {
    below: Box<dyn Transport>,
    session: ClientConnection,
    /// Octets that have come and not been asked for.
    unread: VecDeque<u8>,
    /// Set when the other side has said farewell.
    ended: bool,
}

impl Tls {
    /// Shakes hands over `below`.
    ///
    /// # Errors
    ///
    /// Those of `below`, and [`io::ErrorKind::InvalidData`] when the other side speaks no TLS, or
    /// its certificate is not what it should be.
    pub(crate) fn open(
        below: Box<dyn Transport>,
        config: Arc<ClientConfig>,
        host: &str,
        wait: Duration,
    ) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let session = ClientConnection::new(config, name).map_err(invalid)?;
        let mut tls = Self { below, session, unread: VecDeque::new(), ended: false };
        let deadline = Instant::now() + wait;
        while tls.session.is_handshaking() {
            tls.flush(deadline)?;
            if tls.take_in(deadline)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        tls.flush(deadline)?;
        Ok(tls)
    }

    /// Sends what the session has to say.
    fn flush(&mut self, deadline: Instant) -> io::Result<()> {
        while self.session.wants_write() {
            let mut records = Vec::new();
            self.session.write_tls(&mut records)?;
            self.below.write(&records, left(deadline))?;
        }
        Ok(())
    }

    /// Gives the session what has arrived, and waits for something if nothing has; 0 when the
    /// other side has closed the transport below.
    fn take_in(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut records = [0; 16 * 1024];
        let length = self.below.read(&mut records, left(deadline))?;
        let mut rest = &records[..length];
        while !rest.is_empty() {
            self.session.read_tls(&mut rest)?;
            let state = self.session.process_new_packets().map_err(|error| {
                // Best effort: the other side may want to know why, and may be gone.
                let _ = self.flush(deadline);
                invalid(error)
            })?;
            // At once, since the session holds only so much.
            let mut octets = vec![0; state.plaintext_bytes_to_read()];
            self.session.reader().read_exact(&mut octets)?;
            self.unread.extend(octets);
            self.ended |= state.peer_has_closed();
        }
        Ok(length)
    }
}

impl Transport for Tls {
    fn write(&mut self, octets: &[u8], wait: Duration) -> io::Result<()> {
        let deadline = Instant::now() + wait;
        let mut rest = octets;
        while !rest.is_empty() {
            // The session takes only as much as its buffer holds.
            let taken = self.session.writer().write(rest)?;
            rest = &rest[taken..];
            self.flush(deadline)?;
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let deadline = Instant::now() + wait;
        loop {
            if !self.unread.is_empty() {
                return self.unread.read(buffer);
            }
            if self.ended {
                return Ok(0);
            }
            // The other side may have asked for something of its own, such as new keys.
            self.flush(deadline)?;
            if self.take_in(deadline)? == 0 {
                // Many end TLS by ending TCP. For a judge of MQTT that is a close like any other.
                return Ok(0);
            }
        }
    }

    fn finish(&mut self) {
        self.session.send_close_notify();
        // Fails only on a connection that is gone, which the next read tells.
        let _ = self.flush(Instant::now() + FAREWELL);
        self.below.finish();
    }

    fn reset(self: Box<Self>) {
        self.below.reset();
    }

    fn no_half_close(&self) -> Option<&'static str> {
        match self.session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => None,
            _ => Some("before TLS 1.3 the end of one direction is the end of both"),
        }
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// How long a farewell may take to be handed over.
const FAREWELL: Duration = Duration::from_secs(1);
