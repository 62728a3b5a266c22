//! What comes before MQTT on a new connection: the handshakes of its transport.
//!
//! They fall under the time that a connection has for its CONNECT, and a stop ends them.

use std::io;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Instant;

use thiserror::Error;
use tokio::time::timeout_at;

use super::Common;
use super::listen::Listen;
use super::log;
use super::origin::Origin;
use super::proxy;
use crate::net::transport::Stream;
#[cfg(feature = "tls")]
use crate::net::transport::tls;
#[cfg(feature = "ws")]
use crate::net::transport::websocket;
use crate::packet::Text;

/// What a listener does with a new connection.
#[derive(Debug)]
pub(super) struct Greeting {
    proxy: bool,
    #[cfg(feature = "tls")]
    tls: Option<Arc<tls::Acceptor>>,
    #[cfg(feature = "ws")]
    websocket: Option<String>,
}

/// A connection on which MQTT may begin.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) stream: Stream,
    pub(super) origin: Origin,
    /// Who it is, when its certificate has proved it.
    pub(super) user_name: Option<Text>,
}

/// Why a connection does not get to MQTT.
#[derive(Debug, Error)]
pub(super) enum NotGreeted {
    #[error(transparent)]
    Proxy(#[from] proxy::NotProxied),
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] tls::NotAccepted),
    #[error("its handshakes took too long [U-3.1.4-2]")]
    TooSlow,
    #[cfg(feature = "ws")]
    #[error(transparent)]
    WebSocket(#[from] websocket::Refused),
}

impl NotGreeted {
    /// The statement that is broken, if one of the standard is.
    pub(super) fn statement(&self) -> Option<&'static str> {
        match self {
            Self::TooSlow => Some("U-3.1.4-2"),
            #[cfg(feature = "ws")]
            Self::WebSocket(websocket::Refused::NoSubprotocol) => Some("MQTT-6.0.0-3"),
            _ => None,
        }
    }
}

impl Greeting {
    /// What `listen` asks for.
    ///
    /// # Errors
    ///
    /// When this program was built without it, or there is no certificate to show.
    pub(super) fn new(
        listen: &Listen,
        #[cfg(feature = "tls")] tls: Option<&Arc<tls::Acceptor>>,
    ) -> io::Result<Self> {
        let endpoint = &listen.endpoint;
        for (feature, is_built, is_wanted) in [
            ("tls", cfg!(feature = "tls"), endpoint.tls),
            ("ws", cfg!(feature = "ws"), endpoint.websocket.is_some()),
        ] {
            if is_wanted && !is_built {
                let why = format!("{endpoint} needs the feature {feature}, which is not built in");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        }
        #[cfg(feature = "tls")]
        let tls = match (endpoint.tls, tls) {
            (false, _) => None,
            (true, Some(tls)) => Some(tls.clone()),
            (true, None) => {
                let why = format!("{endpoint} needs a certificate, and none is given");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
        };
        Ok(Self {
            proxy: listen.proxy,
            #[cfg(feature = "tls")]
            tls,
            #[cfg(feature = "ws")]
            websocket: endpoint.websocket.clone(),
        })
    }

    /// Whether MQTT begins with the first octet.
    pub(super) fn is_plain(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return false;
        }
        #[cfg(feature = "ws")]
        if self.websocket.is_some() {
            return false;
        }
        !self.proxy
    }

    /// Whether a proxy says who comes.
    pub(super) fn is_behind_proxy(&self) -> bool {
        self.proxy
    }

    /// Goes through all handshakes; `None` when there is nobody to serve after them.
    pub(super) async fn greet(
        &self,
        stream: Stream,
        origin: Origin,
        begin: Instant,
        common: &Common,
    ) -> Option<Guest> {
        let deadline = begin + common.broker.limits().connect_timeout;
        let greeted = tokio::select! {
            () = common.stopping.cancelled() => return None,
            greeted = timeout_at(deadline.into(), self.shake_hands(stream, origin)) => greeted,
        };
        match greeted.unwrap_or(Err(NotGreeted::TooSlow)) {
            Ok(guest) => {
                log::greeted(&guest);
                Some(guest)
            }
            Err(error) => {
                log::not_greeted(&origin, &error);
                common.counters.not_greeted();
                if let Some(statement) = error.statement() {
                    let who = log::Who { name: None, origin };
                    common.counters.violations.add(statement, &who, &error);
                }
                None
            }
        }
    }

    async fn shake_hands(
        &self,
        mut stream: Stream,
        mut origin: Origin,
    ) -> Result<Guest, NotGreeted> {
        if self.proxy {
            origin = proxy::read(&mut stream, origin).await?;
        }
        let guest = Guest { stream, origin, user_name: None };
        #[cfg(feature = "tls")]
        let guest = match &self.tls {
            None => guest,
            Some(tls) => {
                let (stream, name) = tls.accept(guest.stream).await?;
                let user_name = name.map(|name| Text::new(name).ok_or(tls::NotAccepted::NoName));
                let user_name = user_name.transpose()?;
                Guest { stream: Stream::Tls(Box::new(stream)), user_name, ..guest }
            }
        };
        #[cfg(feature = "ws")]
        let guest = match &self.websocket {
            None => guest,
            Some(path) => {
                let socket = websocket::accept(guest.stream, path).await?;
                Guest { stream: Stream::WebSocket(Box::new(socket)), ..guest }
            }
        };
        Ok(guest)
    }
}
