//! What a client may lack without being at fault, or its driver without a way to ask for it.

use serde::{Deserialize, Serialize};

/// What a case cannot do without, and a driver may lack.
///
/// The standard obliges nobody to publish, to subscribe or to keep a Session: a client that does
/// one thing well conforms. What it lacks makes a case unsupported, never failed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ability {
    /// Choose the Client Identifier.
    ClientId,
    /// Have the client identify itself by user name and password.
    Credentials,
    /// Send DISCONNECT when told to.
    Disconnect,
    /// Tell of each event as it happens, not only of the messages.
    Events,
    /// Choose the Keep Alive.
    KeepAlive,
    /// Ask for several Topic Filters in one packet.
    ManyFilters,
    /// Publish.
    Publish,
    /// Publish and receive at QoS 2.
    #[serde(rename = "qos-2")]
    Qos2,
    /// Publish with RETAIN.
    Retain,
    /// Do more than one thing on a connection.
    Sequence,
    /// Keep a Session, and connect again to go on with it.
    Sessions,
    /// Subscribe.
    Subscribe,
    /// Unsubscribe.
    Unsubscribe,
    /// Open a WebSocket.
    #[serde(rename = "websocket")]
    WebSocket,
    /// Leave a Will.
    Will,
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ClientId,
        Self::Credentials,
        Self::Disconnect,
        Self::Events,
        Self::KeepAlive,
        Self::ManyFilters,
        Self::Publish,
        Self::Qos2,
        Self::Retain,
        Self::Sequence,
        Self::Sessions,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::WebSocket,
        Self::Will,
    ];

    /// The name in reports and in what a driver says of itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientId => "client-id",
            Self::Credentials => "credentials",
            Self::Disconnect => "disconnect",
            Self::Events => "events",
            Self::KeepAlive => "keep-alive",
            Self::ManyFilters => "many-filters",
            Self::Publish => "publish",
            Self::Qos2 => "qos-2",
            Self::Retain => "retain",
            Self::Sequence => "sequence",
            Self::Sessions => "sessions",
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::WebSocket => "websocket",
            Self::Will => "will",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_says_the_names_that_reports_print() {
        for ability in Ability::ALL {
            let name = serde_json::to_value(ability).unwrap();
            assert_eq!(name, ability.name());
        }
    }
}
