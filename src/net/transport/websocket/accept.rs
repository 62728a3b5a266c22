//! The Server's side of the handshake: an HTTP request, and the answer to it.
//!
//! Clauses: [MQTT-6.0.0-3], [MQTT-6.0.0-4].

use std::io;

use bytes::BytesMut;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tungstenite::error::{Error, ProtocolError};
use tungstenite::handshake::machine::TryParse as _;
use tungstenite::handshake::server::{Request, Response, create_response, write_response};
use tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tungstenite::http::{HeaderValue, StatusCode};

use super::head::{NoHead, read_head};
use super::{Role, SUBPROTOCOL, WebSocket};

/// Why a WebSocket was not opened.
#[derive(Debug, Error)]
pub(in crate::net) enum Refused {
    #[error("the connection was lost in the WebSocket handshake: {0}")]
    Io(#[from] io::Error),
    #[error("no WebSocket handshake: {0}")]
    NoHandshake(String),
    #[error("an HTTP request that asks for no WebSocket")]
    NoUpgrade,
    #[error("a WebSocket that does not offer the sub-protocol mqtt [MQTT-6.0.0-3]")]
    NoSubprotocol,
    #[error("a WebSocket at {0:?}, and here it is at {1:?}")]
    OtherPath(String, String),
}

/// Opens the WebSocket that a client asks for at `path`.
///
/// Whoever asks for something else is told why in the words of HTTP.
pub(in crate::net) async fn accept<S>(mut stream: S, path: &str) -> Result<WebSocket<S>, Refused>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut unread = BytesMut::new();
    let head = match read_head(&mut stream, &mut unread).await {
        Ok(head) => head,
        Err(NoHead::Io(error)) => return Err(error.into()),
        Err(error) => return Err(Refused::NoHandshake(error.to_string())),
    };
    match answer(&head, path) {
        Ok(response) => {
            write(&mut stream, &response, "").await?;
            Ok(WebSocket::new(stream, Role::Server, unread))
        }
        Err(refused) => {
            let (response, body) = refusal(&refused);
            write(&mut stream, &response, &body).await?;
            stream.shutdown().await?;
            Err(refused)
        }
    }
}

fn answer(head: &[u8], path: &str) -> Result<Response, Refused> {
    let no_handshake = |error| match error {
        Error::Protocol(
            ProtocolError::MissingConnectionUpgradeHeader
            | ProtocolError::MissingUpgradeWebSocketHeader,
        ) => Refused::NoUpgrade,
        error => Refused::NoHandshake(error.to_string()),
    };
    let parsed = Request::try_parse(head).map_err(no_handshake)?;
    let (_, request) = parsed.ok_or_else(|| Refused::NoHandshake("no HTTP".to_owned()))?;
    let mut response = create_response(&request).map_err(no_handshake)?;
    if request.uri().path() != path {
        let asked = request.uri().path().escape_default().to_string();
        return Err(Refused::OtherPath(asked, path.to_owned()));
    }
    let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    let mut offers = offers.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    // [MQTT-6.0.0-3] A client that does not offer it has something else in mind.
    if !offers.any(|offer| offer.trim() == SUBPROTOCOL) {
        return Err(Refused::NoSubprotocol);
    }
    // [MQTT-6.0.0-4] Of all that are offered, this one.
    let chosen = HeaderValue::from_static(SUBPROTOCOL);
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, chosen);
    Ok(response)
}

