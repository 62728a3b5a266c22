//! What tells Sessions apart.
//!
//! Clauses: [MQTT-3.1.3-6].

use std::fmt;

use crate::packet::ClientId;

/// Whose Session it is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SessionName {
    /// The Client's own identifier.
    Given(ClientId),
    /// A number, for a Client that gave no identifier.
    // [MQTT-3.1.3-6] Unique, and no other Client can come by it: no identifier spells it.
    Assigned(u64),
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(client_id) => write!(f, "{:?}", client_id.as_str()),
            Self::Assigned(number) => write!(f, "(unnamed {number})"),
        }
    }
}
