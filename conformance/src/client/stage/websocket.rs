//! How a client opens a WebSocket: the judge is asked for one, and grants it.

use std::net::{Ipv4Addr, SocketAddr};

use super::{ClientStage, HOST, no_port};
use crate::finding::Finding;
use crate::peer::{Transport, accept};
use crate::record::Side;
use crate::subject::Target;
use crate::websocket::Request;

/// How a client is told to open WebSockets.
#[derive(Debug)]
pub(super) struct Websocket {
    /// The path that it is to ask for, perhaps with a query.
    pub(super) path: String,
    /// Where a proxy grants them in place of the judge, if one stands there.
    pub(super) proxy: Option<SocketAddr>,
}

impl ClientStage<'_> {
    /// From now on the client is told to connect over a WebSocket.
    ///
    /// # Errors
    ///
    /// [`Finding::Error`] when the proxy in between finds no port for it.
    pub fn over_websocket(&mut self) -> Result<(), Finding> {
        self.over_websocket_at(PATH)
    }

    /// The same under this path, which begins with a slash and may have a query.
    ///
    /// # Errors
    ///
    /// Those of [`over_websocket`](Self::over_websocket).
    pub fn over_websocket_at(&mut self, path: &str) -> Result<(), Finding> {
        let proxy = self.proxy.as_ref().map(|proxy| {
            let port = self.listener.local_addr()?.port();
            let judge = Target::websocket(HOST, port, path);
            proxy.also(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), judge)
        });
        let proxy = proxy.transpose().map_err(|error| no_port(&error))?;
        self.websocket = Some(Websocket { path: path.to_owned(), proxy });
        Ok(())
    }

    /// What the client has asked for by the last one: a path, perhaps with a query.
    pub fn asked_path(&self) -> Option<&str> {
        self.request.as_ref().map(|request| request.path.as_str())
    }

    /// The subprotocols that it has offered for the last one.
    pub fn offers(&self) -> Vec<String> {
        self.request
            .iter()
            .flat_map(|request| request.offers())
            .filter(|offer| !offer.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Grants the WebSocket that a client asks for on a connection of its own.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when it does not ask for one.
    pub(super) fn shake_hands(
        &mut self,
        name: &str,
        below: Box<dyn Transport>,
    ) -> Result<Box<dyn Transport>, Finding> {
        // [MQTT-6.0.0-4] and no other: who offers none gets none.
        let choose = |request: &Request| {
            request.offers().any(|offer| offer == SUBPROTOCOL).then_some(SUBPROTOCOL)
        };
        let (request, websocket) = accept(below, self.options.patience, choose)
            .map_err(|error| Finding::inconclusive(format!("no WebSocket was opened: {error}")))?;
        self.request = Some(request);
        let offers = self.offers().join(", ");
        self.record.event(name, Side::Subject, &format!("asks for a WebSocket: {offers}"));
        Ok(websocket)
    }
}

/// What the judge serves MQTT under.
pub(super) const PATH: &str = "/mqtt";

/// The one that MQTT has.
const SUBPROTOCOL: &str = "mqtt";
