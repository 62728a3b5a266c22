//! The Topic Name: the label of an Application Message.
//!
//! Clauses: [MQTT-4.7.1-1], [MQTT-4.7.3-1], [MQTT-4.7.3-2], [MQTT-4.7.3-3].

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::{InvalidTopic, InvalidTopicKind, SEPARATOR, check, scan};

/// A Topic Name: 1 to 65,535 octets of UTF-8 without U+0000, `+` and `#`.
///
/// Cheap to clone: the text is shared, often with the packet that it came in.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicName(ByteString);

impl TopicName {
    /// Takes `text` as a Topic Name.
    ///
    /// # Errors
    ///
    /// [`InvalidTopic`] when it is empty, longer than 65,535 octets, or holds U+0000 or a wildcard.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::topic::TopicName;
    ///
    /// assert!(TopicName::new("sport/tennis/player1").is_ok());
    /// assert!(TopicName::new("/").is_ok());
    /// assert_eq!(TopicName::new("sport/+").unwrap_err().kind.statement(), "MQTT-4.7.1-1");
    /// assert_eq!(TopicName::new("").unwrap_err().kind.statement(), "MQTT-4.7.3-1");
    /// ```
    pub fn new(text: impl Into<ByteString>) -> Result<Self, InvalidTopic> {
        let text = text.into();
        Self::check(text.as_bytes())?;
        Ok(Self(text))
    }

    /// Takes text that was checked where it was read.
    #[inline]
    pub(crate) fn checked(text: ByteString) -> Self {
        debug_assert!(Self::check(text.as_bytes()).is_ok());
        Self(text)
    }

    /// Whether `octets` are a Topic Name of nothing but ASCII, as nearly all are: one question in
    /// place of two.
    #[inline]
    pub(crate) fn is_plain(octets: &[u8]) -> bool {
        check::length(octets).is_ok()
            && !scan::any(octets, |octet| check::is_special(octet) | !octet.is_ascii())
    }

    /// Whether `octets`, if they are UTF-8, are a Topic Name.
    #[inline]
    pub(crate) fn check(octets: &[u8]) -> Result<(), InvalidTopic> {
        check::length(octets)?;
        // Nearly every name passes, so whether is asked before where.
        if !scan::any(octets, check::is_special) {
            return Ok(());
        }
        // [MQTT-4.7.1-1] Wildcards belong to Topic Filters.
        check::characters(octets, |_| Some(InvalidTopicKind::WildcardInName))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its levels: one more than it has separators, any of them may be empty.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split(char::from(SEPARATOR))
    }

    /// The same name, kept in as much memory as it needs and no more.
    ///
    /// What is read from a connection is a slice of the buffer it came in, and keeps all of it.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(ByteString::from(self.as_str()))
    }

    /// The same name in `octets`, which are a copy of it.
    pub(crate) fn moved_to(&self, octets: Bytes) -> Self {
        debug_assert_eq!(octets, self.as_str());
        ByteString::try_from(octets).map_or_else(|_| self.detached(), Self)
    }

    /// Whether it begins with `$`: wildcards at the start of a filter then pass it by.
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with('$')
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for TopicName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<&str> for TopicName {
    type Error = InvalidTopic;

    fn try_from(text: &str) -> Result<Self, InvalidTopic> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! names {
        ($($name:ident: $text:expr => $verdict:expr;)+) => {$(
            #[test]
            fn $name() {
                let verdict: Result<(), (&str, usize)> = $verdict;
                let seen = TopicName::new($text).map(drop);
                assert_eq!(seen.map_err(|e| (e.kind.statement(), e.offset)), verdict);
            }
        )+};
    }

    names! {
        // Topic Name => accepted, or the statement and the octet
        usual:           "sport/tennis"   => Ok(());
        one_character:   "a"              => Ok(());
        only_separator:  "/"              => Ok(());
        empty_levels:    "a//b/"          => Ok(());
        space:           "a topic"        => Ok(());
        reserved:        "$SYS/broker"    => Ok(());
        byte_order_mark: "\u{feff}a"      => Ok(());
        beyond_the_bmp:  "\u{10ffff}/é"   => Ok(());
        longest:         "a".repeat(65_535) => Ok(());
        empty:           ""               => Err(("MQTT-4.7.3-1", 0));
        too_long:        "a".repeat(65_536) => Err(("MQTT-4.7.3-3", 65_535));
        null_first:      "\0"             => Err(("MQTT-4.7.3-2", 0));
        null_inside:     "a/\0b"          => Err(("MQTT-4.7.3-2", 2));
        one_level:       "a/+/b"          => Err(("MQTT-4.7.1-1", 2));
        all_levels:      "a/#"            => Err(("MQTT-4.7.1-1", 2));
        glued:           "a+"             => Err(("MQTT-4.7.1-1", 1));
    }

    #[test]
    fn it_reads_as_it_was_written() {
        let name = TopicName::new("$SYS/broker").unwrap();
        assert!(name.is_reserved());
        assert_eq!(name.to_string(), "$SYS/broker");
        assert_eq!(AsRef::<str>::as_ref(&name), "$SYS/broker");
        assert_eq!(TopicName::try_from("$SYS/broker"), Ok(name));
    }

    #[test]
    fn plain_is_what_needs_no_second_look() {
        for plain in ["a", "sport/tennis", "/", "$SYS/broker and more"] {
            assert!(TopicName::is_plain(plain.as_bytes()), "{plain}");
        }
        // Another character than ASCII is fine, and not plain.
        for other in ["", "a/+", "#", "a\0b", "caf\u{e9}", "\u{e9}t\u{e9} et printemps"] {
            assert!(!TopicName::is_plain(other.as_bytes()), "{other}");
        }
        assert!(!TopicName::is_plain("a".repeat(65_536).as_bytes()));
    }

    #[test]
    fn levels_keep_the_empty_ones() {
        let levels = |text: &'static str| -> Vec<String> {
            TopicName::new(text).unwrap().levels().map(str::to_owned).collect()
        };
        assert_eq!(levels("a/b"), ["a", "b"]);
        assert_eq!(levels("/"), ["", ""]);
        assert_eq!(levels("/a//"), ["", "a", "", ""]);
    }
}
