//! New connections: who may have one, and what becomes of it before MQTT begins.
//!
//! Not here: the handshakes themselves (`greeting`), and the connection (`connection`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::crowd::Member;
use super::greeting::{Greeting, Guest};
use super::listener::Listener;
use super::origin::Origin;
use super::{Common, connection, log};
use crate::net::transport::Stream;

/// How long to wait before accepting again when the system has nothing left to accept with.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections for ever.
pub(super) async fn accept(listener: Listener, greeting: Arc<Greeting>, common: Arc<Common>) {
    loop {
        match listener.accept().await {
            Ok((stream, origin)) if common.connections.len() < common.options.max_connections => {
                // Behind a proxy it is not known yet who comes.
                let member = (!greeting.is_behind_proxy()).then(|| common.enter(origin));
                if let Some(None) = member {
                    continue;
                }
                let begin = Instant::now();
                let (connections, common) = (&common.connections, common.clone());
                match member.flatten() {
                    Some(member) if greeting.is_plain() => {
                        let guest = Guest { stream, origin, user_name: None };
                        connections.spawn(connection::serve(guest, begin, common, member));
                    }
                    member => {
                        let greeting = greeting.clone();
                        connections.spawn(serve(stream, origin, begin, member, greeting, common));
                    }
                }
            }
            Ok((_, origin)) => {
                common.counters.turned_away();
                log::too_many_connections(&origin, common.options.max_connections);
            }
            Err(error) => {
                // Out of descriptors, mostly: those who are connected go on, and so does this.
                log::cannot_accept(&error);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves a connection that begins with something else than MQTT.
async fn serve(
    stream: Stream,
    origin: Origin,
    begin: Instant,
    member: Option<Member>,
    greeting: Arc<Greeting>,
    common: Arc<Common>,
) {
    // In a box that goes when MQTT begins: a handshake is large, and short.
    let Some(guest) = Box::pin(greeting.greet(stream, origin, begin, &common)).await else {
        return;
    };
    if let Some(member) = member.or_else(|| common.enter(guest.origin)) {
        connection::serve(guest, begin, common, member).await;
    }
}

impl Common {
    /// Counts another connection from `origin`; `None` when there are too many from there.
    fn enter(&self, origin: Origin) -> Option<Member> {
        let most = self.options.max_connections_per_address;
        let member = self.crowd.enter(origin.into(), most);
        if member.is_none() {
            self.counters.crowded();
            log::too_many_connections_from(&origin, most);
        }
        member
    }
}
