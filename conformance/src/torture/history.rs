//! What happened: every sending, acknowledgement and receipt, in the order in which it did.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What happened, in order.
#[derive(Debug)]
pub(super) struct History {
    begin: Instant,
    entries: Mutex<Vec<Entry>>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: Duration,
    pub(super) who: Who,
    pub(super) what: What,
}

/// To whom.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Who {
    Broker,
    Publisher(u32),
    Subscriber(u32),
    /// Somebody who asks in the end for what is retained.
    Probe,
}

/// A message, by its topic and its number there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Name {
    pub(super) publisher: u32,
    pub(super) kind: Kind,
    pub(super) number: u32,
}

/// What is published on a topic.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    Qos0,
    Qos1,
    Qos2,
    /// QoS 1, with RETAIN.
    Retained,
    /// QoS 1; its number is that of the connection.
    Will,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Acknowledged(Name),
    /// The broker has ended: whether it was killed.
    Ended {
        killed: bool,
    },
    /// It has the last message.
    Fenced,
    /// The broker answers again.
    Back,
    Connected {
        session_present: bool,
        number: u32,
    },
    /// DISCONNECT was sent on this connection; whether the broker has surely read it.
    Left {
        number: u32,
        certain: bool,
    },
    Lost {
        number: u32,
        why: String,
    },
    Received {
        name: Name,
        qos: u8,
        dup: bool,
        retain: bool,
    },
    Sent {
        name: Name,
        dup: bool,
    },
    Subscribed {
        qos: u8,
    },
    /// It did not come to its end in time.
    Stuck(String),
}

impl History {
    pub(super) fn new() -> Self {
        Self { begin: Instant::now(), entries: Mutex::default() }
    }

    pub(super) fn add(&self, who: Who, what: What) {
        let mut entries = self.lock();
        // Under the lock, so that the times are in order.
        let at = self.begin.elapsed();
        entries.push(Entry { at, who, what });
    }

    pub(super) fn has(&self, is_meant: impl Fn(&Entry) -> bool) -> bool {
        self.lock().iter().any(is_meant)
    }

    /// What comes of a look at all of it so far.
    pub(super) fn with<T>(&self, look: impl FnOnce(&[Entry]) -> T) -> T {
        look(&self.lock())
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kind {
    /// What a publisher sends, in turn.
    pub(super) const SENT: [Self; 4] = [Self::Qos0, Self::Qos1, Self::Qos2, Self::Retained];

    pub(super) const fn qos(self) -> u8 {
        match self {
            Self::Qos0 => 0,
            Self::Qos1 | Self::Retained | Self::Will => 1,
            Self::Qos2 => 2,
        }
    }

    const fn level(self) -> &'static str {
        match self {
            Self::Qos0 => "qos0",
            Self::Qos1 => "qos1",
            Self::Qos2 => "qos2",
            Self::Retained => "retained",
            Self::Will => "will",
        }
    }
}

impl Name {
    /// Its topic below that of the run.
    pub(super) fn topic(self) -> String {
        format!("{}/{}", self.publisher, self.kind.level())
    }

    /// The message with this topic and payload, if it is one.
    pub(super) fn parse(topic: &str, payload: &[u8]) -> Option<Self> {
        let (publisher, level) = topic.split_once('/')?;
        let kinds = [Kind::Qos0, Kind::Qos1, Kind::Qos2, Kind::Retained, Kind::Will];
        let kind = kinds.into_iter().find(|kind| kind.level() == level)?;
        let number = std::str::from_utf8(payload).ok()?.parse().ok()?;
        Some(Self { publisher: publisher.parse().ok()?, kind, number })
    }
}

impl What {
    /// The message that it is about.
    pub(super) const fn name(&self) -> Option<Name> {
        match self {
            Self::Acknowledged(name) | Self::Sent { name, .. } | Self::Received { name, .. } => {
                Some(*name)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { publisher, kind, number } = self;
        write!(f, "{} {number} of publisher {publisher}", kind.level())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broker => f.write_str("broker"),
            Self::Probe => f.write_str("probe"),
            Self::Publisher(number) => write!(f, "publisher {number}"),
            Self::Subscriber(number) => write!(f, "subscriber {number}"),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acknowledged(name) => write!(f, "is told that {name} is taken"),
            Self::Ended { killed: true } => f.write_str("is killed"),
            Self::Ended { killed: false } => f.write_str("is stopped"),
            Self::Fenced => f.write_str("has the last message"),
            Self::Back => f.write_str("answers again"),
            Self::Connected { session_present, number } => {
                write!(f, "connects ({number}), session present {}", u8::from(*session_present))
            }
            Self::Left { number, .. } => write!(f, "leaves by DISCONNECT ({number})"),
            Self::Lost { number, why } => write!(f, "loses its connection ({number}): {why}"),
            Self::Received { name, qos, dup, retain } => {
                let (dup, retain) = (u8::from(*dup), u8::from(*retain));
                write!(f, "gets {name}, d{dup} q{qos} r{retain}")
            }
            Self::Sent { name, dup } => write!(f, "sends {name}, d{}", u8::from(*dup)),
            Self::Subscribed { qos } => write!(f, "is subscribed at QoS {qos}"),
            Self::Stuck(why) => write!(f, "does not come to its end: {why}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, who, what } = self;
        write!(f, "{:>9.3} s  {who:<13} {what}", at.as_secs_f64(), who = who.to_string())
    }
}
