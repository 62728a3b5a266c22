//! What a connection says about itself beside what it sends: for the log, and for nobody to act on.

use std::fmt;

use crate::topic::TopicName;

/// Something that whoever runs the server may want to know.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// So many messages for this Client have found no room and were dropped, since its Session
    /// began.
    Dropped(u64),
    /// The Client has published to a topic that it has no right to.
    Unauthorized(TopicName),
}

impl Note {
    /// The statement that it is about, if any.
    pub const fn statement(&self) -> Option<&'static str> {
        match self {
            Self::Dropped(_) => None,
            Self::Unauthorized(_) => Some("MQTT-3.3.5-2"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(count) => {
                write!(f, "{count} messages were dropped so far, as too many wait")?;
            }
            Self::Unauthorized(topic) => {
                write!(f, "PUBLISH to {:?} goes nowhere, without the right to", topic.as_str())?;
            }
        }
        self.statement().map_or(Ok(()), |statement| write!(f, " [{statement}]"))
    }
}
