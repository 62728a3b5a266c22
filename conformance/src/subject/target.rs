//! Where a broker is: `HOST:PORT`, or a URL.

use std::fmt;
use std::str::FromStr;

/// The address of a broker on TCP.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::{InvalidTarget, Target};
///
/// assert_eq!("mqtt://broker".parse::<Target>()?.to_string(), "broker:1883");
/// assert_eq!("[::1]:1884".parse::<Target>()?.host(), "::1");
/// assert!(matches!("wss://broker".parse::<Target>(), Err(InvalidTarget::NotBuiltYet(_))));
/// # Ok::<(), InvalidTarget>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// The port of a URL, or a host, without one.
    pub const DEFAULT_PORT: u16 = 1883;

    /// A host, by name or address, and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    /// Reads `HOST:PORT`, `HOST`, or either after `mqtt://`. An IPv6 address with a port stands
    /// in brackets.
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let authority = match text.split_once("://") {
            None => text,
            Some(("mqtt" | "tcp", rest)) => rest.strip_suffix('/').unwrap_or(rest),
            Some((scheme @ ("mqtts" | "ws" | "wss" | "unix"), _)) => {
                return Err(InvalidTarget::NotBuiltYet(scheme.to_owned()));
            }
            Some((scheme, _)) => return Err(InvalidTarget::Scheme(scheme.to_owned())),
        };
        let (host, port) = split(authority);
        if host.is_empty() || host.contains(['/', '@', '[', ']']) {
            return Err(InvalidTarget::Host(host.to_owned()));
        }
        let port = match port {
            None => Self::DEFAULT_PORT,
            Some(port) => port.parse().map_err(|_| InvalidTarget::Port(port.to_owned()))?,
        };
        Ok(Self::new(host, port))
    }
}

/// The host without its brackets, and the text of the port.
fn split(authority: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        return match rest {
            "" => (host, None),
            rest => (host, Some(rest.strip_prefix(':').unwrap_or(rest))),
        };
    }
    match authority.rsplit_once(':') {
        // More than one colon, and no brackets: an IPv6 address on its own.
        Some((host, _)) if host.contains(':') => (authority, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A text that names no broker we can reach.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// There is no host, or it holds what no host can.
    #[error("no host in the target: {0:?}")]
    Host(String),
    /// A transport that the judge will speak one day.
    #[error("{0} targets are not built yet: use HOST:PORT or mqtt://HOST:PORT")]
    NotBuiltYet(String),
    /// The port is no number from 0 to 65,535.
    #[error("no port number: {0:?}")]
    Port(String),
    /// Something else altogether.
    #[error("unknown scheme {0:?}: use HOST:PORT or mqtt://HOST:PORT")]
    Scheme(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_and_ports() {
        for (text, host, port) in [
            ("localhost:1884", "localhost", 1884),
            ("localhost", "localhost", 1883),
            ("mqtt://10.0.0.1:1", "10.0.0.1", 1),
            ("mqtt://broker/", "broker", 1883),
            ("[::1]:1884", "::1", 1884),
            ("mqtt://[fe80::1]", "fe80::1", 1883),
            ("::1", "::1", 1883),
        ] {
            assert_eq!(text.parse(), Ok(Target::new(host, port)), "{text}");
        }
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["localhost:1884", "[::1]:1883"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("", InvalidTarget::Host(String::new())),
            (":1883", InvalidTarget::Host(String::new())),
            ("a/b", InvalidTarget::Host("a/b".into())),
            ("a:b", InvalidTarget::Port("b".into())),
            ("a:65536", InvalidTarget::Port("65536".into())),
            ("mqtts://a", InvalidTarget::NotBuiltYet("mqtts".into())),
            ("http://a", InvalidTarget::Scheme("http".into())),
        ] {
            assert_eq!(text.parse::<Target>(), Err(error), "{text}");
        }
    }
}
