//! Where a broker is, and over what it is spoken to: `HOST:PORT`, or a URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// The address of a broker: TCP, TLS, WebSocket, WebSocket over TLS, or a Unix socket.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::{InvalidTarget, Target};
///
/// assert_eq!("mqtt://broker".parse::<Target>()?.to_string(), "broker:1883");
/// assert_eq!("wss://broker".parse::<Target>()?.to_string(), "wss://broker:443/mqtt");
/// assert_eq!("[::1]:1884".parse::<Target>()?.network(), Some(("::1", 1884)));
/// assert_eq!("unix:/run/mqtt".parse::<Target>()?.network(), None);
/// assert!(matches!("http://broker".parse::<Target>(), Err(InvalidTarget::Scheme(_))));
/// # Ok::<(), InvalidTarget>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    place: Place,
    credentials: Option<(String, Option<String>)>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Network { scheme: Scheme, host: String, port: u16, path: String },
    Unix(PathBuf),
}

/// What carries MQTT over a network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scheme {
    Mqtt,
    Mqtts,
    Ws,
    Wss,
}

impl Scheme {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mqtt" | "tcp" => Self::Mqtt,
            "mqtts" | "ssl" | "tls" => Self::Mqtts,
            "ws" => Self::Ws,
            "wss" => Self::Wss,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port of a URL without one, by the registry of ports.
    const fn port(self) -> u16 {
        match self {
            Self::Mqtt => Target::DEFAULT_PORT,
            Self::Mqtts => 8883,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    pub(super) const fn is_secure(self) -> bool {
        matches!(self, Self::Mqtts | Self::Wss)
    }

    pub(super) const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }
}

impl Target {
    /// The port of `mqtt://HOST`, and of a host on its own.
    pub const DEFAULT_PORT: u16 = 1883;

    /// The path of a WebSocket whose URL has none.
    pub const DEFAULT_PATH: &'static str = "/mqtt";

    /// A broker on TCP: a host, by name or address, and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self::network_place(Scheme::Mqtt, host.into(), port, String::new())
    }

    /// A broker behind a WebSocket. The path begins with `/`, and may have a query.
    pub fn websocket(host: impl Into<String>, port: u16, path: impl Into<String>) -> Self {
        Self::network_place(Scheme::Ws, host.into(), port, path.into())
    }

    const fn network_place(scheme: Scheme, host: String, port: u16, path: String) -> Self {
        Self { place: Place::Network { scheme, host, port, path }, credentials: None }
    }

    /// The name or address, without brackets, and the port; `None` for a Unix socket.
    pub fn network(&self) -> Option<(&str, u16)> {
        match &self.place {
            Place::Network { host, port, .. } => Some((host, *port)),
            Place::Unix(_) => None,
        }
    }

    /// Whether MQTT goes over plain TCP there.
    pub const fn is_plain_tcp(&self) -> bool {
        matches!(self.place, Place::Network { scheme: Scheme::Mqtt, .. })
    }

    /// Whether MQTT goes over WebSocket there, with TLS or without.
    pub const fn is_websocket(&self) -> bool {
        matches!(self.place, Place::Network { scheme, .. } if scheme.is_websocket())
    }

    /// Whether it is reached by TLS.
    pub const fn is_secure(&self) -> bool {
        matches!(self.place, Place::Network { scheme, .. } if scheme.is_secure())
    }

    /// The path of a WebSocket, perhaps with a query; empty for all else.
    pub(crate) const fn path(&self) -> &str {
        match &self.place {
            Place::Network { path, .. } => path.as_str(),
            Place::Unix(_) => "",
        }
    }

    /// The same for a Client of this user name and, if there is one, this password.
    pub(crate) fn for_user(mut self, username: &str, password: Option<&str>) -> Self {
        self.credentials = Some((username.to_owned(), password.map(str::to_owned)));
        self
    }

    /// The user name, and the password, that the URL had.
    pub fn credentials(&self) -> Option<(&str, Option<&str>)> {
        self.credentials.as_ref().map(|(name, password)| (name.as_str(), password.as_deref()))
    }

    /// The path of a Unix socket; `None` on a network.
    pub(crate) fn unix(&self) -> Option<&Path> {
        match &self.place {
            Place::Network { .. } => None,
            Place::Unix(path) => Some(path),
        }
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    /// Reads `HOST:PORT`, `HOST`, `unix:PATH`, or
    /// `SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH]` with `mqtt`, `mqtts`, `ws` or `wss`.
    ///
    /// An IPv6 address with a port stands in brackets. User name and password may have octets
    /// written as `%40`. Only a WebSocket has a path; without one it is
    /// [`DEFAULT_PATH`](Self::DEFAULT_PATH).
    ///
    /// # Errors
    ///
    /// [`InvalidTarget`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(InvalidTarget::Path(path.to_owned()));
            }
            return Ok(Self { place: Place::Unix(path.into()), credentials: None });
        }
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Mqtt, text),
            Some((name, rest)) => match Scheme::named(name) {
                Some(scheme) => (scheme, rest),
                None => return Err(InvalidTarget::Scheme(name.to_owned())),
            },
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(end) if scheme.is_websocket() || &rest[end..] == "/" => rest.split_at(end),
            _ => (rest, ""),
        };
        let path = match path {
            _ if !scheme.is_websocket() => String::new(),
            "" => Self::DEFAULT_PATH.to_owned(),
            path if path.contains(|c: char| c.is_whitespace() || c == '#' || !c.is_ascii()) => {
                return Err(InvalidTarget::Path(path.to_owned()));
            }
            query if query.starts_with('?') => format!("/{query}"),
            path => path.to_owned(),
        };
        let (credentials, place) = match authority.rsplit_once('@') {
            None => (None, authority),
            Some((user, place)) => (Some(credentials(user)?), place),
        };
        let (host, port) = split(place);
        if host.is_empty() || host.contains(['/', '?', '[', ']']) {
            return Err(InvalidTarget::Host(host.to_owned()));
        }
        let port = match port {
            None => scheme.port(),
            Some(port) => port.parse().map_err(|_| InvalidTarget::Port(port.to_owned()))?,
        };
        Ok(Self { credentials, ..Self::network_place(scheme, host.to_owned(), port, path) })
    }
}

