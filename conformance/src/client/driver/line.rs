//! The lines that go to a driver and come back: `drivers/README.md` has them for people, and
//! `drivers/driver.schema.json` for programs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::Ability;
use super::Place;
use crate::wire::{Connect, quoted};

/// A command with its number.
#[derive(Debug, Serialize)]
pub(super) struct Numbered {
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) command: Command,
}

/// What a client is to do.
#[derive(Debug, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(super) enum Command {
    Connect {
        host: String,
        port: u16,
        client_id: String,
        clean_session: bool,
        keep_alive: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        will: Option<Will>,
        /// The path, for a WebSocket.
        #[serde(skip_serializing_if = "Option::is_none")]
        websocket: Option<String>,
    },
    Reconnect,
    Publish {
        topic: String,
        payload: String,
        qos: u8,
        retain: bool,
    },
    Subscribe {
        filters: Vec<Asked>,
    },
    Unsubscribe {
        filters: Vec<String>,
    },
    Disconnect,
}

/// A Will to leave.
#[derive(Debug, Serialize)]
pub(super) struct Will {
    topic: String,
    payload: String,
    qos: u8,
    retain: bool,
}

/// A Topic Filter to ask for.
#[derive(Debug, Serialize)]
pub(super) struct Asked {
    filter: String,
    qos: u8,
}

/// What has happened to a client.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(in super::super) enum Event {
    /// The driver is there: always the first.
    Ready(Introduction),
    /// A CONNACK has accepted.
    Connected {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_present: Option<bool>,
    },
    /// A message was handed to the program.
    Message {
        topic: String,
        payload: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        qos: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retain: Option<bool>,
    },
    /// The delivery of a message has ended well.
    Published { id: u64 },
    /// A SUBACK has come, with these return codes.
    Subscribed {
        id: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codes: Option<Vec<u8>>,
    },
    /// An UNSUBACK has come.
    Unsubscribed { id: u64 },
    /// The connection has ended, or was refused.
    Closed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The client would not do as it was told, or could not.
    Error {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        message: String,
    },
    /// The client has no way to do as it was told.
    Unsupported { message: String },
}

/// Who is driven, and what it cannot do.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(in super::super) struct Introduction {
    pub(in super::super) name: String,
    #[serde(default)]
    pub(in super::super) version: String,
    #[serde(default)]
    pub(in super::super) lacks: Vec<Ability>,
}

impl Command {
    /// Has the client connect, asking for the fields of this CONNECT. They are text.
    pub(super) fn connect(place: &Place, connect: &Connect) -> Self {
        let text = |octets: &Vec<u8>| String::from_utf8_lossy(octets).into_owned();
        let will = connect.will.as_ref().map(|will| Will {
            topic: text(&will.topic),
            payload: text(&will.message),
            qos: will.qos,
            retain: will.retain,
        });
        Self::Connect {
            host: place.host.to_owned(),
            port: place.port,
            client_id: text(&connect.client_id),
            clean_session: connect.clean_session,
            keep_alive: connect.keep_alive,
            username: connect.username.as_ref().map(text),
            password: connect.password.as_ref().map(text),
            will,
            websocket: place.websocket.clone(),
        }
    }
}

impl Event {
    /// Whether both tell of the same, whatever reasons they give.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Closed { .. }, Self::Closed { .. })
            | (Self::Unsupported { .. }, Self::Unsupported { .. }) => true,
            (Self::Error { id, .. }, Self::Error { id: other, .. }) => id == other,
            (this, other) => this == other,
        }
    }
}

impl From<(&str, u8)> for Asked {
    fn from((filter, qos): (&str, u8)) -> Self {
        Self { filter: filter.to_owned(), qos }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { client_id, clean_session, .. } => {
                let clean = u8::from(*clean_session);
                write!(f, "told to connect as {} clean={clean}", quoted(client_id.as_bytes()))
            }
            Self::Reconnect => f.write_str("told to connect again"),
            Self::Publish { topic, payload, qos, retain } => {
                let (topic, payload) = (quoted(topic.as_bytes()), quoted(payload.as_bytes()));
                let retain = u8::from(*retain);
                write!(f, "told to publish q{qos} r{retain} {topic} {payload}")
            }
            Self::Subscribe { filters } => {
                f.write_str("told to subscribe to")?;
                filters.iter().try_for_each(|Asked { filter, qos }| {
                    write!(f, " {} q{qos}", quoted(filter.as_bytes()))
                })
            }
            Self::Unsubscribe { filters } => {
                f.write_str("told to unsubscribe from")?;
                filters.iter().try_for_each(|filter| write!(f, " {}", quoted(filter.as_bytes())))
            }
            Self::Disconnect => f.write_str("told to disconnect"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(who) => write!(f, "ready: {} {}", who.name, who.version),
            Self::Connected { session_present: Some(present) } => {
                write!(f, "connected, session={}", u8::from(*present))
            }
            Self::Connected { session_present: None } => f.write_str("connected"),
            Self::Message { topic, payload, .. } => {
                let (topic, payload) = (quoted(topic.as_bytes()), quoted(payload.as_bytes()));
                write!(f, "message {topic} {payload}")
            }
            Self::Published { id } => write!(f, "published, command {id}"),
            Self::Subscribed { id, codes: Some(codes) } => {
                write!(f, "subscribed, command {id}: {codes:?}")
            }
            Self::Subscribed { id, codes: None } => write!(f, "subscribed, command {id}"),
            Self::Unsubscribed { id } => write!(f, "unsubscribed, command {id}"),
            Self::Closed { reason: Some(reason) } => write!(f, "closed: {}", short(reason)),
            Self::Closed { reason: None } => f.write_str("closed"),
            Self::Error { message, .. } => write!(f, "error: {}", short(message)),
            Self::Unsupported { message } => write!(f, "cannot: {}", short(message)),
        }
    }
}

/// As much of a message as a line of a transcript needs.
fn short(text: &str) -> String {
    text.chars().take(MOST_SHOWN).filter(|character| !character.is_control()).collect()
}

/// Characters of a reason that a line shows.
const MOST_SHOWN: usize = 160;
