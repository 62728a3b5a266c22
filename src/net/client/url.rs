//! The URL of a Server: where it is, and who to be there.

use std::str::FromStr;

use thiserror::Error;

use crate::net::transport::{Endpoint, InvalidEndpoint};
use crate::packet::{Binary, Credentials, Text};

/// Where a Server is, and who to be there: `mqtts://USER:PASSWORD@HOST:PORT`.
///
/// As an [`Endpoint`], with a user name and perhaps a password before the host, in which octets may
/// be written as `%40`.
///
/// # Examples
///
/// ```
/// use mqttspec::net::{ClientOptions, ServerUrl};
///
/// let url: ServerUrl = "wss://me:p%40ss@broker.example/mqtt".parse()?;
/// assert_eq!(url.credentials.as_ref().unwrap().user_name.as_str(), "me");
/// assert_eq!(url.endpoint.to_string(), "wss://broker.example:443/mqtt");
/// let options = ClientOptions::from(url);
/// # Ok::<(), mqttspec::net::InvalidServerUrl>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerUrl {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Who to be, if it says so.
    pub credentials: Option<Credentials>,
}

impl FromStr for ServerUrl {
    type Err = InvalidServerUrl;

    /// Reads a URL, `HOST:PORT` or `HOST`, each perhaps with `USER@` or `USER:PASSWORD@` in front
    /// of the host. An IPv6 address stands in brackets where a port follows.
    ///
    /// # Errors
    ///
    /// [`InvalidServerUrl`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("unix:") {
            return Ok(Self { endpoint: text.parse()?, credentials: None });
        }
        let (scheme, rest) = match text.split_once("://") {
            None => ("", text),
            Some((scheme, rest)) => (&text[..scheme.len() + "://".len()], rest),
        };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let Some((user, host)) = authority.rsplit_once('@') else {
            return Ok(Self { endpoint: text.parse()?, credentials: None });
        };
        let endpoint = format!("{scheme}{host}{}", &rest[authority.len()..]).parse()?;
        let (user_name, password) = match user.split_once(':') {
            None => (user, None),
            Some((user_name, password)) => (user_name, Some(decoded(password)?)),
        };
        let user_name = String::from_utf8(decoded(user_name)?)
            .map_err(|_| InvalidServerUrl::UserNameNotUtf8)?;
        let user_name = Text::new(user_name).ok_or(InvalidServerUrl::TooLong)?;
        let password = password.map(Binary::new).transpose();
        let password = password.map_err(|_| InvalidServerUrl::TooLong)?;
        Ok(Self { endpoint, credentials: Some(Credentials { user_name, password }) })
    }
}

impl From<Endpoint> for ServerUrl {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint, credentials: None }
    }
}

/// The octets that `text` stands for: `%40` is `@`.
fn decoded(text: &str) -> Result<Vec<u8>, InvalidServerUrl> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        if octet != b'%' {
            octets.push(octet);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let octet = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or(InvalidServerUrl::Escape)?;
        octets.push(octet);
        rest = &after[2..];
    }
    Ok(octets)
}

/// A text that is no URL of a Server.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum InvalidServerUrl {
    /// It names no place.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// A percent sign that stands for nothing.
    #[error("it has a % without two hexadecimal digits")]
    Escape,
    /// A user name or password that no CONNECT can hold.
    #[error("its user name or password is longer than 65,535 octets [U-1.5.3-3]")]
    TooLong,
    /// A user name that is no text.
    #[error("the user name is not UTF-8 [MQTT-3.1.3-11]")]
    UserNameNotUtf8,
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! urls {
        ($($name:ident: $text:expr => $verdict:expr;)+) => {$(
            #[test]
            fn $name() {
                let verdict: Result<(&str, Option<&str>, Option<&[u8]>), InvalidServerUrl> =
                    $verdict;
                let seen = $text.parse::<ServerUrl>().map(|url| {
                    let credentials = url.credentials;
                    let user = credentials.as_ref().map(|shown| shown.user_name.to_string());
                    let password =
                        credentials.and_then(|shown| shown.password).map(|shown| shown.as_bytes().to_vec());
                    (url.endpoint.to_string(), user, password)
                });
                let verdict = verdict.map(|(endpoint, user, password)| {
                    (endpoint.to_owned(), user.map(str::to_owned), password.map(<[u8]>::to_vec))
                });
                assert_eq!(seen, verdict);
            }
        )+};
    }

    urls! {
        // what is given => where, user name, password; or what is wrong with it
        host:            "broker"             => Ok(("mqtt://broker:1883", None, None));
        url:             "mqtts://broker:7/"  => Ok(("mqtts://broker:7", None, None));
        user:            "mqtt://me@broker"   => Ok(("mqtt://broker:1883", Some("me"), None));
        user_alone:      "me@broker:1"        => Ok(("mqtt://broker:1", Some("me"), None));
        empty_password:  "mqtt://me:@b"       => Ok(("mqtt://b:1883", Some("me"), Some(b"")));
        password:        "mqtt://me:p:w@b:9"  => Ok(("mqtt://b:9", Some("me"), Some(b"p:w")));
        at_in_user:      "mqtt://a@b:c@d"     => Ok(("mqtt://d:1883", Some("a@b"), Some(b"c")));
        at_in_path:      "ws://b/a@b"         => Ok(("ws://b:80/a@b", None, None));
        websocket:       "wss://me@[::1]/a?b" => Ok(("wss://[::1]:443/a?b", Some("me"), None));
        escaped:         "mqtt://a%40b:%ff@c" => Ok(("mqtt://c:1883", Some("a@b"), Some(&[0xff])));
        unix:            "unix:/run/a@b"      => Ok(("unix:/run/a@b", None, None));
        escape:          "mqtt://a%+1@b"      => Err(InvalidServerUrl::Escape);
        user_no_text:    "mqtt://%ff@b"       => Err(InvalidServerUrl::UserNameNotUtf8);
        no_host:         "mqtt://me@"         => Err(InvalidEndpoint::NoHost.into());
        topic:           "mqtt://b/t"         => Err(InvalidEndpoint::MoreThanPort.into());
    }
}
