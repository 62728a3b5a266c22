//! The Client Identifier: the name of a Client, and of its Session.
//!
//! Clauses: [MQTT-3.1.3-4]. Not here: what the Server makes of an empty one.

use std::fmt;

use super::Text;

/// A Client Identifier: the name of a Client, and of its Session. It may be empty.
// [MQTT-3.1.3-4] Text, and nothing else.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(Text);

impl ClientId {
    /// Takes `text`; as long as a UTF-8 encoded string can be.
    pub const fn new(text: Text) -> Self {
        Self(text)
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the Server is to find a name.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// The same identifier, kept in as much memory as it needs and no more.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(self.0.detached())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_it_was_written() {
        let id = ClientId::new(Text::new("caf\u{e9}").unwrap());
        assert_eq!(id.to_string(), "caf\u{e9}");
        assert_eq!(id.detached(), id);
        assert!(!id.is_empty() && ClientId::default().is_empty());
    }
}
