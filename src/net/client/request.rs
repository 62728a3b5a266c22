//! What handles ask of the task, and how they get their answer.

use tokio::sync::oneshot;

use crate::client::{CommandRefused, Outcome};
use crate::packet::{OneOrMore, SubackCode, SubscribeFilter};
use crate::session::Message;
use crate::topic::TopicFilter;

/// What a handle asks for.
#[derive(Debug)]
pub(super) enum Request {
    Publish(Message, oneshot::Sender<Result<(), CommandRefused>>),
    Subscribe(
        OneOrMore<SubscribeFilter>,
        oneshot::Sender<Result<OneOrMore<SubackCode>, CommandRefused>>,
    ),
    Unsubscribe(OneOrMore<TopicFilter>, oneshot::Sender<Result<(), CommandRefused>>),
}

/// Where the answer goes. Dropped, it says that the connection ended first.
#[derive(Debug)]
pub(super) enum Reply {
    Codes(oneshot::Sender<Result<OneOrMore<SubackCode>, CommandRefused>>),
    Done(oneshot::Sender<Result<(), CommandRefused>>),
}

impl Reply {
    /// Tells how the command ended; nobody may be waiting any more.
    pub(super) fn completed(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Codes(reply), Outcome::Subscribed(codes)) => {
                let _ = reply.send(Ok(codes));
            }
            (Self::Done(reply), Outcome::Delivered | Outcome::Unsubscribed) => {
                let _ = reply.send(Ok(()));
            }
            (reply, outcome) => debug_assert!(false, "{outcome:?} is no answer to {reply:?}"),
        }
    }

    /// Tells that the command was not taken.
    pub(super) fn refused(self, refused: CommandRefused) {
        match self {
            Self::Codes(reply) => {
                let _ = reply.send(Err(refused));
            }
            Self::Done(reply) => {
                let _ = reply.send(Err(refused));
            }
        }
    }
}
