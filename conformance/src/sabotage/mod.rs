//! Sabotage: a broker, or a client, that breaks one named thing, to show that the judge can tell.
//!
//! A test that cannot fail shows nothing. A [`Sabotage`] is a transparent [`Proxy`] in front of a
//! broker that conforms, which breaks one rule in passing: it forges an answer, swallows a packet,
//! forgets a Session. The [`Matrix`] runs every case behind every sabotage and tells which cases
//! fail: no sabotage may get by, and no case may be one that nothing can fail.
//!
//! The same proxy between the judge and a client that conforms breaks what binds clients: those
//! sabotages are in `client`, and [`of`] tells them apart.
//!
//! A sabotage is one constant in one file, like a case. Its proxy speaks MQTT with the judge's own
//! wire layer, and with nothing passes every octet unchanged.

mod access;
mod acknowledgements;
mod breach;
mod client;
mod client_id;
mod connack;
mod connect;
mod crew;
mod delivery;
mod door;
mod errors;
mod exceptions;
mod exchanges;
mod field;
mod handshake;
mod header;
mod inlet;
mod keep_alive;
mod link;
mod matrix;
mod outlet;
mod packet_id;
mod page;
mod proxy;
mod publish;
mod restart;
mod retain;
mod room;
mod session;
mod side;
mod subscribe;
mod text;
mod topics;
mod unsubscribe;
mod websocket;
mod will;

use mqttspec_spec::StatementId;

pub use breach::{Breach, Event, Fate};
pub use field::Field;
pub use link::Link;
pub use matrix::{Behind, Holes, Matrix};
pub use proxy::Proxy;

use crate::report::Role;

/// One way to break the rules.
#[derive(Clone, Copy, Debug)]
pub struct Sabotage {
    /// Its name for good: a part of the protocol, a slash, what is wrong; words joined by dashes.
    pub name: &'static str,
    /// The statements that it breaks, as the catalogue names them; the first is the one it is for.
    pub breaks: &'static [&'static str],
    /// What it does, in one sentence.
    pub title: &'static str,
    /// Makes what does it, anew for each proxy.
    pub breach: fn() -> Breach,
}

impl Sabotage {
    /// Whether it is about users, and breaks nothing before a broker that has none: it belongs
    /// before a [`Proxy::door`].
    pub fn is_about_users(&self) -> bool {
        self.name.starts_with("access/")
    }

    /// Whether it is about WebSocket, and breaks nothing over TCP.
    pub fn is_about_websocket(&self) -> bool {
        self.name.starts_with("websocket/")
    }

    /// Whether it is for this statement first of all, if `chiefly`, or breaks it at all.
    pub fn is_for(&self, statement: StatementId, chiefly: bool) -> bool {
        let most = if chiefly { 1 } else { self.breaks.len() };
        self.breaks.iter().take(most).any(|id| id.parse() == Ok(statement))
    }

    /// The sabotage of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        all().find(|sabotage| sabotage.name == name)
    }

    /// Whose rules it breaks: those of brokers, or those of clients.
    pub fn role(&self) -> Role {
        let is_of_clients = of(Role::Client).any(|sabotage| sabotage.name == self.name);
        if is_of_clients { Role::Client } else { Role::Broker }
    }
}

/// All of them, those of brokers first, in document order.
pub fn all() -> impl Iterator<Item = &'static Sabotage> {
    of(Role::Broker).chain(of(Role::Client))
}

/// Those that break what binds brokers, or clients, in document order.
pub fn of(role: Role) -> impl Iterator<Item = &'static Sabotage> {
    let files = match role {
        Role::Broker => FILES,
        Role::Client => client::FILES,
    };
    files.iter().flat_map(|sabotages| sabotages.iter())
}

const FILES: &[&[Sabotage]] = &[
    text::SABOTAGES,             // 1.5
    header::SABOTAGES,           // 2.2, 4.2
    packet_id::SABOTAGES,        // 2.3.1
    connect::SABOTAGES,          // 3.1
    client_id::SABOTAGES,        // 3.1.3.1, 3.1.4
    connack::SABOTAGES,          // 3.2
    session::SABOTAGES,          // 3.1.2.4, 4.1
    restart::SABOTAGES,          // 4.1
    will::SABOTAGES,             // 3.1.2.5 to 3.1.2.7
    keep_alive::SABOTAGES,       // 3.1.2.10, 3.12, 3.14
    access::SABOTAGES,           // 3.1.4, 3.3.5, 3.8.4
    publish::SABOTAGES,          // 3.3
    exchanges::SABOTAGES,        // 4.3
    delivery::SABOTAGES,         // 4.4 to 4.6
    retain::SABOTAGES,           // 3.3.1.3
    acknowledgements::SABOTAGES, // 3.4 to 3.7
    subscribe::SABOTAGES,        // 3.8, 3.9
    unsubscribe::SABOTAGES,      // 3.10, 3.11
    topics::SABOTAGES,           // 4.7
    errors::SABOTAGES,           // 4.8
    websocket::SABOTAGES,        // 6
];

#[cfg(test)]
mod tests;
