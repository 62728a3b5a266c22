//! The task behind the handles: it moves octets, keeps the clock, and knows no clause.
//!
//! Packets are handed to the Client one at a time, a PUBLISH only while there is room for a message:
//! when the program does not take its messages, the octets stay unread, and TCP tells the Server.
//! Everything that is sent goes on meanwhile, PINGREQ too.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{sleep_until, timeout};
use tracing::debug;

use super::error::Ended;
use super::messages::Inbox;
use super::request::{Reply, Request};
use super::unsent::Unsent;
use super::{ClientError, ClientOptions};
use crate::client::{Client, CloseReason, CommandRefused, Input, Outcome, Output, Token};
use crate::net::transport::is_not_binary;
use crate::packet::{Decoder, PacketType};

/// A Client, its Network Connection, and the ends of the channels that lead to it.
pub(super) struct Driver<R, W> {
    machine: Client,
    reader: R,
    writer: W,
    decoder: Decoder,
    /// Read, and not handed over yet.
    unread: BytesMut,
    unsent: Unsent,
    requests: mpsc::Receiver<Request>,
    leave: Arc<Notify>,
    /// No handle is left.
    is_abandoned: bool,
    inbox: Inbox,
    /// Until CONNACK is here.
    connected: Option<oneshot::Sender<bool>>,
    replies: BTreeMap<Token, Reply>,
    end: Option<ClientError>,
}

/// What leads from the handles to the task, and back.
pub(super) struct Handles {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) leave: Arc<Notify>,
    pub(super) inbox: Inbox,
    /// Whether there was a Session, once CONNACK is here.
    pub(super) connected: oneshot::Sender<bool>,
}

/// What the task wakes up for.
enum Event {
    Deadline,
    Leave,
    /// There may be room for a message again.
    Room,
    Read(io::Result<usize>),
    Request(Option<Request>),
    Written(io::Result<()>),
}

