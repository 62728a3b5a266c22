//! What a process of its own is told to do, and what it tells back.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

/// What to do.
#[derive(Debug)]
pub(crate) struct Task {
    /// Where the broker is.
    pub(crate) address: SocketAddr,
    /// How many messages.
    pub(crate) messages: u32,
    /// 0 to 2: publish at this QoS; 3 to 5: receive, at 3 less; 6: open connections.
    pub(crate) column: u8,
}

impl Task {
    /// The QoS at which to publish or receive.
    pub(crate) fn level(&self) -> u8 {
        self.column % 3
    }

    /// Whether a second connection receives the messages.
    pub(crate) fn receives(&self) -> bool {
        (3..6).contains(&self.column)
    }

    /// Whether to open connections and nothing else.
    pub(crate) fn is_idle(&self) -> bool {
        self.column == 6
    }

    /// As arguments of a process.
    pub(crate) fn write(&self) -> [String; 3] {
        [self.address.to_string(), self.messages.to_string(), self.column.to_string()]
    }

    /// From the arguments of a process.
    pub(crate) fn read(arguments: &[&str]) -> Self {
        let [address, messages, column] = arguments else { panic!("three arguments") };
        Self {
            address: address.parse().expect("an address"),
            messages: messages.parse().expect("messages"),
            column: column.parse().expect("a column"),
        }
    }
}

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// From the first message to the end of the last.
    pub(crate) time: Duration,
    /// Memory of the process at its peak; of all idle connections, what they added.
    pub(crate) kib: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.time.as_nanos(), self.kib)
    }
}

impl FromStr for Outcome {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, kib) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self { time: Duration::from_nanos(time.parse()?), kib: kib.parse()? })
    }
}
