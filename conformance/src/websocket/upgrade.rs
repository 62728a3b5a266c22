//! The HTTP request that opens a WebSocket, and its answer: RFC 6455, sections 4.1 and 4.2.

use std::fmt::{self, Write as _};
use std::hash::{BuildHasher as _, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// A request to open a WebSocket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// `HOST:PORT`.
    pub host: String,
    /// What is asked for: a path, and perhaps a query.
    pub path: String,
    /// The subprotocols on offer, in order of preference: each text a header of its own, in which
    /// commas may part several.
    pub protocols: Vec<String>,
    /// Sixteen octets in base 64, which no other request has.
    pub key: String,
}

/// What a Server says to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status code of HTTP: 101 when the WebSocket is open, `None` when the Server has closed
    /// without a word.
    pub status: Option<u16>,
    /// The subprotocol that was selected.
    pub protocol: Option<String>,
    /// What shows that the Server has understood the key.
    pub accept: Option<String>,
}

/// What is no request for a WebSocket, or no answer to one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUpgrade {
    /// It does not show that the other side knows what a WebSocket is: a header is missing or
    /// says something else.
    #[error("{0} is missing, or says something else than it should")]
    Header(&'static str),
    /// It is no HTTP.
    #[error("no HTTP: {0}")]
    NotHttp(#[from] httparse::Error),
    /// Its head is longer than 16 kibibytes.
    #[error("more than 16 KiB of headers")]
    TooLong,
}

impl Request {
    /// A request for `path` of `host` that offers `mqtt`.
    pub fn new(host: impl Into<String>, path: impl Into<String>) -> Self {
        let random = || RandomState::new().hash_one(()).to_ne_bytes();
        let key = STANDARD.encode([random(), random()].concat());
        // [MQTT-6.0.0-3] Whoever speaks MQTT says so.
        Self { host: host.into(), path: path.into(), protocols: vec!["mqtt".to_owned()], key }
    }

    /// The same with other subprotocols on offer.
    #[must_use]
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        self.protocols = protocols.iter().map(|&protocol| protocol.to_owned()).collect();
        self
    }

    /// As it goes over the wire.
    pub fn octets(&self) -> Vec<u8> {
        let Self { host, path, protocols, key } = self;
        let mut text = format!(
            "GET {path} HTTP/1.1\r\n\
             Host: {host}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Version: 13\r\n"
        );
        for protocol in protocols {
            // Writing to a text does not fail.
            let _ = write!(text, "Sec-WebSocket-Protocol: {protocol}\r\n");
        }
        (text + "\r\n").into_bytes()
    }

    /// Reads a request, and gives the number of its octets; `None` while its end has not come.
    ///
    /// # Errors
    ///
    /// [`InvalidUpgrade`] when it asks for no WebSocket.
    pub fn read(octets: &[u8]) -> Result<Option<(Self, usize)>, InvalidUpgrade> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(octets)? else {
            return unfinished(octets);
        };
        must_say(request.headers, "Upgrade", "websocket")?;
        must_say(request.headers, "Connection", "upgrade")?;
        must_say(request.headers, "Sec-WebSocket-Version", "13")?;
        let all = |name| values(request.headers, name).map(str::to_owned);
        let read = Self {
            host: all("Host").next().unwrap_or_default(),
            path: request.path.unwrap_or_default().to_owned(),
            protocols: all("Sec-WebSocket-Protocol").collect(),
            key: all(KEY).next().ok_or(InvalidUpgrade::Header(KEY))?,
        };
        Ok(Some((read, length)))
    }

    /// The names of the subprotocols on offer, in order of preference.
    pub fn offers(&self) -> impl Iterator<Item = &str> {
        self.protocols.iter().flat_map(|line| line.split(',')).map(str::trim)
    }

    /// The answer that opens the WebSocket and selects this subprotocol.
    pub fn accepted(&self, protocol: Option<&str>) -> Answer {
        let accept = Some(accept(&self.key));
        Answer { status: Some(101), protocol: protocol.map(str::to_owned), accept }
    }
}

impl Answer {
    /// Reads an answer to `request`, and gives the number of its octets; `None` while its end has
    /// not come. One that refuses may have a body, which is not looked at.
    ///
    /// # Errors
    ///
    /// [`InvalidUpgrade`] when it claims to open the WebSocket and does not show that it can.
    pub fn read(request: &Request, octets: &[u8]) -> Result<Option<(Self, usize)>, InvalidUpgrade> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = response.parse(octets)? else {
            return unfinished(octets);
        };
        let first = |name| values(response.headers, name).next().map(str::to_owned);
        let answer = Self {
            status: response.code,
            protocol: first("Sec-WebSocket-Protocol"),
            accept: first(ACCEPT),
        };
        if answer.is_open() {
            must_say(response.headers, "Upgrade", "websocket")?;
            must_say(response.headers, "Connection", "upgrade")?;
            if answer.accept != Some(accept(&request.key)) {
                return Err(InvalidUpgrade::Header(ACCEPT));
            }
        }
        Ok(Some((answer, length)))
    }

    /// No answer at all: the Server has closed.
    pub const fn none() -> Self {
        Self { status: None, protocol: None, accept: None }
    }

    /// Whether the WebSocket is open.
    pub const fn is_open(&self) -> bool {
        matches!(self.status, Some(101))
    }

    /// As it goes over the wire.
    pub fn octets(&self) -> Vec<u8> {
        let mut text = "HTTP/1.1 101 Switching Protocols\r\n\
                        Upgrade: websocket\r\n\
                        Connection: Upgrade\r\n"
            .to_owned();
        for (name, value) in [(ACCEPT, &self.accept), ("Sec-WebSocket-Protocol", &self.protocol)] {
            if let Some(value) = value {
                let _ = write!(text, "{name}: {value}\r\n");
            }
        }
        (text + "\r\n").into_bytes()
    }
}

