//! What whoever runs the server can look at and end while it runs.
//!
//! Lists are bounded by whoever asks. To look at Sessions takes the lock of each for a moment; no
//! Client waits for the whole list.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::SystemTime;

use bytes::Bytes;

use super::control::Control;
use super::shared::SharedConnection;
use super::traffic::Moved;
use crate::broker::{CloseReason, Holder as _, Session, SessionName};
use crate::packet::{ClientId, Text};
use crate::topic::{TopicFilter, TopicName};

/// A Network Connection that is open.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its number, which no other connection of this server has or had.
    pub number: u64,
    /// The Client Identifier, once a CONNECT was accepted; `None` also for one without.
    pub client: Option<String>,
    /// Whether a CONNECT was accepted.
    pub is_accepted: bool,
    /// Where it comes from.
    pub address: String,
    /// When it was opened.
    pub since: SystemTime,
    /// What it has moved.
    pub moved: Moved,
}

/// A Session, of a Client connected or absent.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct SessionInfo {
    /// Messages that wait.
    pub queued_messages: usize,
    /// Octets of topic and payload in them.
    pub queued_octets: usize,
    /// Messages of QoS 1 and 2 on their way without an acknowledgement.
    pub in_flight: usize,
    /// Messages that found no room, since the Session began or was restored.
    pub dropped: u64,
    /// How many filters it is subscribed to.
    pub subscriptions: usize,
    /// The Client Identifier; `None` for a Client that gave none.
    pub client: Option<String>,
    /// The user it belongs to, if any.
    pub user: Option<String>,
    /// Whether its Client is connected.
    pub is_connected: bool,
    /// Whether it ends with its connection.
    pub is_clean: bool,
    /// When it was first seen without its Client, in seconds since 1970; only where Sessions expire
    /// does anybody look.
    pub absent_since: Option<u64>,
}

/// What all Sessions hold together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SessionSums {
    /// Messages that wait.
    pub queued_messages: u64,
    /// Octets of topic and payload in them.
    pub queued_octets: u64,
    /// Messages of QoS 1 and 2 on their way without an acknowledgement.
    pub in_flight: u64,
}

/// A retained message.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RetainedInfo {
    /// Its topic.
    pub topic: String,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Its payload.
    pub payload: Bytes,
}

/// What has come of the wish to end a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Disconnected {
    /// It ends now.
    Asked,
    /// It has not sent a CONNECT, and ends by itself if none comes.
    NoClient,
    /// There is none with this number.
    Unknown,
}

impl Control {
    /// The connections with a number above `after`, or all, in the order in which they were opened.
    pub fn connections(&self, after: Option<u64>, most: usize) -> Vec<ConnectionInfo> {
        self.0.open.list(after, most).iter().map(connection_info).collect()
    }

    /// Ends a connection, as if the network had: its Will is published.
    pub fn disconnect(&self, number: u64) -> Disconnected {
        let Some(connection) = self.0.open.get(number) else { return Disconnected::Unknown };
        let Some(name) = connection.name() else { return Disconnected::NoClient };
        match self.0.broker.dismiss_connection(name, &connection, CloseReason::Asked) {
            true => Disconnected::Asked,
            false => Disconnected::Unknown,
        }
    }

    /// The Sessions behind that of `after`, in the order of their Client Identifiers, and those
    /// without one at the end.
    pub fn sessions(&self, after: Option<&str>, most: usize) -> Vec<SessionInfo> {
        let after = after.and_then(given);
        let mut sessions = Vec::new();
        self.0.broker.for_each_session(after, |name, state| {
            let has_room = sessions.len() < most;
            if has_room {
                sessions.push(session_info(name, state));
            }
            has_room
        });
        sessions
    }

