//! What carries octets to the subject and back.
//!
//! A socket at the bottom, TLS over it if need be, and WebSocket on top: each is a [`Transport`]
//! that knows the one below by this trait alone.

mod stream;
mod tls;
mod websocket;

use std::io;
use std::time::Duration;

use crate::websocket::Frame;

pub(crate) use stream::Stream;
pub(crate) use tls::Tls;
pub(crate) use websocket::{Upgraded, accept, upgrade};

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
    /// [`io::ErrorKind::TimedOut`] when nothing comes for as long as `wait`; a [`Breach`] when
    /// what comes breaks a rule of the transport; anything else when the connection is gone.
    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize>;

    /// Tells the other side that nothing more will be sent.
    fn finish(&mut self);

    /// Ends the connection as a crash does: what was not delivered is thrown away.
    fn reset(self: Box<Self>);

    /// Why the end of one direction is always the end of both; `None` when what the other side
    /// sends can still be read after [`finish`](Self::finish).
    fn no_half_close(&self) -> Option<&'static str> {
        None
    }

    /// Sends one frame of WebSocket as it is.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write), and [`io::ErrorKind::Unsupported`] on anything but a
    /// WebSocket.
    fn write_frame(&mut self, _: &Frame, _: Duration) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The frames of control that have come since the last call, in order.
    fn control_frames(&mut self) -> Vec<Frame> {
        Vec::new()
    }
}

/// What the other side sent breaks a rule of the transport itself. It travels inside an
/// [`io::Error`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected {expected}, saw {seen}")]
pub struct Breach {
    /// What should have come.
    pub expected: &'static str,
    /// What came.
    pub seen: String,
    /// The statement that this breaks.
    pub statement: &'static str,
}
