//! One Network Connection of a Client: it moves octets, keeps the clock, and knows no clause.
//!
//! Packets are handed to the Client one at a time, a PUBLISH only while there is room for a message:
//! when the program does not take its messages, the octets stay unread, and TCP tells the Server.
//! Everything that is sent goes on meanwhile, PINGREQ too.

use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep_until, timeout};
use tracing::debug;

use super::core::{Core, more_kept, now};
use super::request::Request;
use super::unacknowledged::Word;
use super::{ClientError, ClientOptions};
use crate::client::{CloseReason, Input};
use crate::net::transport::is_not_binary;
use crate::packet::{Decoder, Packet};

/// A Network Connection on which CONNECT is about to be sent.
pub(super) struct Link<'c, R, W> {
    core: &'c mut Core,
    reader: R,
    writer: W,
    decoder: Decoder,
    /// Read, and not handed over yet.
    unread: BytesMut,
    /// A message for which there is no room.
    held: Option<Packet>,
}

/// What the task wakes up for.
enum Event {
    Deadline,
    /// Of what waits to be kept, so many units are.
    Kept(Result<u64, ClientError>),
    Leave,
    Read(io::Result<usize>),
    Request(Option<Request>),
    /// There may be room for a message again.
    Room,
    /// The program says something of a message.
    Word(Word),
    Written(io::Result<()>),
}

