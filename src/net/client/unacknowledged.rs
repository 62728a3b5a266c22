//! Messages that the program acknowledges when it is done with them.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use crate::client::Receipt;
use crate::session::Message;

/// A message that the Server has been told nothing of yet: it is acknowledged by
/// [`acknowledge`](Self::acknowledge).
///
/// Dropped without that, it stays unacknowledged, as it does when the program ends or panics on the
/// way. On the next connection it comes again, if the Session is kept; until then all
/// acknowledgements at its QoS that are given later wait behind it, since they have an order.
///
/// Where [`ClientOptions::acknowledge_manually`](super::ClientOptions::acknowledge_manually) does not
/// say otherwise, and at QoS 0, there is nothing to acknowledge any more, and it makes no difference.
#[must_use = "it is acknowledged by `acknowledge`, and not when it is dropped"]
#[derive(Debug)]
pub struct Unacknowledged {
    message: Message,
    acknowledgement: Acknowledgement,
}

/// The acknowledgement of one message, apart from it: it may go to another task or thread.
#[must_use = "nothing is acknowledged before `give`"]
#[derive(Debug)]
pub struct Acknowledgement(Option<Arc<Due>>);

/// What the copies of a message have in common: it is acknowledged with the last of them.
#[derive(Debug)]
struct Due {
    receipt: Receipt,
    copies: AtomicUsize,
    /// Bounded by what is given out: one word a message.
    to: mpsc::UnboundedSender<Word>,
}

/// What the program says of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    /// It is acknowledged.
    Given(Receipt),
    /// It will not be.
    Never(Receipt),
}

impl Unacknowledged {
    pub(super) const fn new(message: Message, acknowledgement: Acknowledgement) -> Self {
        Self { message, acknowledgement }
    }

    /// The program is done with the message: it is acknowledged, by PUBACK or PUBREC.
    ///
    /// Returns at once, on any thread: the acknowledgement is sent by the task of the Client, as
    /// soon as the messages of the same QoS are acknowledged that came before [MQTT-4.6.0-2,
    /// MQTT-4.6.0-3]. Of a message that came into several streams all copies have to be. When the
    /// connection is lost before that, a message of QoS 1 comes again, and one of QoS 2 does not.
    pub fn acknowledge(self) -> Message {
        self.acknowledgement.give();
        self.message
    }

    /// The message and its acknowledgement, each to go its own way.
    pub fn into_parts(self) -> (Message, Acknowledgement) {
        (self.message, self.acknowledgement)
    }
}

impl Deref for Unacknowledged {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

impl Acknowledgement {
    /// Gives out acknowledgements for so many copies of the message with this receipt; without one
    /// there is nothing to acknowledge.
    pub(super) fn of_copies(
        receipt: Option<Receipt>,
        copies: usize,
        to: &mpsc::UnboundedSender<Word>,
    ) -> impl FnMut() -> Self {
        let due = receipt.map(|receipt| {
            Arc::new(Due { receipt, copies: AtomicUsize::new(copies), to: to.clone() })
        });
        move || Self(due.clone())
    }

    /// The program is done with the message: as [`Unacknowledged::acknowledge`].
    pub fn give(self) {
        let Some(due) = self.0 else { return };
        if due.copies.fetch_sub(1, Ordering::AcqRel) == 1 {
            due.say(Word::Given);
        }
    }
}

impl Due {
    fn say(&self, word: impl FnOnce(Receipt) -> Word) {
        // A Client that has ended tells nobody any more.
        let _ = self.to.send(word(self.receipt));
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        if *self.copies.get_mut() > 0 {
            self.say(Word::Never);
        }
    }
}
