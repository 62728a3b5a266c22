//! How a client opens a WebSocket: the judge is asked for one, and grants it.

use super::ClientStage;
use crate::finding::Finding;
use crate::peer::{Transport, accept};
use crate::record::Side;

impl ClientStage<'_> {
    /// From now on the client is told to connect over a WebSocket.
    pub const fn over_websocket(&mut self) {
        self.over_websocket = true;
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
        let choose = |request: &crate::websocket::Request| {
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
