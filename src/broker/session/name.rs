//! What tells Sessions apart.
//!
//! Clauses: [MQTT-3.1.3-6].

use std::fmt;
use std::sync::Arc;

use crate::packet::ClientId;

/// Whose Session it is. Cheap to clone: whoever knows a Client by its name shares it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionName(Name);

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Name {
    /// The Client's own identifier.
    Given(Arc<str>),
    /// A number, for a Client that gave no identifier.
    // [MQTT-3.1.3-6] Unique, and no other Client can come by it: no identifier spells it.
    Assigned(u64),
}

impl SessionName {
    /// The Client's own identifier, copied.
    pub fn given(client_id: &ClientId) -> Self {
        Self(Name::Given(client_id.as_str().into()))
    }

    /// A number that no other Client has, for one that gave no identifier.
    pub const fn assigned(number: u64) -> Self {
        Self(Name::Assigned(number))
    }

    /// The Client's own identifier, if it gave one.
    pub fn client_id(&self) -> Option<&str> {
        match &self.0 {
            Name::Given(client_id) => Some(client_id),
            Name::Assigned(_) => None,
        }
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Name::Given(client_id) => write!(f, "{client_id:?}"),
            Name::Assigned(number) => write!(f, "(unnamed {number})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Text;

    #[test]
    fn a_number_is_no_identifier_that_spells_it() {
        // MQTT-3.1.3-6
        let given = SessionName::given(&ClientId::new(Text::new("7").unwrap()));
        let assigned = SessionName::assigned(7);
        assert_ne!(given, assigned);
        assert_eq!((given.client_id(), assigned.client_id()), (Some("7"), None));
        assert_eq!((&*given.to_string(), &*assigned.to_string()), ("\"7\"", "(unnamed 7)"));
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn it_takes_little_wherever_it_stands() {
        assert_eq!(size_of::<SessionName>(), 16);
    }
}
