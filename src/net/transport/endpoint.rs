//! Where a Server is and how octets travel to it, as a value and as a URL.
//!
//! Clauses: U-5.1-1, U-6-1.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// Where a Server is, and how octets travel to it.
///
/// As text it is a URL: `mqtt://HOST:PORT`, `mqtts://HOST:PORT`, `ws://HOST:PORT/PATH`,
/// `wss://HOST:PORT/PATH` or `unix:/PATH`. `HOST` and `HOST:PORT` alone are read as MQTT over TCP.
///
/// # Examples
///
/// ```
/// use mqttspec::net::Endpoint;
///
/// assert_eq!("broker".parse::<Endpoint>()?.to_string(), "mqtt://broker:1883");
/// assert_eq!("wss://[::1]".parse::<Endpoint>()?.to_string(), "wss://[::1]:443/mqtt");
/// # Ok::<(), mqttspec::net::InvalidEndpoint>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Endpoint {
    /// The socket.
    pub place: Place,
    /// Whether there is TLS on it.
    pub tls: bool,
    /// The path under which a WebSocket is opened, perhaps with a query; `None` without WebSocket.
    pub websocket: Option<String>,
}

/// A socket.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Place {
    /// On the network.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// In the file system.
    Unix(PathBuf),
}

impl Endpoint {
    /// The TCP port of MQTT.
    pub const MQTT_PORT: u16 = 1883;
    /// The TCP port of MQTT with TLS.
    // [U-5.1-1] The one that MQTT with TLS has.
    pub const MQTTS_PORT: u16 = 8883;
    /// The path of a WebSocket for which none is given: the one that most servers use.
    pub const WEBSOCKET_PATH: &str = "/mqtt";

    /// MQTT over TCP and nothing else.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self { place: Place::Tcp { host: host.into(), port }, tls: false, websocket: None }
    }

    /// MQTT over the Unix socket at `path`.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Unix(path.into()), tls: false, websocket: None }
    }

    /// The same with TLS.
    #[must_use]
    pub fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// The same with a WebSocket that is opened under `path`, which begins with a slash.
    #[must_use]
    pub fn with_websocket(self, path: impl Into<String>) -> Self {
        Self { websocket: Some(path.into()), ..self }
    }

    /// The scheme of its URL.
    pub const fn scheme(&self) -> &'static str {
        match (&self.place, self.tls, &self.websocket) {
            (Place::Unix(_), ..) => "unix",
            (Place::Tcp { .. }, false, None) => "mqtt",
            (Place::Tcp { .. }, true, None) => "mqtts",
            (Place::Tcp { .. }, false, Some(_)) => "ws",
            (Place::Tcp { .. }, true, Some(_)) => "wss",
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self::tcp(address.ip().to_string(), address.port())
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    /// Reads a URL, `HOST:PORT` or `HOST`. An IPv6 address stands in brackets where a port follows.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(InvalidEndpoint::NoPath),
                path => Ok(Self::unix(path)),
            };
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("mqtt", text));
        let (tls, is_websocket, default_port) = match scheme {
            "mqtt" => (false, false, Self::MQTT_PORT),
            "mqtts" => (true, false, Self::MQTTS_PORT),
            "ws" => (false, true, 80),
            "wss" => (true, true, 443),
            _ => return Err(InvalidEndpoint::Scheme(scheme.to_owned())),
        };
        let (authority, path) = match rest.find(['/', '?', '#']) {
            None => (rest, ""),
            Some(end) => rest.split_at(end),
        };
        if authority.contains('@') {
            return Err(InvalidEndpoint::User);
        }
        let (host, port) = host_and_port(authority, default_port)?;
        let websocket = match path {
            "" | "/" if !is_websocket => None,
            _ if !is_websocket => return Err(InvalidEndpoint::MoreThanPort),
            "" => Some(Self::WEBSOCKET_PATH.to_owned()),
            // [U-6-1] Under whatever path: it is passed on, and means nothing here.
            path => Some(websocket_path(path)?.to_owned()),
        };
        let place = Place::Tcp { host: host.to_owned(), port };
        Ok(Self { place, tls, websocket })
    }
}

/// The host without its brackets, and the port, perhaps the one it has by default.
fn host_and_port(authority: &str, default_port: u16) -> Result<(&str, u16), InvalidEndpoint> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(InvalidEndpoint::Bracket)?;
        match after.strip_prefix(':') {
            None if after.is_empty() => (host, None),
            None => return Err(InvalidEndpoint::AfterBracket),
            Some(port) => (host, Some(port)),
        }
    } else {
        match authority.split_once(':') {
            None => (authority, None),
            // More than one colon, and no brackets: an IPv6 address on its own.
            Some((_, rest)) if rest.contains(':') => (authority, None),
            Some((host, port)) => (host, Some(port)),
        }
    };
    if host.is_empty() {
        return Err(InvalidEndpoint::NoHost);
    }
    if !is_host(host) {
        return Err(InvalidEndpoint::Host(host.to_owned()));
    }
    match port {
        None => Ok((host, default_port)),
        Some(text) => {
            let port = text.parse().map_err(|_| InvalidEndpoint::Port(text.to_owned()))?;
            Ok((host, port))
        }
    }
}

/// Whether a text can be a name, or is an address: what the system then makes of a name is its own
/// affair, but a URL that holds the text must lead to the same place.
fn is_host(text: &str) -> bool {
    if text.contains(':') {
        // Behind the address may stand the interface that it is meant for.
        let (address, interface) = text.split_once('%').unwrap_or((text, "any"));
        return address.parse::<Ipv6Addr>().is_ok() && is_host(interface) && !interface.is_empty();
    }
    text.chars().all(|character| character.is_alphanumeric() || "-._".contains(character))
}

