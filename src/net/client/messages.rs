//! The messages that a Client receives, as a stream.

use tokio::sync::mpsc;

use super::ClientError;
use super::error::Ended;
use crate::client::CloseReason;
use crate::session::Message;

/// The messages that a Client receives, in the order of their arrival.
///
/// A message of QoS 1 or 2 is acknowledged when it is put here, not when it is taken out.
#[derive(Debug)]
pub struct Messages {
    received: mpsc::Receiver<Message>,
    ended: Ended,
}

impl Messages {
    pub(super) fn new(received: mpsc::Receiver<Message>, ended: Ended) -> Self {
        Self { received, ended }
    }

    /// Waits for the next message; `None` after [`disconnect`](super::Client::disconnect) and
    /// when no handle is left, once all messages are taken.
    ///
    /// Dropping the future loses nothing.
    ///
    /// A message is a slice of what was read from the network and keeps all of that in memory:
    /// use [`Message::detached`] on those to be held for long.
    ///
    /// # Errors
    ///
    /// Why the connection ended, if for another reason, once all messages are taken.
    pub async fn next(&mut self) -> Result<Option<Message>, ClientError> {
        if let Some(message) = self.received.recv().await {
            return Ok(Some(message));
        }
        match self.ended.reason() {
            ClientError::Closed(CloseReason::Disconnected) => Ok(None),
            reason => Err(reason),
        }
    }
}
