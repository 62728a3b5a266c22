//! Where a connection comes from.
//!
//! [`Packed`] is the same in less memory, for as long as nobody asks.

use std::fmt;
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};

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

/// An [`Origin`] in as little memory as most of them take.
#[derive(Clone, Debug)]
pub(super) enum Packed {
    V4(SocketAddrV4),
    V6(Box<SocketAddrV6>),
    Local(Option<i32>),
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

impl From<Origin> for Packed {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Network(SocketAddr::V4(address)) => Self::V4(address),
            Origin::Network(SocketAddr::V6(address)) => Self::V6(Box::new(address)),
            Origin::Local { process } => Self::Local(process),
        }
    }
}

impl From<&Packed> for Origin {
    fn from(packed: &Packed) -> Self {
        match packed {
            Packed::V4(address) => Self::Network((*address).into()),
            Packed::V6(address) => Self::Network((**address).into()),
            Packed::Local(process) => Self::Local { process: *process },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_it_says_the_same() {
        let network = |address: &str| Origin::Network(address.parse().unwrap());
        let (near, far) = (network("192.0.2.1:1883"), network("[fe80::1%3]:8883"));
        let [known, unknown] = [Some(7), None].map(|process| Origin::Local { process });
        for origin in [near, far, known, unknown] {
            assert_eq!(Origin::from(&Packed::from(origin)), origin);
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn packed_it_takes_little() {
        assert_eq!(size_of::<Packed>(), 16);
    }
}
