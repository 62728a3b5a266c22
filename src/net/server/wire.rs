//! The octets of one connection: what was read, what is to be written, and what to wait for.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::unconstrained;
use tokio::time::{timeout, timeout_at};

use super::outbox::Outbox;
use crate::packet::{Packet, PacketTooLong, PublishRun};

/// The octets of one connection.
pub(super) struct Wire<S> {
    stream: S,
    /// Read, and not yet taken as packets.
    pub(super) inbox: BytesMut,
    /// To be written.
    outbox: Outbox,
    /// How many octets were written so far.
    written: u64,
    /// Whether octets were written that the stream may still hold back.
    unflushed: bool,
    /// When the peer last took an octet, or there was none for it to take.
    progress: Instant,
}

/// How a transfer ended.
pub(super) enum Transfer {
    /// So many octets were read; with 0 the peer has closed its side.
    Read(usize),
    /// There is room in the outbox again.
    Room,
}

/// How many octets are asked of the system at a time.
const READ_SIZE: usize = 16 * 1024;

/// How many before anything was sent: whoever has not shown a whole CONNECT is a stranger, and those
/// who send it octet by octet may be many.
const FIRST_READ_SIZE: usize = 1024;

/// With this many octets to be written nothing more is read: who does not take the answers cannot
/// go on asking.
const OUTBOX_FULL: usize = 256 * 1024;

/// How much a peer may still send after its connection was closed from here, and for how long, so
/// that what was sent to it before is not lost to a reset.
const LINGER_OCTETS: usize = 1024 * 1024;
const LINGER: Duration = Duration::from_secs(1);

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            inbox: BytesMut::new(),
            outbox: Outbox::default(),
            written: 0,
            unflushed: false,
            progress: Instant::now(),
        }
    }

    /// The same on a stream that was used before, to which so many octets were written.
    #[cfg(unix)]
    pub(super) fn resumed(stream: S, written: u64) -> Self {
        Self { written, ..Self::new(stream) }
    }

    /// Whether nothing has been read that was not taken, and nothing is to be written.
    #[cfg(unix)]
    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_empty() && self.outbox.is_empty() && !self.unflushed
    }

    #[cfg(unix)]
    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    #[cfg(unix)]
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Puts a packet behind those that are to be written.
    ///
    /// # Errors
    ///
    /// As [`Packet::encode`].
    pub(super) fn send(&mut self, packet: &Packet) -> Result<(), PacketTooLong> {
        self.begin();
        self.outbox.push(packet)
    }

    /// Puts all packets of a run behind those that are to be written.
    pub(super) fn send_run(&mut self, run: &PublishRun) {
        self.begin();
        self.outbox.push_octets(run.octets());
    }

    /// Counts from now on how long the peer takes nothing, if there was nothing to take.
    fn begin(&mut self) {
        if self.outbox.is_empty() {
            self.progress = Instant::now();
        }
    }

    /// How many octets were written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Whether so much is to be written that nothing should be added to it.
    pub(super) fn is_full(&self) -> bool {
        self.outbox.len() >= OUTBOX_FULL
    }

    /// Writes what there is to write, and reads meanwhile; ends with [`Transfer::Read`], or once a
    /// full outbox has room again. Without `may_read` nothing is read, and only the latter ends it.
    ///
    /// Cancel-safe: what was read is in the inbox, what was written is out of the outbox.
    pub(super) async fn transfer(&mut self, may_read: bool) -> io::Result<Transfer> {
        poll_fn(|cx| {
            let was_full = self.is_full();
            self.poll_write(cx)?;
            match (was_full, self.is_full()) {
                (_, true) => Poll::Pending,
                (true, false) => Poll::Ready(Ok(Transfer::Room)),
                (false, false) if !may_read => Poll::Pending,
                (false, false) => self.poll_read(cx).map_ok(Transfer::Read),
            }
        })
        .await
    }

    /// Reads what comes until `deadline`, or is there then; `None` when that is nothing.
    pub(super) async fn read_until(&mut self, deadline: Instant) -> Option<io::Result<usize>> {
        // Whatever else the task has done in its turn: what is there is to be found.
        unconstrained(timeout_at(deadline.into(), poll_fn(|cx| self.poll_read(cx)))).await.ok()
    }

    /// The moment at which the peer has taken nothing for `limit`; `None` while it owes nothing.
    pub(super) fn stalled_at(&self, limit: Duration) -> Option<Instant> {
        (!self.outbox.is_empty()).then(|| self.progress + limit)
    }

    /// Writes what is left and closes the connection, within `limit`.
    pub(super) async fn close(&mut self, limit: Duration) {
        let send_rest = async {
            poll_fn(|cx| self.poll_write_all(cx)).await?;
            // Only our side for now: to close both while the peer's octets lie unread would make
            // the system reset the connection, and the peer might never see our last packet.
            self.stream.shutdown().await
        };
        if !matches!(timeout(limit, send_rest).await, Ok(Ok(()))) {
            return;
        }
        let _ = timeout(LINGER, async {
            let mut unread = LINGER_OCTETS;
            self.inbox = BytesMut::with_capacity(READ_SIZE);
            while let Ok(count @ 1..) = self.stream.read_buf(&mut self.inbox).await {
                self.inbox.clear();
                unread = unread.saturating_sub(count);
                if unread == 0 {
                    return;
                }
            }
        })
        .await;
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.poll_write(cx)? { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Writes as much as the stream takes; whether that was all.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        while !self.outbox.is_empty() {
            let mut slices = Outbox::no_slices();
            let slices = self.outbox.slices(&mut slices);
            match Pin::new(&mut self.stream).poll_write_vectored(cx, slices) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => {
                    self.outbox.advance(written);
                    self.written += written as u64;
                    self.unflushed = true;
                    self.progress = Instant::now();
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            }
        }
        if self.unflushed {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.inbox.reserve(if self.written == 0 { FIRST_READ_SIZE } else { READ_SIZE });
        let polled = pin!(self.stream.read_buf(&mut self.inbox)).poll(cx);
        if self.inbox.is_empty() {
            // An idle connection keeps no memory for what it might receive.
            self.inbox = BytesMut::new();
        }
        polled
    }
}

#[cfg(all(test, unix))]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;
    use crate::packet::Pingresp;

    /// Has the wire look for something to read, of which there is one octet.
    async fn look(wire: &mut Wire<DuplexStream>, peer: &mut DuplexStream) {
        peer.write_all(&[0xc0]).await.expect("it is open");
        assert!(matches!(wire.transfer(true).await, Ok(Transfer::Read(1))));
    }

    #[tokio::test]
    async fn half_a_packet_is_something_to_do_and_so_is_one_that_nobody_takes() {
        // The pipe holds one PINGRESP.
        let (ours, mut theirs) = duplex(2);
        let mut wire = Wire::new(ours);
        assert!(wire.is_idle());
        look(&mut wire, &mut theirs).await;
        assert!(!wire.is_idle(), "the rest of it is to come");
        wire.inbox.clear();
        wire.send(&Pingresp.into()).unwrap();
        look(&mut wire, &mut theirs).await;
        wire.inbox.clear();
        assert!(wire.is_idle(), "it is on its way");
        wire.send(&Pingresp.into()).unwrap();
        look(&mut wire, &mut theirs).await;
        wire.inbox.clear();
        assert!(!wire.is_idle(), "there is no room for it");
        theirs.read_exact(&mut [0; 2]).await.unwrap();
        look(&mut wire, &mut theirs).await;
        wire.inbox.clear();
        assert!(wire.is_idle());
    }
}
