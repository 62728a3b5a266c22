//! WebSocket as a transport: a stream of octets in binary frames.
//!
//! Payloads pass through as they come, fragments and pieces of frames too, and are never gathered
//! to messages. So a frame may be of any length and costs no memory: what bounds the peer is the
//! size of a Control Packet.
//!
//! Clauses: [MQTT-6.0.0-1], [MQTT-6.0.0-2], [MQTT-6.0.0-3], [MQTT-6.0.0-4]; RFC 6455 for the rest.
//! Not here: extensions, which are not offered and not accepted.

mod accept;
mod fault;
mod head;
mod incoming;
mod open;
mod outgoing;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

pub(in crate::net) use accept::{Refused, accept};
pub(in crate::net) use fault::FrameFault;
pub(in crate::net) use open::open;

use self::incoming::{Incoming, Taken};
use self::outgoing::Outgoing;

/// The sub-protocol that MQTT has.
const SUBPROTOCOL: &str = "mqtt";

/// Who masks: a client does, a server does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Client,
    Server,
}

/// A WebSocket on a stream of octets, which is one itself.
#[derive(Debug)]
pub(in crate::net) struct WebSocket<S> {
    stream: S,
    role: Role,
    /// Read from the stream, and not yet taken apart.
    unread: BytesMut,
    incoming: Incoming,
    outgoing: Outgoing,
    /// Whether a pong or a close has not gone out yet.
    owes_answer: bool,
    end: End,
}

/// How reading has ended, if it has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Open,
    /// The peer has closed the WebSocket.
    Closed,
    /// The peer has broken the rules of frames: what follows is octets without a meaning.
    Failed,
}

/// How many octets are asked of the stream at a time.
const READ_SIZE: usize = 16 * 1024;

impl<S> WebSocket<S> {
    /// A WebSocket that is open, with what was read behind the handshake.
    fn new(stream: S, role: Role, unread: BytesMut) -> Self {
        let (incoming, outgoing) = (Incoming::new(role), Outgoing::new(role));
        Self { stream, role, unread, incoming, outgoing, owes_answer: false, end: End::Open }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Reads more from the stream; 0 at its end.
    fn poll_read_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.unread.reserve(READ_SIZE);
        let polled = pin!(self.stream.read_buf(&mut self.unread)).poll(cx);
        if self.unread.is_empty() {
            // An idle connection keeps no memory for what it might receive.
            self.unread = BytesMut::new();
        }
        polled
    }

    /// Writes what is ready: headers, control frames, and on a Client's side payloads too.
    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.prepare();
        while !self.outgoing.ready().is_empty() {
            let stream = Pin::new(&mut self.stream);
            let written = ready!(stream.poll_write(cx, self.outgoing.ready()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.written(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the answer to a ping or a close, as far as the stream takes it now.
    fn answer(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.owes_answer = true;
        if self.poll_write_ready(cx)?.is_ready() {
            self.owes_answer = Pin::new(&mut self.stream).poll_flush(cx)?.is_pending();
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebSocket<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if this.owes_answer {
            this.answer(cx)?;
        }
        loop {
            match this.end {
                End::Closed => return Poll::Ready(Ok(())),
                // Whoever closes wants to see the peer's octets go by, until it has had enough.
                End::Failed => return Pin::new(&mut this.stream).poll_read(cx, buffer),
                End::Open => {}
            }
            match this.incoming.take(&mut this.unread, buffer) {
                Ok(Taken::All) => {}
                Ok(Taken::Ping(payload)) => {
                    this.outgoing.pong(payload);
                    this.answer(cx)?;
                    continue;
                }
                Ok(Taken::Close(code)) => {
                    this.outgoing.close(code);
                    this.answer(cx)?;
                    this.end = End::Closed;
                    continue;
                }
                // What came before the fault is taken first; it is found again afterwards.
                Err(_) if buffer.filled().len() > before => {}
                Err(fault) => {
                    this.end = End::Failed;
                    this.outgoing.close(Some(fault.close_code()));
                    this.answer(cx)?;
                    return Poll::Ready(Err(fault.into()));
                }
            }
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if ready!(this.poll_read_more(cx))? == 0 {
                this.end = End::Closed;
            }
        }
    }
}

// [MQTT-6.0.0-1] Everything that is written goes into binary frames: there is no other way out.
impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebSocket<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(octets)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.outgoing.is_closed() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if this.role == Role::Client {
            while this.outgoing.is_full() {
                ready!(this.poll_write_ready(cx))?;
            }
            let Some(slice) = slices.iter().find(|slice| !slice.is_empty()) else {
                return Poll::Ready(Ok(0));
            };
            return Poll::Ready(Ok(this.outgoing.put_masked(slice)));
        }
        let length = slices.iter().map(|slice| slice.len()).sum();
        if length == 0 {
            return Poll::Ready(Ok(0));
        }
        loop {
            this.outgoing.begin_frame(length);
            let mut room = Outgoing::no_slices();
            let slices = this.outgoing.slices(slices, &mut room);
            let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            match this.outgoing.written(written) {
                // Only the header has gone.
                0 => {}
                payload => return Poll::Ready(Ok(payload)),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_write_ready(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outgoing.close(Some(NORMAL_CLOSURE));
        ready!(this.poll_write_ready(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

/// RFC 6455, 7.4.1: the connection has served its purpose.
const NORMAL_CLOSURE: u16 = 1000;
