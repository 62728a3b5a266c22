//! Where a server listens, and what it expects there: an option, and a URL.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::net::transport::{Endpoint, InvalidEndpoint};

/// Where a server listens, and what it expects there.
///
/// As text it is the URL of an [`Endpoint`], and behind it `?proxy=true` where a proxy is in front.
///
/// # Examples
///
/// ```
/// use mqttspec::net::Listen;
///
/// let listen: Listen = "ws://127.0.0.1:8080/mqtt?proxy=true".parse()?;
/// assert_eq!(listen.endpoint.websocket.as_deref(), Some("/mqtt"));
/// assert!(listen.proxy);
/// # Ok::<(), mqttspec::net::InvalidListen>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listen {
    /// The socket, and what is spoken on it. Port 0 lets the system choose.
    pub endpoint: Endpoint,
    /// Whether a proxy is in front, which begins each connection by a PROXY protocol header,
    /// version 1 or 2, and so says where the client is. Default: no.
    ///
    /// Then everybody has to, because whoever reaches the socket can say what it likes.
    pub proxy: bool,
}

impl From<Endpoint> for Listen {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint, proxy: false }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Endpoint::from(address).into()
    }
}

impl FromStr for Listen {
    type Err = InvalidListen;

    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`InvalidListen`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (url, query) = text.split_once('?').unwrap_or((text, ""));
        let mut listen = Self::from(url.parse::<Endpoint>()?);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option {
                "proxy=true" => listen.proxy = true,
                "proxy=false" => listen.proxy = false,
                _ => return Err(InvalidListen::Option(option.to_owned())),
            }
        }
        Ok(listen)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(f)?;
        f.write_str(if self.proxy { "?proxy=true" } else { "" })
    }
}

/// A text that says of no place how to listen there.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum InvalidListen {
    /// It is no URL of a place.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// An option that there is not.
    #[error("{0:?} is no option of a listener, only proxy=true and proxy=false")]
    Option(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_follow_the_url() {
        for (text, written) in [
            ("mqtt://127.0.0.1:0", "mqtt://127.0.0.1:0"),
            ("127.0.0.1:0?proxy=true", "mqtt://127.0.0.1:0?proxy=true"),
            ("ws://[::1]:80/a?proxy=true", "ws://[::1]:80/a?proxy=true"),
            ("unix:/run/a?proxy=false", "unix:/run/a"),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn other_options_are_refused() {
        for option in ["proxy", "proxy=yes", "tls=true"] {
            let error = format!("mqtt://broker?{option}").parse::<Listen>().unwrap_err();
            assert_eq!(error, InvalidListen::Option(option.to_owned()));
        }
    }
}