impl<R, W> Driver<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Begins with CONNECT, which [`run`](Self::run) will send.
    pub(super) fn new(
        reader: R,
        writer: W,
        options: &ClientOptions,
        handles: Handles,
    ) -> Result<Self, ClientError> {
        let Handles { requests, leave, inbox, connected } = handles;
        let mut machine = Client::new(options.limits);
        machine.connect(now(), options.connect.clone())?;
        Ok(Self {
            machine,
            reader,
            writer,
            decoder: Decoder::new(options.max_packet_size),
            unread: BytesMut::new(),
            unsent: Unsent::default(),
            requests,
            leave,
            is_abandoned: false,
            inbox,
            connected: Some(connected),
            replies: BTreeMap::new(),
            end: None,
        })
    }

    /// Drives the connection to its end.
    pub(super) async fn run(mut self, ended: Ended) {
        self.carry_out();
        let reason = loop {
            if let Some(reason) = self.end.take() {
                break reason;
            }
            let event = self.next_event().await;
            self.handle_event(event);
        };
        debug!(target: CLIENT, "the connection ended: {reason}");
        if let ClientError::Closed(CloseReason::Disconnected) = reason {
            self.part().await;
        }
        // Before the channels close with `self`, so that whoever finds them closed finds this.
        ended.because(reason);
    }

    async fn next_event(&mut self) -> Event {
        let takes_requests = self.takes_requests();
        let is_blocked = self.is_blocked();
        let deadline = self.machine.deadline();
        let Self { reader, writer, unread, unsent, requests, leave, inbox, .. } = self;
        if unread.capacity() - unread.len() < LEAST_READ {
            unread.reserve(READ);
        }
        tokio::select! {
            read = reader.read_buf(unread), if !is_blocked && unsent.octets.len() < MOST_ANSWERS => {
                Event::Read(read)
            }
            written = unsent.write_to(writer), if unsent.waits() => Event::Written(written),
            request = requests.recv(), if takes_requests => Event::Request(request),
            () = leave.notified() => Event::Leave,
            () = inbox.changed(), if is_blocked => Event::Room,
            () = until(deadline) => Event::Deadline,
        }
    }

    fn handle_event(&mut self, event: Event) {
        let now = now();
        match event {
            Event::Read(Ok(0)) => self.lose(now, ClientError::ClosedByServer),
            Event::Read(Err(error)) if is_not_binary(&error) => self.input(now, Input::NotBinary),
            Event::Read(Err(error)) | Event::Written(Err(error)) => {
                self.lose(now, ClientError::Lost(Arc::new(error)));
            }
            Event::Read(Ok(_)) => {
                self.hand_over(now);
                if !self.unread.is_empty() {
                    self.input(now, Input::Heard);
                }
            }
            Event::Written(Ok(())) => {
                self.unsent.written();
                self.hand_over(now);
            }
            Event::Room => self.hand_over(now),
            Event::Deadline => {
                // What the Server says is not listened to: it may well have answered.
                if self.is_blocked() {
                    self.input(now, Input::Heard);
                }
                self.input(now, Input::Timeout);
            }
            Event::Request(None) => self.is_abandoned = true,
            Event::Request(Some(request)) => {
                self.take(now, request);
                // All that are there go into one write.
                self.take_all(now);
            }
            Event::Leave => {
                self.take_all(now);
                self.machine.disconnect(now);
                self.carry_out();
            }
        }
        if self.is_abandoned && self.machine.is_idle() {
            self.machine.disconnect(now);
            self.carry_out();
        }
    }

    /// Whether another command may be taken: it can be sent at once, and the socket keeps up.
    fn takes_requests(&self) -> bool {
        !self.is_abandoned
            && self.end.is_none()
            && !self.machine.has_waiting()
            && self.unsent.octets.len() < MOST_COMMANDED
    }

    /// Whether the next packet is a message for which there is no room.
    fn is_blocked(&self) -> bool {
        let next = self.unread.first().and_then(|first| PacketType::from_number(first >> 4));
        next == Some(PacketType::Publish) && !self.inbox.has_room()
    }

    /// Hands over the packets that have been read, as far as there is room for them.
    fn hand_over(&mut self, now: Instant) {
        while self.end.is_none() && !self.is_blocked() && self.unsent.octets.len() < MOST_ANSWERS {
            match self.decoder.decode(&mut self.unread) {
                Ok(None) => return,
                Ok(Some(packet)) => {
                    debug!(target: PACKETS, "server → {packet}");
                    self.input(now, Input::Packet(packet));
                }
                Err(error) => self.input(now, Input::Undecodable(error)),
            }
        }
    }

    fn lose(&mut self, now: Instant, reason: ClientError) {
        self.input(now, Input::ConnectionLost);
        self.end.get_or_insert(reason);
    }

    fn input(&mut self, now: Instant, input: Input) {
        // A violation comes out once more, as the reason to close.
        let _ = self.machine.handle(now, input);
        self.carry_out();
    }

    /// Takes the requests that are there, as long as there is room for what they ask.
    fn take_all(&mut self, now: Instant) {
        while self.takes_requests()
            && let Ok(request) = self.requests.try_recv()
        {
            self.take(now, request);
        }
    }

    fn take(&mut self, now: Instant, request: Request) {
        let (taken, reply) = match request {
            Request::Publish(message, reply) => {
                (self.machine.publish(now, message), Reply::Done(reply))
            }
            Request::Subscribe(filters, reply) => {
                (self.machine.subscribe(now, filters), Reply::Codes(reply))
            }
            Request::Unsubscribe(filters, reply) => {
                (self.machine.unsubscribe(now, filters), Reply::Done(reply))
            }
        };
        self.expect(taken, reply);
        self.carry_out();
    }

    fn expect(&mut self, taken: Result<Token, CommandRefused>, reply: Reply) {
        match taken {
            Ok(token) => drop(self.replies.insert(token, reply)),
            Err(refused) => reply.refused(refused),
        }
    }

    /// Does what the Client says, until it says nothing.
    fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Send(packet) => {
                    debug!(target: PACKETS, "server ← {packet}");
                    self.unsent.push(&packet);
                }
                Output::Received(message) => self.inbox.put(message),
                // The reply stays, and is dropped with all that were not given.
                Output::Completed { outcome: Outcome::GivenUp, .. } => {}
                Output::Completed { token, outcome } => {
                    if let Some(reply) = self.replies.remove(&token) {
                        self.unsent.then(reply, outcome);
                    }
                }
                Output::Connected { session_present } => {
                    if let Some(connected) = self.connected.take() {
                        // Nobody waits when the caller has thought better of it.
                        let _ = connected.send(session_present);
                    }
                }
                Output::Close(reason) => self.end = Some(reason.into()),
            }
        }
    }

    /// Sends what is left, DISCONNECT last, and waits for the Server to close, but not for long.
    ///
    /// To close with octets unread would reset the connection, and the Server might never see the
    /// DISCONNECT.
    async fn part(&mut self) {
        let Self { reader, writer, unread, unsent, .. } = self;
        let goodbye = async {
            writer.write_all_buf(&mut unsent.octets).await?;
            unsent.written();
            writer.shutdown().await?;
            while reader.read_buf(unread).await? > 0 {
                unread.clear();
            }
            io::Result::Ok(())
        };
        match timeout(PARTING, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                debug!(target: CLIENT, "the connection was lost while it was closed: {error}")
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

/// Tokio's clock, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The target of a line for each packet.
const PACKETS: &str = "mqttspec::packets";
/// The target of all else.
const CLIENT: &str = "mqttspec::client";

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
