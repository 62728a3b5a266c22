//! User name and password: what a Client proves itself with.
//!
//! Clauses: [MQTT-3.1.2-22]. Not here: whether they are right.

use std::fmt;

use super::{Binary, Text};

/// User name and password.
// [MQTT-3.1.2-22] No password without a user name: there is no place for one.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Credentials {
    /// Who it says it is; may be empty.
    pub user_name: Text,
    /// Any octets.
    pub password: Option<Binary>,
}

impl fmt::Debug for Credentials {
    /// Without the password: it must not get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user_name", &self.user_name)
            .field("password", &self.password.as_ref().map(|_| ".."))
            .finish()
    }
}
