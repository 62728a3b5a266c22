//! What comes before MQTT on a new connection: the handshakes of its transport.
//!
//! They fall under the time that a connection has for its CONNECT, and a stop ends them.

use std::io;
use std::time::Instant;

use thiserror::Error;
use tokio::time::timeout_at;

use super::Common;
use super::listen::Listen;
use super::log;
use super::origin::Origin;
use crate::net::transport::Stream;
#[cfg(feature = "ws")]
use crate::net::transport::websocket;

/// What a listener does with a new connection.
#[derive(Debug)]
pub(super) struct Greeting {
    websocket: Option<String>,
}

/// Why a connection does not get to MQTT.
#[derive(Debug, Error)]
pub(super) enum NotGreeted {
    #[error("its handshakes took too long [U-3.1.4-2]")]
    TooSlow,
    #[cfg(feature = "ws")]
    #[error(transparent)]
    WebSocket(#[from] websocket::Refused),
}

impl Greeting {
    /// What `listen` asks for.
    ///
    /// # Errors
    ///
    /// When this program was built without it.
    pub(super) fn new(listen: &Listen) -> io::Result<Self> {
        let endpoint = &listen.endpoint;
        let missing = [
            ("tls", true, endpoint.tls),
            ("ws", cfg!(not(feature = "ws")), endpoint.websocket.is_some()),
        ];
        for (feature, is_missing, is_wanted) in missing {
            if is_missing && is_wanted {
                let why = format!("{endpoint} needs the feature {feature}, which is not built in");
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
        }
        Ok(Self { websocket: endpoint.websocket.clone() })
    }

    /// Whether MQTT begins with the first octet.
    pub(super) fn is_plain(&self) -> bool {
        self.websocket.is_none()
    }

    /// Goes through all handshakes; `None` when there is nobody to serve after them.
    pub(super) async fn greet(
        &self,
        stream: Stream,
        origin: Origin,
        begin: Instant,
        common: &Common,
    ) -> Option<(Stream, Origin)> {
        let deadline = begin + common.broker.limits().connect_timeout;
        let greeted = tokio::select! {
            () = common.stopping.cancelled() => return None,
            greeted = timeout_at(deadline.into(), self.shake_hands(stream, origin)) => greeted,
        };
        match greeted.unwrap_or(Err(NotGreeted::TooSlow)) {
            Ok(greeted) => Some(greeted),
            Err(error) => {
                log::not_greeted(&origin, &error);
                None
            }
        }
    }

    async fn shake_hands(
        &self,
        stream: Stream,
        origin: Origin,
    ) -> Result<(Stream, Origin), NotGreeted> {
        #[cfg(feature = "ws")]
        let stream = match &self.websocket {
            None => stream,
            Some(path) => Stream::WebSocket(Box::new(websocket::accept(stream, path).await?)),
        };
        Ok((stream, origin))
    }
}
