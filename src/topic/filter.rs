//! The Topic Filter: which Topic Names a subscription asks for.
//!
//! Clauses: [MQTT-4.7.1-2], [MQTT-4.7.1-3], [MQTT-4.7.2-1], [MQTT-4.7.3-1] to [MQTT-4.7.3-4].
//! Not here: finding the filters that a name reaches among many, which is the tree's work.

use std::fmt;

use bytestring::ByteString;

use super::{ALL_LEVELS, InvalidTopic, InvalidTopicKind, ONE_LEVEL, SEPARATOR, TopicName, check};

/// A Topic Filter: 1 to 65,535 octets of UTF-8 without U+0000, wildcards only where they may be.
///
/// Two filters are the same when their octets are: `a/b` and `A/b` are not, nor `a` and `a/`.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TopicFilter(ByteString);

impl TopicFilter {
    /// Takes `text` as a Topic Filter.
    ///
    /// # Errors
    ///
    /// [`InvalidTopic`] when it is empty, longer than 65,535 octets, holds U+0000, or has a
    /// wildcard that shares its level, or a `#` that is not last.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::topic::TopicFilter;
    ///
    /// assert!(TopicFilter::new("sport/+/player1/#").is_ok());
    /// assert!(TopicFilter::new("#").is_ok());
    /// assert_eq!(TopicFilter::new("sport+").unwrap_err().kind.statement(), "MQTT-4.7.1-3");
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

    /// Whether `octets`, if they are UTF-8, are a Topic Filter.
    pub(crate) fn check(octets: &[u8]) -> Result<(), InvalidTopic> {
        let opens_level = |offset| offset == 0 || octets[offset - 1] == SEPARATOR;
        let next = |offset| octets.get(offset + 1).copied();
        check::length(octets)?;
        check::characters(octets, |offset| match octets[offset] {
            // [MQTT-4.7.1-2] `#` has a level of its own, and that level is the last.
            ALL_LEVELS if !opens_level(offset) || next(offset).is_some() => {
                Some(InvalidTopicKind::MisplacedMultiLevelWildcard)
            }
            // [MQTT-4.7.1-3] `+` has a level of its own.
            ONE_LEVEL if !opens_level(offset) || next(offset).is_some_and(|o| o != SEPARATOR) => {
                Some(InvalidTopicKind::MisplacedSingleLevelWildcard)
            }
            _ => None,
        })
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its levels: one more than it has separators; `+` and `#` stand as levels of their own.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split(char::from(SEPARATOR))
    }

