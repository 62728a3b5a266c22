//! What a case opens where the subject speaks WebSocket.

use super::Stage;
use crate::finding::Finding;
use crate::need::NO_WEBSOCKET;
use crate::peer::{Peer, Upgraded};
use crate::record::Side;
use crate::websocket::{Answer, Request};

impl Stage<'_> {
    /// Asks for a WebSocket by the request that `bend` makes of the usual one, which offers
    /// `mqtt`. Gives the answer, and the connection if there is one.
    ///
    /// # Errors
    ///
    /// [`Finding::Unsupported`] when nobody has told where the subject speaks WebSocket,
    /// [`Finding::Inconclusive`] when what comes back is no answer to such a request.
    pub fn upgrade(
        &self,
        name: &str,
        bend: impl FnOnce(Request) -> Request,
    ) -> Result<(Answer, Option<Peer>), Finding> {
        self.record.goes_below();
        let mut asked = None;
        let bend = |request| asked.insert(bend(request)).clone();
        let upgraded = self.subject.upgrade(bend, self.patience.due);
        let upgraded = upgraded.ok_or_else(|| Finding::unsupported(NO_WEBSOCKET))?;
        let Upgraded { answer, transport } = upgraded.map_err(|error| {
            Finding::inconclusive(format!("could not open a WebSocket: {error}"))
        })?;
        if let Some(request) = &asked {
            self.record.event(name, Side::Judge, &request.to_string());
        }
        self.record.event(name, Side::Subject, &answer.to_string());
        Ok((answer, transport.map(|transport| self.peer_on(name, transport))))
    }

    /// Opens a WebSocket that offers `mqtt`, and on which nothing has been sent.
    ///
    /// # Errors
    ///
    /// Those of [`upgrade`](Self::upgrade), and [`Finding::Inconclusive`] when it is refused.
    pub fn websocket(&self, name: &str) -> Result<Peer, Finding> {
        let (answer, peer) = self.upgrade(name, |request| request)?;
        peer.ok_or_else(|| {
            Finding::inconclusive(format!("could not open a WebSocket: the subject {answer}"))
        })
    }

    /// Opens a WebSocket and on it a Session that ends with it.
    ///
    /// # Errors
    ///
    /// Those of [`websocket`](Self::websocket) and of [`client`](Self::client).
    pub fn websocket_client(&self, label: &str) -> Result<Peer, Finding> {
        let peer = self.websocket(label)?;
        self.connect_on(peer, self.clean(label)).map(|(peer, _)| peer)
    }
}
