//! A Network Connection, whatever carries it.
//!
//! One type for all transports: the task of a connection is compiled once, and over TCP it pays a
//! branch that is always the same. What is larger than a socket stands in a box, so that ten
//! thousand plain connections do not keep room for the state of a TLS session.
//!
//! Clauses: [MQTT-7.1.1-1], [MQTT-7.1.2-1].

use std::io::{self, IoSlice};
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
