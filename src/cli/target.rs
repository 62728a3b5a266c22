//! Where a broker is: `HOST`, `HOST:PORT`, or a URL.

use std::str::FromStr;

/// A broker to connect to, and who to be there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Target {
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: Option<String>,
    pub(super) password: Option<Vec<u8>>,
}

/// The TCP port of MQTT without TLS.
pub(super) const PORT: u16 = 1883;

impl FromStr for Target {
    type Err = String;

    /// Reads `HOST[:PORT]` or `mqtt://[USER[:PASSWORD]@]HOST[:PORT]`.
    ///
    /// User and password may have octets written as `%40`; an IPv6 address needs brackets only
    /// where a port follows it.
    fn from_str(text: &str) -> Result<Self, String> {
        let authority = match text.split_once("://") {
            None => text,
            Some(("mqtt", rest)) => rest.strip_suffix('/').unwrap_or(rest),
            Some((scheme, _)) => {
                return Err(format!("{scheme}:// is not spoken here, only mqtt://"));
            }
        };
        if authority.contains(['/', '?', '#']) {
            return Err("it goes on after the port; a topic is given with -t".to_owned());
        }
        let (user, place) = match authority.rsplit_once('@') {
            None => (None, authority),
            Some((user, place)) => (Some(user), place),
        };
        let (host, port) = host_and_port(place)?;
        let (username, password) = match user.map(|user| user.split_once(':').ok_or(user)) {
            None => (None, None),
            Some(Err(username)) => (Some(decoded(username)?), None),
            Some(Ok((username, password))) => (Some(decoded(username)?), Some(decoded(password)?)),
        };
        let username = username
            .map(String::from_utf8)
            .transpose()
            .map_err(|_| "the user name is not UTF-8 [MQTT-3.1.3-11]".to_owned())?;
        Ok(Self { host: host.to_owned(), port, username, password })
    }
}

fn host_and_port(place: &str) -> Result<(&str, u16), String> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("it has a [ without ]")?;
        match after.strip_prefix(':') {
            None if after.is_empty() => (host, None),
            None => return Err("only a port may follow the ]".to_owned()),
            Some(port) => (host, Some(port)),
        }
    } else {
        match place.split_once(':') {
            None => (place, None),
            Some((_, rest)) if rest.contains(':') => (place, None),
            Some((host, port)) => (host, Some(port)),
        }
    };
    if host.is_empty() {
        return Err("it has no host; it should look like localhost:1883".to_owned());
    }
    let port = match port {
        None => PORT,
        Some(port) => port.parse().map_err(|_| format!("{port:?} is no port"))?,
    };
    Ok((host, port))
}

/// The octets that `text` stands for: `%40` is `@`.
fn decoded(text: &str) -> Result<Vec<u8>, String> {
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
            .ok_or("it has a % without two hexadecimal digits")?;
        octets.push(octet);
        rest = &after[2..];
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! targets {
        ($($name:ident: $text:expr => $verdict:expr;)+) => {$(
            #[test]
            fn $name() {
                let verdict: Result<(&str, u16, Option<&str>, Option<&[u8]>), &str> = $verdict;
                let target = $text.parse::<Target>();
                let seen = target.as_ref().map_err(String::as_str).map(|target| {
                    let username = target.username.as_deref();
                    (target.host.as_str(), target.port, username, target.password.as_deref())
                });
                assert_eq!(seen, verdict);
            }
        )+};
    }

    targets! {
        // what is given => host, port, user name, password; or what is wrong with it
        host:            "broker"             => Ok(("broker", 1883, None, None));
        host_and_port:   "broker:1"           => Ok(("broker", 1, None, None));
        ipv4:            "10.0.0.1:18830"     => Ok(("10.0.0.1", 18830, None, None));
        ipv6:            "::1"                => Ok(("::1", 1883, None, None));
        ipv6_brackets:   "[::1]"              => Ok(("::1", 1883, None, None));
        ipv6_and_port:   "[::1]:1884"         => Ok(("::1", 1884, None, None));
        url:             "mqtt://broker"      => Ok(("broker", 1883, None, None));
        url_with_slash:  "mqtt://broker:7/"   => Ok(("broker", 7, None, None));
        user:            "mqtt://me@broker"   => Ok(("broker", 1883, Some("me"), None));
        empty_password:  "mqtt://me:@b"       => Ok(("b", 1883, Some("me"), Some(b"")));
        password:        "mqtt://me:p:w@b:9"  => Ok(("b", 9, Some("me"), Some(b"p:w")));
        escaped:         "mqtt://a%40b:%ff@c" => Ok(("c", 1883, Some("a@b"), Some(&[0xff])));
        other_scheme:    "mqtts://broker" => Err("mqtts:// is not spoken here, only mqtt://");
        topic:           "mqtt://b/t" => Err("it goes on after the port; a topic is given with -t");
        no_host:         ":1883" => Err("it has no host; it should look like localhost:1883");
        port_too_large:  "b:65536"            => Err(r#""65536" is no port"#);
        port_missing:    "b:"                 => Err(r#""" is no port"#);
        bracket:         "[::1"               => Err("it has a [ without ]");
        after_bracket:   "[::1]1883"          => Err("only a port may follow the ]");
        escape:          "mqtt://a%+1@b" => Err("it has a % without two hexadecimal digits");
        user_no_text:    "mqtt://%ff@b"  => Err("the user name is not UTF-8 [MQTT-3.1.3-11]");
    }
}