impl<'c, R, W> Link<'c, R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    pub(super) fn new(core: &'c mut Core, reader: R, writer: W, options: &ClientOptions) -> Self {
        let decoder = Decoder::new(options.max_packet_size);
        Self { core, reader, writer, decoder, unread: BytesMut::new(), held: None }
    }

    /// Drives the connection to its end, and says why that was.
    pub(super) async fn run(mut self) -> ClientError {
        self.core.carry_out();
        let reason = loop {
            if let Some(reason) = self.core.end.take() {
                break reason;
            }
            let event = self.next_event().await;
            self.handle_event(event);
        };
        debug!(target: CLIENT, "the connection ended: {reason}");
        if let ClientError::Closed(CloseReason::Disconnected) = reason {
            self.part().await;
        }
        self.core.connection_ended();
        reason
    }

    async fn next_event(&mut self) -> Event {
        let takes_requests = self.takes_requests();
        let is_blocked = self.held.is_some();
        let deadline = self.core.machine.deadline();
        let Self { core, reader, writer, unread, .. } = self;
        let Core { unsent, requests, leave, room, keeping, words, .. } = &mut **core;
        let reads = !is_blocked && unsent.len() < MOST_ANSWERS;
        if reads && unread.capacity() - unread.len() < LEAST_READ {
            unread.reserve(READ);
        }
        tokio::select! {
            read = reader.read_buf(unread), if reads => Event::Read(read),
            written = unsent.write_to(writer), if unsent.waits() => Event::Written(written),
            request = requests.recv(), if takes_requests => Event::Request(request),
            Some(word) = words.recv() => Event::Word(word),
            () = leave.notified() => Event::Leave,
            () = room.notified(), if is_blocked => Event::Room,
            kept = more_kept(keeping.as_ref()) => Event::Kept(kept),
            () = until(deadline) => Event::Deadline,
        }
    }

    fn handle_event(&mut self, event: Event) {
        let now = now();
        match event {
            Event::Read(Ok(0)) => self.lose(now, ClientError::ClosedByServer),
            Event::Read(Err(error)) if is_not_binary(&error) => {
                self.core.input(now, Input::NotBinary);
            }
            Event::Read(Err(error)) | Event::Written(Err(error)) => {
                self.lose(now, ClientError::Lost(error.into()));
            }
            Event::Read(Ok(_)) => {
                self.hand_over(now);
                if !self.unread.is_empty() || self.held.is_some() {
                    self.core.input(now, Input::Heard);
                }
            }
            Event::Written(Ok(())) | Event::Room => self.hand_over(now),
            Event::Kept(Ok(units)) => self.core.unsent.kept(units),
            Event::Kept(Err(error)) => self.lose(now, error),
            Event::Word(word) => self.core.hear(now, word),
            Event::Deadline => {
                // What the Server says is not listened to: it may well have answered.
                if self.held.is_some() {
                    self.core.input(now, Input::Heard);
                }
                self.core.input(now, Input::Timeout);
            }
            Event::Request(None) => self.core.is_abandoned = true,
            Event::Request(Some(request)) => {
                self.core.take(now, request);
                // All that are there go into one write.
                self.take_all(now);
            }
            Event::Leave => {
                self.core.hear_all(now);
                self.take_all(now);
                self.core.machine.disconnect(now);
                self.core.carry_out();
            }
        }
        if self.core.is_abandoned && self.core.machine.is_idle() {
            self.core.hear_all(now);
            self.core.machine.disconnect(now);
            self.core.carry_out();
        }
    }

    /// Whether another command may be taken: it can be sent at once, and the socket keeps up.
    fn takes_requests(&self) -> bool {
        let Core { is_abandoned, end, machine, unsent, .. } = &*self.core;
        !is_abandoned && end.is_none() && !machine.has_waiting() && unsent.len() < MOST_COMMANDED
    }

    /// Takes the requests that are there, as long as there is room for what they ask.
    fn take_all(&mut self, now: Instant) {
        while self.takes_requests()
            && let Ok(request) = self.core.requests.try_recv()
        {
            self.core.take(now, request);
        }
        // The streams may be others by now.
        if let Some(Packet::Publish(publish)) = &self.held {
            self.core.routes.aim(&publish.topic);
            self.core.room.notify_one();
        }
    }

    /// Hands over the packets that have been read, as far as there is room for them.
    fn hand_over(&mut self, now: Instant) {
        while self.core.end.is_none() && self.core.unsent.len() < MOST_ANSWERS {
            let packet = match self.held.take() {
                Some(packet) => packet,
                None => match self.decoder.decode(&mut self.unread) {
                    Ok(None) => return,
                    Ok(Some(packet)) => packet,
                    Err(error) => {
                        self.core.input(now, Input::Undecodable(error));
                        continue;
                    }
                },
            };
            if let Packet::Publish(publish) = &packet {
                self.core.routes.aim(&publish.topic);
                if !self.core.routes.has_room() {
                    self.held = Some(packet);
                    return;
                }
            }
            debug!(target: PACKETS, "server → {packet}");
            self.core.input(now, Input::Packet(packet));
        }
    }

    fn lose(&mut self, now: Instant, reason: ClientError) {
        self.core.input(now, Input::ConnectionLost);
        self.core.end.get_or_insert(reason);
    }

    /// Sends what is left, DISCONNECT last, and waits for the Server to close, but not for long.
    ///
    /// To close with octets unread would reset the connection, and the Server might never see the
    /// DISCONNECT.
    async fn part(&mut self) {
        let Self { core, reader, writer, unread, .. } = self;
        let Core { unsent, keeping, .. } = &mut **core;
        let goodbye = async {
            while unsent.len() > 0 || unsent.waits() {
                if unsent.waits() {
                    unsent.write_to(writer).await?;
                } else {
                    let kept = more_kept(keeping.as_ref()).await;
                    unsent.kept(kept.map_err(io::Error::other)?);
                }
            }
            writer.shutdown().await?;
            while reader.read_buf(unread).await? > 0 {
                unread.clear();
            }
            io::Result::Ok(())
        };
        match timeout(PARTING, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                debug!(target: CLIENT, "the connection was lost while it was closed: {error}");
            }
            Err(_) => debug!(target: CLIENT, "the Server does not close the connection"),
        }
    }
}

/// Waits until `deadline`; for ever when there is none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// The target of a line for each packet.
pub(super) const PACKETS: &str = "mqttspec::packets";
/// The target of all else.
pub(super) const CLIENT: &str = "mqttspec::client";

/// Octets to make room for before reading: many packets, or a good part of a large one.
const READ: usize = 16 * 1024;
/// Octets of room below which more is made.
const LEAST_READ: usize = 4 * 1024;
/// Octets that wait for the socket above which no command is taken: a full socket buffer more.
const MOST_COMMANDED: usize = 64 * 1024;
/// Octets that wait for the socket above which nothing is read. Above [`MOST_COMMANDED`], because
/// a Server that does not read until it is read from would otherwise never go on.
const MOST_ANSWERS: usize = 1024 * 1024;
/// How long the Server may take to close after DISCONNECT.
const PARTING: Duration = Duration::from_secs(1);
