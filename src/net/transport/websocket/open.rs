//! The Client's side of the handshake: an HTTP request, and what the answer has to be.
//!
//! Clauses: [MQTT-6.0.0-3].

use std::io::{self, Read, Write};

use bytes::BytesMut;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tungstenite::error::{ProtocolError, SubProtocolError};
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::client::{ClientHandshake, Request, generate_key};

use super::head::{NoHead, read_head};
use super::{Role, SUBPROTOCOL, WebSocket};

/// Why a WebSocket was not opened.
#[derive(Debug, Error)]
pub(in crate::net) enum NotOpened {
    #[error("{0}")]
    Handshake(tungstenite::Error),
    #[error(transparent)]
    Head(#[from] NoHead),
    #[error("the connection was lost in the handshake: {0}")]
    Io(#[from] io::Error),
    #[error("the Server does not choose the sub-protocol mqtt [MQTT-6.0.0-4]")]
    NoSubprotocol,
    #[error("the Server answers {0} instead of opening one")]
    Status(String),
}

/// Opens a WebSocket at `path` of the Server that is called `authority`.
pub(in crate::net) async fn open<S>(
    mut stream: S,
    authority: &str,
    path: &str,
) -> Result<WebSocket<S>, NotOpened>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The handshake is tungstenite's, on a stream in memory: octets go to and fro here.
    let request = request(authority, path)?;
    let started = ClientHandshake::start(Memory::default(), request, None);
    let mut shaking = match started.map_err(not_opened)?.handshake() {
        Err(HandshakeError::Interrupted(shaking)) => shaking,
        Err(HandshakeError::Failure(error)) => return Err(not_opened(error)),
        Ok(_) => return Err(NotOpened::NoSubprotocol),
    };
    stream.write_all(&std::mem::take(&mut shaking.get_mut().get_mut().written)).await?;
    stream.flush().await?;
    let mut unread = BytesMut::new();
    shaking.get_mut().get_mut().to_read = read_head(&mut stream, &mut unread).await?;
    match shaking.handshake() {
        Ok(_) => Ok(WebSocket::new(stream, Role::Client, unread)),
        Err(HandshakeError::Failure(error)) => Err(not_opened(error)),
        Err(HandshakeError::Interrupted(_)) => Err(NoHead::Closed.into()),
    }
}

fn request(authority: &str, path: &str) -> Result<Request, NotOpened> {
    let request = Request::builder()
        .uri(format!("ws://{authority}{path}"))
        .header("Host", authority)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key())
        // [MQTT-6.0.0-3] The one sub-protocol that is spoken here.
        .header("Sec-WebSocket-Protocol", SUBPROTOCOL)
        .body(());
    request.map_err(|error| NotOpened::Handshake(error.into()))
}

fn not_opened(error: tungstenite::Error) -> NotOpened {
    use tungstenite::Error;
    match error {
        // [MQTT-6.0.0-4] Whoever answers by another, or none, speaks something else.
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
            SubProtocolError::NoSubProtocol | SubProtocolError::InvalidSubProtocol,
        )) => NotOpened::NoSubprotocol,
        Error::Http(response) => NotOpened::Status(response.status().to_string()),
        error => NotOpened::Handshake(error),
    }
}

/// A stream in memory, of which somebody else has the other end.
#[derive(Debug, Default)]
struct Memory {
    to_read: BytesMut,
    written: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.to_read.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(self.to_read.len());
        buffer[..count].copy_from_slice(&self.to_read.split_to(count));
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, duplex};

    use super::super::accept::accept;
    use super::*;

    #[tokio::test]
    async fn client_and_server_understand_each_other() {
        let (ours, theirs) = duplex(64 * 1024);
        let (opened, accepted) =
            tokio::join!(open(ours, "[::1]:80", "/a?b=c"), accept(theirs, "/a"));
        let (mut client, mut server) = (opened.unwrap(), accepted.unwrap());
        client.write_all(b"there").await.unwrap();
        client.flush().await.unwrap();
        let mut octets = [0; 5];
        server.read_exact(&mut octets).await.unwrap();
        assert_eq!(&octets, b"there");
    }

    /// What is said of a Server that answers so.
    async fn refused(answer: &str) -> String {
        let (ours, mut theirs) = duplex(64 * 1024);
        theirs.write_all(answer.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        open(ours, "broker", "/mqtt").await.map(drop).unwrap_err().to_string()
    }

    #[tokio::test]
    async fn other_answers_open_nothing() {
        let not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(
            refused(not_found).await,
            "the Server answers 404 Not Found instead of opening one"
        );
        assert!(refused("\x20\x02\x00\x05").await.contains("closed within the HTTP head"));
        assert!(refused("SSH-2.0-OpenSSH_9.6\r\n\r\n").await.contains("HTTP"));
        let another_key = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                           Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";
        assert!(refused(another_key).await.contains("Sec-WebSocket-Accept"));
    }

    #[tokio::test]
    async fn a_server_that_does_not_choose_mqtt_is_left() {
        for chosen in ["", "Sec-WebSocket-Protocol: mqttv3.1\r\n"] {
            let (ours, mut theirs) = duplex(64 * 1024);
            let answering = async {
                let mut unread = BytesMut::new();
                let head = read_head(&mut theirs, &mut unread).await.unwrap();
                let head = String::from_utf8(head.to_vec()).unwrap();
                assert!(head.contains("\r\nSec-WebSocket-Protocol: mqtt\r\n"), "{head}");
                let (_, key) = head.split_once("Sec-WebSocket-Key: ").unwrap();
                let key = key.split_once("\r\n").unwrap().0;
                let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n{chosen}\r\n"
                );
                theirs.write_all(answer.as_bytes()).await.unwrap();
            };
            let (opened, ()) = tokio::join!(open(ours, "broker", "/mqtt"), answering);
            assert!(matches!(opened, Err(NotOpened::NoSubprotocol)));
        }
    }
}
