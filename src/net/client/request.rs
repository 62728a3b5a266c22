//! What handles ask of the task, and how they get their answer.

use tokio::sync::oneshot;

use super::ClientError;
use super::error::Ended;
use super::messages::Inbox;
use crate::client::Outcome;
use crate::packet::{OneOrMore, QoS, SubackCode, SubscribeFilter};
use crate::session::Message;
use crate::topic::TopicFilter;

/// Where it is told that something is done.
pub(super) type Done = oneshot::Sender<Result<(), ClientError>>;
/// Where the return codes of a SUBACK go.
pub(super) type Codes = oneshot::Sender<Result<OneOrMore<SubackCode>, ClientError>>;

/// What a handle asks for.
#[derive(Debug)]
pub(super) enum Request {
    Publish(Message, Done),
    Subscribe {
        filters: OneOrMore<SubscribeFilter>,
        /// If the messages go into a stream of their own: that, and where its end is told.
        stream: Option<(Inbox, Ended)>,
        reply: Codes,
    },
    Unsubscribe(OneOrMore<TopicFilter>, Done),
}

/// Where the answer goes. Dropped, it says that the Client ended first.
#[derive(Debug)]
pub(super) enum Reply {
    Published(QoS, Done),
    /// With the number of its route, if it has one.
    Subscribed(Option<u64>, Codes),
    Unsubscribed(OneOrMore<TopicFilter>, Done),
}

impl Reply {
    /// Whether it is given as soon as the octets have gone, and not when an answer comes.
    pub(super) fn is_for_sending(&self) -> bool {
        matches!(self, Self::Published(QoS::AtMostOnce, _))
    }

    /// Tells how the command ended; nobody may be waiting any more.
    pub(super) fn completed(self, outcome: Outcome) {
        match (self, outcome) {
            (Self::Subscribed(_, reply), Outcome::Subscribed(codes)) => {
                let _ = reply.send(Ok(codes));
            }
            (Self::Published(_, reply), Outcome::Delivered)
            | (Self::Unsubscribed(_, reply), Outcome::Unsubscribed) => {
                let _ = reply.send(Ok(()));
            }
            (reply, Outcome::GivenUp) => reply.failed(ClientError::GivenUp),
            (reply, outcome) => debug_assert!(false, "{outcome:?} is no answer to {reply:?}"),
        }
    }

    /// Tells that the command came to nothing.
    pub(super) fn failed(self, error: ClientError) {
        match self {
            Self::Subscribed(_, reply) => {
                let _ = reply.send(Err(error));
            }
            Self::Published(_, reply) | Self::Unsubscribed(_, reply) => {
                let _ = reply.send(Err(error));
            }
        }
    }
}
