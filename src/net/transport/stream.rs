//! A Network Connection, whatever carries it.
//!
//! One type for all transports: the task of a connection is compiled once, and over TCP it pays a
//! branch that is always the same. What is larger than a socket stands in a box, so that ten
//! thousand plain connections do not keep room for the state of a TLS session.
//!
//! Clauses: [MQTT-7.1.1-1], [MQTT-7.1.2-1].

use std::io::{self, IoSlice};
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

#[cfg(feature = "tls")]
use tokio_rustls::TlsStream;

#[cfg(feature = "ws")]
use super::websocket::{FrameFault, WebSocket};

/// An ordered, lossless stream of octets both ways.
#[derive(Debug)]
pub(in crate::net) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// A pipe of a test.
    #[cfg(test)]
    Memory(tokio::io::DuplexStream),
    /// On one of the two.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Self>>),
    /// On any of the others.
    #[cfg(feature = "ws")]
    WebSocket(Box<WebSocket<Self>>),
}

/// The socket of a plain connection, which nobody waits for at the moment.
#[cfg(unix)]
#[derive(Debug)]
pub(in crate::net) enum Socket {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

#[cfg(unix)]
impl Stream {
    /// Whether it is a socket and nothing else.
    pub(in crate::net) fn is_plain(&self) -> bool {
        matches!(self, Self::Tcp(_) | Self::Unix(_))
    }

    /// Gives the socket back that it is, out of the hands of the runtime; `None` for one that
    /// is [not plain](Self::is_plain).
    ///
    /// # Errors
    ///
    /// The system's error; the connection is closed then.
    pub(in crate::net) fn into_socket(self) -> io::Result<Option<Socket>> {
        match self {
            Self::Tcp(stream) => stream.into_std().map(Socket::Tcp).map(Some),
            Self::Unix(stream) => stream.into_std().map(Socket::Unix).map(Some),
            #[cfg(any(test, feature = "tls", feature = "ws"))]
            _ => Ok(None),
        }
    }
}

#[cfg(unix)]
impl Socket {
    /// Puts it into the hands of the runtime again.
    ///
    /// # Errors
    ///
    /// The system's error; the connection is closed then.
    pub(in crate::net) fn into_stream(self) -> io::Result<Stream> {
        match self {
            Self::Tcp(socket) => TcpStream::from_std(socket).map(Stream::Tcp),
            Self::Unix(socket) => UnixStream::from_std(socket).map(Stream::Unix),
        }
    }
}

#[cfg(unix)]
impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Tcp(socket) => socket.as_raw_fd(),
            Self::Unix(socket) => socket.as_raw_fd(),
        }
    }
}

/// Calls a method of the transport.
macro_rules! delegate {
    ($stream:expr, $transport:ident => $call:expr) => {
        match $stream {
            Stream::Tcp($transport) => $call,
            #[cfg(unix)]
            Stream::Unix($transport) => $call,
            #[cfg(test)]
            Stream::Memory($transport) => $call,
            #[cfg(feature = "tls")]
            Stream::Tls($transport) => $call,
            #[cfg(feature = "ws")]
            Stream::WebSocket($transport) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_write(cx, octets))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        delegate!(self, it => it.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_shutdown(cx))
    }
}

/// Whether reading ended at a WebSocket data frame that is not binary: the one fault of a
/// transport that MQTT itself speaks of.
pub(in crate::net) fn is_not_binary(error: &io::Error) -> bool {
    #[cfg(feature = "ws")]
    {
        let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<FrameFault>());
        fault == Some(&FrameFault::Text)
    }
    #[cfg(not(feature = "ws"))]
    {
        let _ = error;
        false
    }
}
