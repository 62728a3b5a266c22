//! What the Client has to say to whoever holds it.

use super::{Change, CloseReason, Receipt, Token};
use crate::packet::{OneOrMore, Packet, SubackCode};
use crate::session::Message;
use crate::topic::TopicFilter;

/// What to do next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Close the Network Connection, after sending what came before. The last output of a
    /// connection but for commands that end with it.
    Close(CloseReason),
    /// A command has come to its end.
    Completed {
        /// Which.
        token: Token,
        /// And how.
        outcome: Outcome,
    },
    /// The Server has accepted the connection.
    Connected {
        /// Whether the Server goes on with the Session it had. If not, messages that it had not
        /// acknowledged are published anew, and subscriptions that it had granted are asked for.
        session_present: bool,
    },
    /// A message of QoS 1 or 2 arrived, which the program has to acknowledge; only one that is
    /// [`acknowledging_by_hand`](super::Client::acknowledging_by_hand) says so.
    Entrusted {
        /// What to acknowledge it by.
        receipt: Receipt,
        /// The message.
        message: Message,
    },
    /// Something has changed that has to outlive this Client; only one that was made by
    /// [`Client::resumed`](super::Client::resumed) says so. It is to be in safe hands before any
    /// output behind it is dealt with.
    Keep(Change),
    /// A message arrived. It is to be in safe hands before the next output is dealt with, which
    /// may be its acknowledgement.
    Received(Message),
    /// The Server had lost this subscription, and does not grant it again.
    Refused(TopicFilter),
    /// Send a packet. Its Remaining Length is never too great to be encoded.
    Send(Packet),
}

/// How a command came to its end.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// The message is delivered: sent at QoS 0, acknowledged to the end at QoS 1 and 2.
    Delivered,
    /// The Session ended before. Whether the Server has seen the command is not known.
    GivenUp,
    /// SUBACK came: a return code for each filter, in their order.
    Subscribed(OneOrMore<SubackCode>),
    /// UNSUBACK came.
    Unsubscribed,
}
