//! How a WebSocket is opened through the proxy: the request goes on under the name of the broker,
//! and the answer comes back as it is, unless the sabotage has another.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::subject::Target;
use crate::websocket::{Answer, InvalidUpgrade, Request};

/// A request for a WebSocket, and what the Server says to it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) request: Request,
    pub(super) answer: Answer,
    /// The answer as it came, with its body if it refuses.
    pub(super) octets: Vec<u8>,
    /// What came behind the request.
    pub(super) from_client: Vec<u8>,
    /// What came behind an answer that opens.
    pub(super) from_server: Vec<u8>,
}

/// Asks the Server for what the Client asks for, in the octets that `put` makes of that.
///
/// # Errors
///
/// Those of both connections, and [`io::ErrorKind::InvalidData`] for what is no request for a
/// WebSocket, or no answer to one.
pub(super) fn open(
    client: &TcpStream,
    mut server: &TcpStream,
    upstream: &Target,
    put: impl FnOnce(&Request) -> Vec<u8>,
) -> io::Result<Opened> {
    let (request, mut from_client, length) = read(client, Request::read)?;
    let from_client = from_client.split_off(length);
    let (host, port) = upstream.network().ok_or(io::ErrorKind::AddrNotAvailable)?;
    // With the same key: whoever answers it has understood it.
    let asked = Request { host: format!("{host}:{port}"), ..request.clone() };
    server.write_all(&put(&asked))?;
    let (answer, mut octets, length) = read(server, |octets| Answer::read(&request, octets))?;
    let from_server = if answer.is_open() { octets.split_off(length) } else { Vec::new() };
    Ok(Opened { request, answer, octets, from_client, from_server })
}

/// Reads until `parse` has found what it looks for: that, all octets, and how many of them it has.
fn read<T>(
    mut stream: &TcpStream,
    parse: impl Fn(&[u8]) -> Result<Option<(T, usize)>, InvalidUpgrade>,
) -> io::Result<(T, Vec<u8>, usize)> {
    stream.set_read_timeout(Some(WAIT))?;
    let (mut octets, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => octets.extend_from_slice(&buffer[..length]),
        }
        let parsed =
            parse(&octets).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if let Some((parsed, length)) = parsed {
            stream.set_read_timeout(None)?;
            return Ok((parsed, octets, length));
        }
    }
}

/// How long either end may take for its part.
const WAIT: Duration = Duration::from_secs(10);