/// The HTTP response to a request that is not served, and its body.
fn refusal(refused: &Refused) -> (Response, String) {
    let mut response = Response::new(());
    *response.status_mut() = match refused {
        Refused::OtherPath(..) => StatusCode::NOT_FOUND,
        Refused::NoUpgrade => StatusCode::UPGRADE_REQUIRED,
        Refused::NoHandshake(_) | Refused::NoSubprotocol | Refused::Io(_) => {
            StatusCode::BAD_REQUEST
        }
    };
    let body = format!("{refused}\n");
    let headers = response.headers_mut();
    headers.insert("Content-Type", HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("Content-Length", body.len().into());
    headers.insert("Connection", HeaderValue::from_static("close"));
    if matches!(refused, Refused::NoUpgrade) {
        headers.insert("Upgrade", HeaderValue::from_static("websocket"));
        headers.insert("Sec-WebSocket-Version", HeaderValue::from_static("13"));
    }
    (response, body)
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    response: &Response,
    body: &str,
) -> Result<(), Refused> {
    let mut octets = Vec::new();
    write_response(&mut octets, response)
        .map_err(|error| Refused::NoHandshake(error.to_string()))?;
    octets.extend_from_slice(body.as_bytes());
    stream.write_all(&octets).await?;
    Ok(stream.flush().await?)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, duplex};

    use super::*;

    const UPGRADE: &str = "Host: broker\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                           Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    /// What a server with `/mqtt` answers to this request, and how it ends for the server.
    async fn answered(request: &str) -> (String, Result<(), String>) {
        let (ours, mut theirs) = duplex(64 * 1024);
        theirs.write_all(request.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let ended = accept(ours, "/mqtt").await.map(drop).map_err(|refused| refused.to_string());
        let mut response = String::new();
        theirs.read_to_string(&mut response).await.unwrap();
        (response, ended)
    }

    fn get(path: &str, headers: &str) -> String {
        format!("GET {path} HTTP/1.1\r\n{UPGRADE}{headers}\r\n")
    }

    #[tokio::test]
    async fn mqtt_is_chosen_from_all_that_is_offered() {
        for offer in [
            "Sec-WebSocket-Protocol: mqtt\r\n",
            "Sec-WebSocket-Protocol: mqttv3.1, mqtt\r\n",
            "sec-websocket-protocol: chat\r\nsec-websocket-protocol:mqtt,chat\r\n",
        ] {
            for path in ["/mqtt", "/mqtt?token=secret"] {
                let (response, ended) = answered(&get(path, offer)).await;
                assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
                assert!(response.contains("sec-websocket-protocol: mqtt\r\n"), "{response}");
                assert!(response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{response}");
                assert_eq!(ended, Ok(()));
            }
        }
    }

    macro_rules! refusals {
        ($($name:ident: $request:expr => $status:expr, $reason:expr;)+) => {$(
            #[tokio::test]
            async fn $name() {
                let (response, ended) = answered(&$request).await;
                let status = response.split(' ').nth(1).unwrap_or_default();
                assert_eq!(status, $status, "{response}");
                let reason = ended.unwrap_err();
                assert!(reason.contains($reason), "{reason}");
                if !status.is_empty() {
                    assert!(response.ends_with(&format!("\r\n\r\n{reason}\n")), "{response}");
                }
            }
        )+};
    }

    refusals! {
        // the request => the status of the response, and what is said
        no_offer:     get("/mqtt", "")                => "400", "[MQTT-6.0.0-3]";
        other_offer:  get("/mqtt", "Sec-WebSocket-Protocol: mqttv3.1\r\n") => "400", "[MQTT-6.0.0-3]";
        other_path:   get("/", "Sec-WebSocket-Protocol: mqtt\r\n") => "404", r#"at "/", and here"#;
        a_browser:    "GET /mqtt HTTP/1.1\r\nHost: broker\r\n\r\n" => "426", "no WebSocket";
        post:         "POST /mqtt HTTP/1.1\r\n\r\n" => "400", "";
        no_http:      "\x10\x0d\x00\x04MQTT\r\n\r\n" => "400", "";
        old_version:  get("/mqtt", "").replace("Version: 13", "Version: 8") => "400", "";
        cut_off:      get("/mqtt", "").trim_end()     => "", "closed within the HTTP head";
        endless:      "x".repeat(20_000)              => "", "more than 16384 octets";
    }
}
