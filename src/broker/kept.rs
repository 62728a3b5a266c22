//! What changes add up to: all that a server must know to go on where an earlier one stopped.
//!
//! Clauses: [MQTT-3.1.2-4], [MQTT-4.1.0-1]. Not here: how a server is rebuilt from it
//! (`restoring`), in which form it is written down (`store`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, KeptMessage, SessionNumber};
use crate::packet::{ClientId, PacketId, QoS, Text, Will};
use crate::topic::{TopicFilter, TopicName};

/// All that outlives a server.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Kept {
    /// The Sessions that began with Clean Session 0.
    pub sessions: BTreeMap<SessionNumber, KeptSession>,
    /// The last message of each topic that has one.
    pub retained: BTreeMap<TopicName, KeptMessage>,
}

/// A Session that outlives its connection, and the server.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeptSession {
    /// Whose it is.
    pub client_id: ClientId,
    /// The user it belongs to, if any.
    pub owner: Option<Text>,
    /// When it was first seen without its Client, in seconds since 1970.
    pub absent_since: Option<u64>,
    /// The Will of the connection it has; none when it has no connection.
    pub will: Option<Will>,
    /// What it is subscribed to, and the QoS granted.
    pub subscriptions: BTreeMap<TopicFilter, QoS>,
    /// What is yet to come to its end, in the order in which it came.
    pub deliveries: BTreeMap<u64, KeptDelivery>,
    /// The identifiers of messages of QoS 2 that were taken over and not yet released.
    pub received: BTreeSet<PacketId>,
}

/// A message for one Client, and how far it has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeptDelivery {
    /// PUBREC came: only PUBREL and PUBCOMP are left.
    Released(PacketId),
    /// It was sent, or is about to be, with this identifier.
    Sent(PacketId, KeptCopy),
    /// It waits for its turn.
    Waiting(KeptCopy),
}

/// One Client's copy of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptCopy {
    /// The message.
    pub message: KeptMessage,
    /// The level at which this Client gets it: 1 or 2.
    pub qos: QoS,
    /// The RETAIN flag that this Client sees.
    pub retain: bool,
}

impl Kept {
    /// The greatest number that a Session or a message has; 0 when there are none.
    pub fn last_number(&self) -> u64 {
        let sessions = self.sessions.keys().map(|session| session.0);
        let copies = self.sessions.values().flat_map(|session| session.deliveries.values());
        let waiting = copies.filter_map(|delivery| match delivery {
            KeptDelivery::Sent(_, copy) | KeptDelivery::Waiting(copy) => Some(&copy.message),
            KeptDelivery::Released(_) => None,
        });
        let messages = waiting.chain(self.retained.values()).map(|message| message.number.0);
        sessions.chain(messages).max().unwrap_or(0)
    }

    /// Takes in one change.
    ///
    /// A change of what is not there changes nothing: of a Session, say, that has ended meanwhile.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::SessionBegun { session, client_id } => {
                let begun = KeptSession { client_id, ..KeptSession::default() };
                self.sessions.insert(session, begun);
            }
            Change::SessionEnded { session } => {
                self.sessions.remove(&session);
            }
            Change::Retained { message } => {
                self.retained.insert(message.message.topic.clone(), message);
            }
            Change::Unretained { topic } => {
                self.retained.remove(&topic);
            }
            Change::Absent { session, .. }
            | Change::Completed { session, .. }
            | Change::Freed { session, .. }
            | Change::Owned { session, .. }
            | Change::Queued { session, .. }
            | Change::Received { session, .. }
            | Change::Released { session, .. }
            | Change::Sent { session, .. }
            | Change::Subscribed { session, .. }
            | Change::Unsubscribed { session, .. }
            | Change::WillGone { session }
            | Change::WillLeft { session, .. } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.apply(change);
                }
            }
        }
    }
}

impl KeptSession {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Absent { since, .. } => self.absent_since = since,
            Change::Completed { order, .. } => {
                self.deliveries.remove(&order);
            }
            Change::Freed { packet_id, .. } => {
                self.received.remove(&packet_id);
            }
            Change::Owned { user, .. } => self.owner = Some(user),
            Change::Queued { order, message, qos, retain, .. } => {
                let copy = KeptCopy { message, qos, retain };
                self.deliveries.insert(order, KeptDelivery::Waiting(copy));
            }
            Change::Received { packet_id, .. } => {
                self.received.insert(packet_id);
            }
            Change::Released { order, packet_id, .. } => {
                self.deliveries.insert(order, KeptDelivery::Released(packet_id));
            }
            Change::Sent { order, packet_id, .. } => {
                if let Some(delivery) = self.deliveries.get_mut(&order)
                    && let KeptDelivery::Waiting(copy) = delivery
                {
                    *delivery = KeptDelivery::Sent(packet_id, copy.clone());
                }
            }
            Change::Subscribed { filter, qos, .. } => {
                self.subscriptions.insert(filter, qos);
            }
            Change::Unsubscribed { filter, .. } => {
                self.subscriptions.remove(&filter);
            }
            Change::WillGone { .. } => self.will = None,
            Change::WillLeft { will, .. } => self.will = Some(will),
            Change::Retained { .. }
            | Change::SessionBegun { .. }
            | Change::SessionEnded { .. }
            | Change::Unretained { .. } => {}
        }
    }
}