/// A path, perhaps with a query, that can stand in the first line of an HTTP request as it is.
fn websocket_path(path: &str) -> Result<&str, InvalidEndpoint> {
    let is_plain = path.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'#');
    if path.starts_with('/') && is_plain { Ok(path) } else { Err(InvalidEndpoint::WebSocketPath) }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Unix(path) => return write!(f, "unix:{}", path.display()),
            Place::Tcp { host, port } if host.contains(':') => {
                write!(f, "{}://[{host}]:{port}", self.scheme())?;
            }
            Place::Tcp { host, port } => write!(f, "{}://{host}:{port}", self.scheme())?,
        }
        f.write_str(self.websocket.as_deref().unwrap_or_default())
    }
}

/// A text that names no place where MQTT could be spoken.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum InvalidEndpoint {
    /// Something else than a port follows an address in brackets.
    #[error("only a port may follow the ]")]
    AfterBracket,
    /// A bracket is not closed.
    #[error("it has a [ without ]")]
    Bracket,
    /// It is neither a name nor an address.
    #[error("{0:?} is no host")]
    Host(String),
    /// A path where none belongs.
    #[error("it goes on after the port, and only ws:// and wss:// have a path")]
    MoreThanPort,
    /// There is no host.
    #[error("it has no host; it should look like localhost:1883")]
    NoHost,
    /// A Unix socket without its path.
    #[error("it has no path; it should look like unix:/run/mqttspec.sock")]
    NoPath,
    /// The port is no number from 0 to 65,535.
    #[error("{0:?} is no port")]
    Port(String),
    /// A scheme that is not known.
    #[error("{0}:// is not spoken here, only mqtt, mqtts, ws, wss and unix")]
    Scheme(String),
    /// A user name where only a place is asked for.
    #[error("it has a user name, which has no place here")]
    User,
    /// A path that no HTTP request can have.
    #[error("its path has to begin with / and to be of printable ASCII without #")]
    WebSocketPath,
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! endpoints {
        ($($name:ident: $text:expr => $verdict:expr;)+) => {$(
            #[test]
            fn $name() {
                let verdict: Result<&str, InvalidEndpoint> = $verdict;
                let seen = $text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
                assert_eq!(seen.as_deref(), verdict.as_ref().copied());
            }
        )+};
    }

    endpoints! {
        // what is given => the whole URL, or what is wrong with it
        host:            "broker"             => Ok("mqtt://broker:1883");
        host_and_port:   "broker:1"           => Ok("mqtt://broker:1");
        ipv4:            "10.0.0.1:18830"     => Ok("mqtt://10.0.0.1:18830");
        ipv6:            "::1"                => Ok("mqtt://[::1]:1883");
        ipv6_brackets:   "[::1]"              => Ok("mqtt://[::1]:1883");
        ipv6_and_port:   "[::1]:1884"         => Ok("mqtt://[::1]:1884");
        mqtt:            "mqtt://broker/"     => Ok("mqtt://broker:1883");
        mqtts:           "mqtts://broker"     => Ok("mqtts://broker:8883");
        mqtts_and_port:  "mqtts://broker:1"   => Ok("mqtts://broker:1");
        ws:              "ws://broker"        => Ok("ws://broker:80/mqtt");
        ws_root:         "ws://broker:8080/"  => Ok("ws://broker:8080/");
        wss:             "wss://b/a/b?c=d"    => Ok("wss://b:443/a/b?c=d");
        unix:            "unix:/run/a.sock"   => Ok("unix:/run/a.sock");
        unix_slashes:    "unix:///run/a.sock" => Ok("unix:/run/a.sock");
        unix_no_path:    "unix:"              => Err(InvalidEndpoint::NoPath);
        scheme:          "http://broker"      => Err(InvalidEndpoint::Scheme("http".to_owned()));
        path:            "mqtt://b/t"         => Err(InvalidEndpoint::MoreThanPort);
        query:           "mqtt://b?proxy=1"   => Err(InvalidEndpoint::MoreThanPort);
        ws_query_only:   "ws://b?c=d"         => Err(InvalidEndpoint::WebSocketPath);
        ws_blank:        "ws://b/a b"         => Err(InvalidEndpoint::WebSocketPath);
        ws_fragment:     "ws://b/a#b"         => Err(InvalidEndpoint::WebSocketPath);
        user:            "mqtt://me@broker"   => Err(InvalidEndpoint::User);
        no_host:         ":1883"              => Err(InvalidEndpoint::NoHost);
        ipv6_interface:  "[fe80::1%eth0]:1"   => Ok("mqtt://[fe80::1%eth0]:1");
        no_interface:    "fe80::1%"           => Err(InvalidEndpoint::Host("fe80::1%".to_owned()));
        three_colons:    "a:b:c"              => Err(InvalidEndpoint::Host("a:b:c".to_owned()));
        blank:           "my broker"          => Err(InvalidEndpoint::Host("my broker".to_owned()));
        brackets_inside: "b[::1]"             => Err(InvalidEndpoint::Host("b[::1]".to_owned()));
        port_too_large:  "b:65536"            => Err(InvalidEndpoint::Port("65536".to_owned()));
        port_missing:    "b:"                 => Err(InvalidEndpoint::Port(String::new()));
        bracket:         "[::1"               => Err(InvalidEndpoint::Bracket);
        after_bracket:   "[::1]1883"          => Err(InvalidEndpoint::AfterBracket);
    }
}
