//! How it stands with the connection, for programs that want to show it.

use std::time::Duration;

use super::ClientError;

/// How it stands with the connection of a Client.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum ConnectionState {
    /// It is being opened, or waits for CONNACK.
    Connecting,
    /// The Server has accepted it.
    Connected {
        /// Whether the Server went on with the Session it had.
        session_present: bool,
    },
    /// It was lost, and is opened again after a wait.
    Lost {
        /// Why.
        error: ClientError,
        /// The wait, from the moment on in which it was lost.
        wait: Duration,
    },
    /// The Client has ended.
    Ended(ClientError),
}

impl ConnectionState {
    /// Whether the Server has accepted it.
    pub const fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }
}
