//! Messages that a Client receives, as a stream.
//!
//! A message is acknowledged when it is put into its stream, unless the program does that itself, so
//! no more are put there than the program has said it wants: those it waits for, and as many ahead
//! as its options allow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, mpsc};

use super::ClientError;
use super::error::Ended;
use super::unacknowledged::Unacknowledged;
use crate::client::CloseReason;
use crate::session::Message;

/// The messages that a Client receives and no [`Subscription`](super::Subscription) takes, in the
/// order of their arrival.
#[derive(Debug)]
pub struct Messages {
    stream: MessageStream,
    ended: Ended,
}

/// The program's end of a stream.
#[derive(Debug)]
pub(super) struct MessageStream {
    received: mpsc::Receiver<Unacknowledged>,
    demand: Arc<Demand>,
}

/// The end of the task, which puts messages in.
#[derive(Debug)]
pub(super) struct Inbox {
    received: mpsc::Sender<Unacknowledged>,
    demand: Arc<Demand>,
}

/// What the program tells the task.
#[derive(Debug)]
struct Demand {
    /// The program waits for a message, and none has been put in since.
    is_waiting: AtomicBool,
    /// There may be room where there was none, in this stream or in another of the Client.
    room: Arc<Notify>,
}

/// A stream into which `ahead` messages may be put that nobody waits for; `room` is told when more
/// may be.
pub(super) fn stream(ahead: usize, room: Arc<Notify>) -> (Inbox, MessageStream) {
    // One more for the message that is waited for.
    let (sender, receiver) = mpsc::channel(ahead + 1);
    let demand = Arc::new(Demand { is_waiting: AtomicBool::new(false), room });
    let inbox = Inbox { received: sender, demand: demand.clone() };
    (inbox, MessageStream { received: receiver, demand })
}

impl Messages {
    pub(super) const fn new(stream: MessageStream, ended: Ended) -> Self {
        Self { stream, ended }
    }

    /// Waits for the next message; `None` after [`disconnect`](super::Client::disconnect) and
    /// when no handle is left, once all messages are taken.
    ///
    /// Dropping the future loses nothing. A message is a slice of what was read from the network
    /// and keeps all of that in memory: use [`Message::detached`] on those to be held for long.
    ///
    /// One that the program is to acknowledge itself is acknowledged by this:
    /// [`next_unacknowledged`](Self::next_unacknowledged) leaves it to the program.
    ///
    /// # Errors
    ///
    /// Why the Client ended, if for another reason, once all messages are taken.
    pub async fn next(&mut self) -> Result<Option<Message>, ClientError> {
        Ok(self.next_unacknowledged().await?.map(Unacknowledged::acknowledge))
    }

    /// The same for a program that acknowledges the message when it is done with it.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    pub async fn next_unacknowledged(&mut self) -> Result<Option<Unacknowledged>, ClientError> {
        match self.stream.next().await {
            Some(message) => Ok(Some(message)),
            None => end_of(&self.ended),
        }
    }
}

/// How a stream ends when the Client has.
pub(super) fn end_of<T>(ended: &Ended) -> Result<Option<T>, ClientError> {
    match ended.reason() {
        ClientError::Closed(CloseReason::Disconnected) => Ok(None),
        reason => Err(reason),
    }
}

impl MessageStream {
    /// Waits for the next message; `None` when no more will come. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Unacknowledged> {
        if self.received.is_empty() {
            self.demand.is_waiting.store(true, Ordering::Release);
            self.demand.room.notify_one();
        }
        let message = self.received.recv().await?;
        self.demand.is_waiting.store(false, Ordering::Release);
        self.demand.room.notify_one();
        Some(message)
    }
}

impl Drop for MessageStream {
    fn drop(&mut self) {
        self.received.close();
        self.demand.room.notify_one();
    }
}

impl Inbox {
    /// Whether a message would find a place, or nobody who wants it.
    pub(super) fn has_room(&self) -> bool {
        match self.received.capacity() {
            0 => self.received.is_closed(),
            1 => self.demand.is_waiting.load(Ordering::Acquire) || self.received.is_closed(),
            _ => true,
        }
    }

    /// Whether nobody takes messages any more.
    pub(super) fn is_closed(&self) -> bool {
        self.received.is_closed()
    }

    /// Puts `message` in, if anybody may still want it. There must be room.
    pub(super) fn put(&self, message: Unacknowledged) {
        self.demand.is_waiting.store(false, Ordering::Release);
        let put = self.received.try_send(message);
        debug_assert!(!matches!(put, Err(mpsc::error::TrySendError::Full(_))), "looked at before");
    }
}