    /// The same filter, kept in as much memory as it needs and no more.
    ///
    /// What is read from a connection is a slice of the buffer it came in, and keeps all of it.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(ByteString::from(self.as_str()))
    }

    /// Whether it holds a wildcard.
    pub fn has_wildcards(&self) -> bool {
        self.0.bytes().any(|octet| matches!(octet, ONE_LEVEL | ALL_LEVELS))
    }

    /// Whether a message published to `name` is asked for by this filter.
    ///
    /// Levels are compared octet by octet. `+` takes any one level, also an empty one; `#` takes
    /// the rest, also none of it: `sport/#` matches `sport`. A filter that begins with a wildcard
    /// never matches a name that begins with `$`.
    ///
    /// Clauses: [MQTT-4.7.2-1], [MQTT-4.7.3-4].
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::topic::{TopicFilter, TopicName};
    ///
    /// let matches = |filter: &str, name: &str| {
    ///     TopicFilter::new(filter).unwrap().matches(&TopicName::new(name).unwrap())
    /// };
    /// assert!(matches("sport/#", "sport"));
    /// assert!(matches("+/finance", "/finance"));
    /// assert!(!matches("+/monitor", "$SYS/monitor"));
    /// ```
    pub fn matches(&self, name: &TopicName) -> bool {
        // [MQTT-4.7.2-1] Topics of the server's own are not for those who ask for everything.
        if name.is_reserved() && matches!(self.0.as_bytes()[0], ONE_LEVEL | ALL_LEVELS) {
            return false;
        }
        let mut levels = name.levels();
        for wanted in self.levels() {
            if wanted == "#" {
                return true;
            }
            match levels.next() {
                // [MQTT-4.7.3-4] Octet by octet, nothing folded or normalised.
                Some(level) if wanted == "+" || wanted == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

impl fmt::Debug for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for TopicFilter {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<&str> for TopicFilter {
    type Error = InvalidTopic;

    fn try_from(text: &str) -> Result<Self, InvalidTopic> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! validity {
        ($($name:ident: $text:expr => $verdict:expr;)+) => {$(
            #[test]
            fn $name() {
                let verdict: Result<(), (&str, usize)> = $verdict;
                let seen = TopicFilter::new($text).map(drop);
                assert_eq!(seen.map_err(|e| (e.kind.statement(), e.offset)), verdict);
            }
        )+};
    }

    validity! {
        // Topic Filter => accepted, or the statement and the octet
        hash_alone:     "#"               => Ok(());
        hash_last:      "sport/#"         => Ok(());
        plus_alone:     "+"               => Ok(());
        plus_inside:    "sport/+/player1" => Ok(());
        both:           "+/tennis/#"      => Ok(());
        empty_levels:   "//+//#"          => Ok(());
        byte_order_mark: "\u{feff}a"     => Ok(());
        longest:        "a".repeat(65_535) => Ok(());
        hash_glued:     "sport/tennis#"   => Err(("MQTT-4.7.1-2", 12));
        hash_inside:    "sport/#/ranking" => Err(("MQTT-4.7.1-2", 6));
        hash_twice:     "##"              => Err(("MQTT-4.7.1-2", 0));
        hash_separator: "#/"              => Err(("MQTT-4.7.1-2", 0));
        plus_glued:     "sport+"          => Err(("MQTT-4.7.1-3", 5));
        plus_leads:     "+sport"          => Err(("MQTT-4.7.1-3", 0));
        plus_twice:     "++"              => Err(("MQTT-4.7.1-3", 0));
        plus_hash:      "+#"              => Err(("MQTT-4.7.1-3", 0));
        empty:          ""                => Err(("MQTT-4.7.3-1", 0));
        null:           "a\0b"            => Err(("MQTT-4.7.3-2", 1));
        too_long:       "a".repeat(65_536) => Err(("MQTT-4.7.3-3", 65_535));
    }

    #[test]
    fn it_reads_as_it_was_written() {
        let filter = TopicFilter::new("sport/+/#").unwrap();
        assert_eq!(filter.to_string(), "sport/+/#");
        assert_eq!(AsRef::<str>::as_ref(&filter), "sport/+/#");
    }

    #[test]
    fn a_wildcard_is_seen() {
        for (text, has_wildcards) in [("+/a", true), ("a/#", true), ("a/$b", false)] {
            assert_eq!(TopicFilter::new(text).unwrap().has_wildcards(), has_wildcards, "{text}");
        }
    }

    macro_rules! matching {
        ($($name:ident: $filter:expr, $topic:expr => $verdict:expr;)+) => {$(
            #[test]
            fn $name() {
                let filter = TopicFilter::new($filter).unwrap();
                assert_eq!(filter.matches(&TopicName::new($topic).unwrap()), $verdict);
            }
        )+};
    }

    matching! {
        // Topic Filter, Topic Name => match?
        exact:                 "a/b", "a/b"                        => true;
        other_case:            "a/b", "a/B"                        => false; // MQTT-4.7.3-4
        trailing_separator:    "a", "a/"                           => false;
        leading_separator:     "a", "/a"                           => false;
        composed_letter:       "\u{e9}", "e\u{301}"                => false; // MQTT-4.7.3-4
        hash_children:         "sport/tennis/player1/#", "sport/tennis/player1/ranking" => true;
        hash_grandchildren:    "sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon" => true;
        hash_parent:           "sport/#", "sport"                  => true;
        hash_other_prefix:     "sport/#", "sports"                 => false;
        hash_everything:       "#", "a/b/c"                        => true;
        hash_parent_of_plus:   "+/#", "a"                          => true;
        plus_one_level:        "sport/tennis/+", "sport/tennis/player1" => true;
        plus_not_two:          "sport/tennis/+", "sport/tennis/player1/ranking" => false;
        plus_not_none:         "sport/+", "sport"                  => false;
        plus_empty_level:      "sport/+", "sport/"                 => true;
        plus_leading_empty:    "+/+", "/finance"                   => true;
        plus_after_separator:  "/+", "/finance"                    => true;
        plus_whole:            "+", "/finance"                     => false;
        hash_passes_reserved:  "#", "$SYS/a"                       => false; // MQTT-4.7.2-1
        plus_passes_reserved:  "+/a", "$SYS/a"                     => false; // MQTT-4.7.2-1
        named_reserved:        "$SYS/#", "$SYS/a"                  => true;
        named_reserved_plus:   "$SYS/+", "$SYS/a"                  => true;
        dollar_inside:         "#", "a/$b"                         => true;
        byte_order_mark_stays: "a", "\u{feff}a"                    => false;
    }
}
