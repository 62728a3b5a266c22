//! The bounds of a Client, each with its unit and its reason.

use std::time::Duration;

/// How much a Client has under way, and how long it waits.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Limits {
    /// How long an answer to CONNECT or PINGREQ may take before the Server counts as gone.
    /// Default: 30 seconds, enough for a slow link and a Server that starts up.
    pub answer_wait: Duration,
    /// How many messages of QoS 1 and 2 are on their way at once, 1 to 65,535; 0 counts as 1.
    /// Default: 100, which is what a link of 10 Mbit/s and 100 ms holds of messages of 1 kB.
    pub in_flight: u16,
    /// How many commands may wait for their turn, or for a connection. Default: 1,000, which is
    /// memory of the caller's choosing: 1,000 of its messages.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { answer_wait: Duration::from_secs(30), in_flight: 100, waiting: 1_000 }
    }
}