/// The host without its brackets, and the text of the port.
fn split(place: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match rest {
            "" => (host, None),
            rest => (host, Some(rest.strip_prefix(':').unwrap_or(rest))),
        };
    }
    match place.rsplit_once(':') {
        // More than one colon, and no brackets: an IPv6 address on its own.
        Some((host, _)) if host.contains(':') => (place, None),
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    }
}

fn credentials(user: &str) -> Result<(String, Option<String>), InvalidTarget> {
    let decoded = |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| InvalidTarget::Credentials)
    };
    Ok(match user.split_once(':') {
        None => (decoded(user)?, None),
        Some((name, password)) => (decoded(name)?, Some(decoded(password)?)),
    })
}

impl fmt::Display for Target {
    /// `HOST:PORT` on TCP and a URL on all else; without user name and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port, path) = match &self.place {
            Place::Network { scheme, host, port, path } => (*scheme, host, *port, path),
            Place::Unix(path) => return write!(f, "unix:{}", Path::display(path)),
        };
        if scheme != Scheme::Mqtt {
            write!(f, "{}://", scheme.name())?;
        }
        write!(f, "{}{path}", authority(host, port))
    }
}

/// `HOST:PORT`, with brackets around an IPv6 address.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A text that names no broker we can reach.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// What `%` stands for in user name or password is no text. It is not repeated here: it may be
    /// a secret.
    #[error("user name and password of a URL must be UTF-8, with octets written as %40")]
    Credentials,
    /// There is no host, or it holds what no host can.
    #[error("no host in the target: {0:?}; it should look like localhost:1883")]
    Host(String),
    /// What follows the port of a WebSocket, or `unix:`, is no path.
    #[error("no path: {0:?}; it should look like ws://localhost:8080/mqtt or unix:/run/mqtt.sock")]
    Path(String),
    /// The port is no number from 0 to 65,535.
    #[error("no port number: {0:?}")]
    Port(String),
    /// Something else altogether.
    #[error("unknown scheme {0:?}: use HOST:PORT, or a URL with mqtt, mqtts, ws, wss or unix")]
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

    macro_rules! targets {
        ($($name:ident: $text:literal => $printed:literal, $is_websocket:literal, $is_secure:literal;)+) => {$(
            #[test]
            fn $name() {
                let target: Target = $text.parse().unwrap();
                assert_eq!(target.to_string(), $printed);
                assert_eq!((target.is_websocket(), target.is_secure()), ($is_websocket, $is_secure));
                assert_eq!($printed.parse::<Target>(), Ok(target));
            }
        )+};
    }

    targets! {
        // what is given => what is printed, over WebSocket?, by TLS?
        tcp:            "mqtt://localhost:1884"    => "localhost:1884", false, false;
        ipv6:           "[::1]"                    => "[::1]:1883", false, false;
        tls:            "mqtts://localhost"        => "mqtts://localhost:8883", false, true;
        tls_by_ipv6:    "mqtts://[::1]:1"          => "mqtts://[::1]:1", false, true;
        websocket:      "ws://localhost"           => "ws://localhost:80/mqtt", true, false;
        at_the_root:    "ws://localhost:9001/"     => "ws://localhost:9001/", true, false;
        with_a_path:    "wss://b:9001/a/b"         => "wss://b:9001/a/b", true, true;
        with_a_query:   "wss://b?x=1"              => "wss://b:443/?x=1", true, true;
        unix:           "unix:/run/mqtt.sock"      => "unix:/run/mqtt.sock", false, false;
        unix_as_url:    "unix:///run/mqtt.sock"    => "unix:/run/mqtt.sock", false, false;
    }

    #[test]
    fn credentials_are_read_and_not_printed() {
        let target: Target = "mqtts://me%40home:p:%2f@broker".parse().unwrap();
        assert_eq!(target.credentials(), Some(("me@home", Some("p:/"))));
        assert_eq!(target.to_string(), "mqtts://broker:8883");
        let target: Target = "mqtt://me@broker:1".parse().unwrap();
        assert_eq!(target.credentials(), Some(("me", None)));
        assert_eq!("broker".parse::<Target>().unwrap().credentials(), None);
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("", InvalidTarget::Host(String::new())),
            (":1883", InvalidTarget::Host(String::new())),
            ("a/b", InvalidTarget::Host("a/b".into())),
            ("mqtts://a/b", InvalidTarget::Host("a/b".into())),
            ("a:b", InvalidTarget::Port("b".into())),
            ("a:65536", InvalidTarget::Port("65536".into())),
            ("ws://a/b c", InvalidTarget::Path("/b c".into())),
            ("ws://a/b#c", InvalidTarget::Path("/b#c".into())),
            ("unix:", InvalidTarget::Path(String::new())),
            ("mqtt://%ff@a", InvalidTarget::Credentials),
            ("http://a", InvalidTarget::Scheme("http".into())),
        ] {
            assert_eq!(text.parse::<Target>(), Err(error), "{text}");
        }
    }
}
