//! What a Client tells of its Session, so that a later one can go on from it.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-4.1.0-1], 4.4. Not here: where it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Token;
use crate::packet::{ClientId, PacketId};
use crate::session::Message;

/// One change of what has to outlive the Client: messages of QoS 1 and 2, and how far they have
/// come.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// A delivery to the Server has come to its end.
    Completed {
        /// The command behind it.
        token: Token,
    },
    /// PUBREL came: the identifier stands for no message of the Server any more.
    Freed {
        /// The identifier that the Server gave it.
        packet_id: PacketId,
    },
    /// A message is to be published.
    Queued {
        /// The command behind it.
        token: Token,
        /// The message, of QoS 1 or 2.
        message: Arc<Message>,
    },
    /// A message of QoS 2 was taken over from the Server.
    Received {
        /// The identifier that the Server gave it.
        packet_id: PacketId,
    },
    /// PUBREC came: the message is with the Server, and PUBREL is what is sent from here on.
    Released {
        /// The command behind it.
        token: Token,
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A message that was queued has got an identifier, and is sent under it from here on.
    Sent {
        /// The command behind it.
        token: Token,
        /// Its identifier.
        packet_id: PacketId,
    },
    /// A Session has begun, and nothing is left of one before it.
    SessionBegun {
        /// The name that it is filed under.
        client_id: ClientId,
    },
}

/// What all changes add up to: the Session as a later Client goes on from it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Kept {
    /// The name that the Session is filed under; empty when there is none.
    pub client_id: ClientId,
    /// The messages for the Server, in the order in which they were commanded.
    pub deliveries: BTreeMap<Token, KeptDelivery>,
    /// The identifiers of messages of QoS 2 from the Server that it has not released.
    pub received: BTreeSet<PacketId>,
}

/// A message for the Server, and how far it has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeptDelivery {
    /// PUBREC came: only PUBREL and PUBCOMP are left.
    Released(PacketId),
    /// It was sent, or is about to be, with this identifier.
    Sent(PacketId, Arc<Message>),
    /// It waits for its turn.
    Waiting(Arc<Message>),
}
