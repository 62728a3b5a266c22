//! Where a connection comes from.

use std::fmt;
use std::net::SocketAddr;

/// Where a connection comes from, as far as it can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// Another address, perhaps by the word of a proxy.
    Network(SocketAddr),
    /// This machine, over a Unix socket or by the word of a proxy.
    Local {
        /// The number of the process at the other end, where the system says it.
        process: Option<i32>,
    },
}

impl Origin {
    /// The host without the port, which changes with each connection.
    pub(super) fn host(&self) -> String {
        match self {
            Self::Network(address) => address.ip().to_string(),
            Self::Local { .. } => self.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Local { process: None } => f.write_str("this machine"),
            Self::Local { process: Some(process) } => write!(f, "process {process}"),
        }
    }
}