impl fmt::Display for Request {
    /// Path and offer on one line, for a transcript.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asks for a WebSocket at {}", self.path)?;
        match &self.protocols[..] {
            [] => f.write_str(" and offers no subprotocol"),
            offers => write!(f, " and offers {}", offers.join(", and in a header of its own ")),
        }
    }
}

impl fmt::Display for Answer {
    /// Status and choice on one line, for a transcript.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "answers with status {status}")?,
            None => f.write_str("closes without an answer")?,
        }
        match (&self.protocol, self.is_open()) {
            (Some(protocol), _) => write!(f, " and selects {protocol}"),
            (None, true) => f.write_str(" and selects no subprotocol"),
            (None, false) => Ok(()),
        }
    }
}

/// What shows that a Server has seen this key: RFC 6455, section 1.3.
fn accept(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(MAGIC).finalize();
    STANDARD.encode(digest)
}

fn unfinished<T>(octets: &[u8]) -> Result<Option<T>, InvalidUpgrade> {
    if octets.len() > MOST_OCTETS { Err(InvalidUpgrade::TooLong) } else { Ok(None) }
}

/// All values of a header, whose name knows no capitals.
fn values<'h>(headers: &'h [httparse::Header<'_>], name: &str) -> impl Iterator<Item = &'h str> {
    let named = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.filter_map(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
}

/// Checks that a header says this word, perhaps among others.
fn must_say(
    headers: &[httparse::Header<'_>],
    name: &'static str,
    word: &str,
) -> Result<(), InvalidUpgrade> {
    let mut words = values(headers, name).flat_map(|value| value.split(',')).map(str::trim);
    match words.any(|said| said.eq_ignore_ascii_case(word)) {
        true => Ok(()),
        false => Err(InvalidUpgrade::Header(name)),
    }
}

const KEY: &str = "Sec-WebSocket-Key";
const ACCEPT: &str = "Sec-WebSocket-Accept";

/// What RFC 6455 appends to every key.
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// More than any Server sends in such an answer.
const MOST_HEADERS: usize = 64;
const MOST_OCTETS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        // The key of the example in RFC 6455.
        Request { key: "dGhlIHNhbXBsZSBub25jZQ==".to_owned(), ..Request::new("broker:80", "/mqtt") }
    }

    #[test]
    fn the_example_of_the_rfc_holds() {
        let answer = request().accepted(Some("mqtt"));
        assert_eq!(answer.accept.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn requests_and_answers_are_read_as_they_are_written() {
        let request = request().offering(&["chat, mqtt", "other"]);
        assert_eq!(request.offers().collect::<Vec<_>>(), ["chat", "mqtt", "other"]);
        let octets = [request.octets(), vec![0x82, 0]].concat();
        let head = octets.len() - 2;
        assert_eq!(Request::read(&octets), Ok(Some((request.clone(), head))));
        assert_eq!(Request::read(&octets[..head - 1]), Ok(None));

        for answer in [request.accepted(Some("mqtt")), request.accepted(None)] {
            let octets = answer.octets();
            let length = octets.len();
            assert_eq!(Answer::read(&request, &octets), Ok(Some((answer, length))));
            assert_eq!(Answer::read(&request, &octets[..length - 1]), Ok(None));
        }
    }

    #[test]
    fn a_refusal_is_an_answer() {
        let octets = b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx";
        let (answer, length) = Answer::read(&request(), octets).unwrap().unwrap();
        assert_eq!((answer.status, answer.is_open(), length), (Some(404), false, octets.len() - 1));
    }

    #[test]
    fn an_answer_must_show_that_it_knows_the_key() {
        let other = Request::new("broker", "/").accepted(None).octets();
        let fault = InvalidUpgrade::Header("Sec-WebSocket-Accept");
        assert_eq!(Answer::read(&request(), &other), Err(fault));
        let bare = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        assert_eq!(Answer::read(&request(), bare), Err(InvalidUpgrade::Header("Upgrade")));
    }

    #[test]
    fn what_is_no_http_is_told() {
        let connack = [0x20, 2, 0, 0];
        assert!(matches!(Answer::read(&request(), &connack), Err(InvalidUpgrade::NotHttp(_))));
        let endless = [b"HTTP/1.1 101 x\r\nA: ".as_slice(), &[b'a'; MOST_OCTETS]].concat();
        assert_eq!(Answer::read(&request(), &endless), Err(InvalidUpgrade::TooLong));
        let plain = b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n";
        assert_eq!(Request::read(plain), Err(InvalidUpgrade::Header("Upgrade")));
    }
}