    /// What all Sessions hold, and those that hold the most messages, as many as `most`.
    pub fn session_sums(&self, most: usize) -> (SessionSums, Vec<SessionInfo>) {
        let mut sums = SessionSums::default();
        let mut fullest = BinaryHeap::new();
        self.0.broker.for_each_session(None, |name, state| {
            let (queued, in_flight) = state.backlog();
            sums.queued_messages += queued as u64;
            sums.queued_octets += state.queued_octets() as u64;
            sums.in_flight += in_flight as u64;
            let least = fullest
                .peek()
                .map_or(0, |Reverse(least): &Reverse<SessionInfo>| least.queued_messages);
            if fullest.len() < most || queued > least {
                fullest.push(Reverse(session_info(name, state)));
                if fullest.len() > most {
                    fullest.pop();
                }
            }
            true
        });
        // What is turned round comes greatest first.
        (sums, fullest.into_sorted_vec().into_iter().map(|Reverse(info)| info).collect())
    }

    /// The Session of a Client, and what it is subscribed to with which QoS.
    pub fn session(&self, client: &str) -> Option<(SessionInfo, Vec<(String, u8)>)> {
        let name = given(client)?;
        self.0.broker.look_at_session(&name, |state| {
            let subscriptions = state.subscriptions().iter();
            let subscriptions =
                subscriptions.map(|(filter, qos)| (filter.as_str().to_owned(), *qos as u8));
            (session_info(&name, state), subscriptions.collect())
        })
    }

    /// Ends the Session of a Client with all that it holds, and its connection before that; `false`
    /// when there is none.
    pub fn remove_session(&self, client: &str) -> bool {
        given(client).is_some_and(|name| self.0.broker.remove_session(&name))
    }

    /// The retained messages whose topics match, in the order of the topics, and whether there are
    /// more than `most`.
    pub fn retained(&self, filter: &TopicFilter, most: usize) -> (Vec<RetainedInfo>, bool) {
        self.0.broker.holder().read_retained(|retained| {
            let mut found = Vec::new();
            let mut has_more = false;
            retained.for_each_match(filter, |message| {
                if found.len() == most {
                    has_more = true;
                    return;
                }
                found.push(RetainedInfo {
                    topic: message.topic.as_str().to_owned(),
                    qos: message.qos as u8,
                    payload: message.payload.clone(),
                });
            });
            (found, has_more)
        })
    }

    /// The retained message of a topic.
    pub fn retained_message(&self, topic: &TopicName) -> Option<RetainedInfo> {
        let message =
            self.0.broker.holder().read_retained(|retained| retained.get(topic).cloned())?;
        let (qos, payload) = (message.qos as u8, message.payload.clone());
        Some(RetainedInfo { topic: topic.as_str().to_owned(), qos, payload })
    }

    /// Takes the retained message of a topic away, as an empty one of a Client would; `false` when
    /// there is none.
    pub fn remove_retained(&self, topic: &TopicName) -> bool {
        self.0.broker.remove_retained(topic)
    }
}

/// The name of the Session of a Client; `None` for what cannot be a Client Identifier.
fn given(client: &str) -> Option<SessionName> {
    Some(SessionName::given(&ClientId::new(Text::new(client.to_owned())?)))
}

fn identifier(name: &SessionName) -> Option<String> {
    name.client_id().map(str::to_owned)
}

fn connection_info(connection: &SharedConnection) -> ConnectionInfo {
    ConnectionInfo {
        number: connection.number(),
        client: connection.name().and_then(identifier),
        is_accepted: connection.name().is_some(),
        address: connection.origin().to_string(),
        since: connection.since(),
        moved: connection.traffic().read(),
    }
}

fn session_info<C>(name: &SessionName, state: &Session<C>) -> SessionInfo {
    let (queued_messages, in_flight) = state.backlog();
    SessionInfo {
        queued_messages,
        queued_octets: state.queued_octets(),
        in_flight,
        dropped: state.dropped(),
        subscriptions: state.subscriptions().len(),
        client: identifier(name),
        user: state.owner().map(str::to_owned),
        is_connected: state.is_connected(),
        is_clean: state.is_clean(),
        absent_since: state.absent_since(),
    }
}
