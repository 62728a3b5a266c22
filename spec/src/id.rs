//! The name of a statement, as the standard writes it or as people type it.
//!
//! Reading is lenient in form (brackets, case, a missing `MQTT-`, three labels that the standard
//! misprints) and strict in content; writing has one form only. Whether such a statement exists is
//! not decided here: the catalogue decides.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use crate::section::{Section, plain_number};

/// The name of a statement: `MQTT-3.1.0-2`, or `U-3.1.4-1` for a rule that the standard gives no
/// number.
///
/// The standard's own ids carry three parts of a section number, not always the section they stand
/// in: `MQTT-3.1.2-4` stands in 3.1.2.4. Ours carry the section in full.
///
/// Ordered by that number, the standard's ids before ours, which is document order within each of
/// the two. For the place of a statement among all others see [`Statement::section`].
///
/// [`Statement::section`]: crate::Statement::section
///
/// # Examples
///
/// ```
/// use mqttspec_spec::StatementId;
///
/// let id: StatementId = "[mqtt-3.10.4-2]".parse()?;
/// assert_eq!(id.to_string(), "MQTT-3.10.4-2");
/// assert_eq!(id, "3.10.4-2".parse()?);
/// assert!(id > "MQTT-3.9.3-1".parse()?);
/// assert!("U-3.10.4-2".parse::<StatementId>()? != id);
/// # Ok::<(), mqttspec_spec::InvalidStatementId>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StatementId {
    prefix: Section,
    unnumbered: bool,
    number: u8,
}

impl StatementId {
    /// Whether the standard itself gives this number. Ours begin with `U-`.
    pub const fn is_numbered(self) -> bool {
        !self.unnumbered
    }

    /// The section number within the id: 3.1.2 for `MQTT-3.1.2-24`.
    pub const fn prefix(self) -> Section {
        self.prefix
    }

    /// The number after the last dash, from 1 on in each prefix.
    pub const fn number(self) -> u8 {
        self.number
    }
}

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unnumbered {
            write!(f, "U-{}-{}", self.prefix, self.number)
        } else {
            let [first, second, third] = self.prefix.first_three();
            write!(f, "MQTT-{first}.{second}.{third}-{}", self.number)
        }
    }
}

impl FromStr for StatementId {
    type Err = InvalidStatementId;

    /// Reads an id, with or without brackets around it and `MQTT-` in front, in either case.
    ///
    /// # Errors
    ///
    /// [`InvalidStatementId`] when the text cannot be an id. An id that no statement has is read
    /// all the same.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let (unnumbered, label) = match (strip(bare, "U-"), strip(bare, "MQTT-")) {
            (Some(label), _) => (true, label),
            (None, label) => (false, label.unwrap_or(bare)),
        };
        let label = MISPRINTS.iter().find(|pair| pair.0 == label).map_or(label, |pair| pair.1);

        let (prefix, number) = label.rsplit_once('-').ok_or(InvalidStatementId)?;
        // The standard's ids have three parts, so that 3.1.2.4-1 cannot be one.
        if !unnumbered && prefix.split('.').count() != 3 {
            return Err(InvalidStatementId);
        }
        let prefix = prefix.parse().map_err(|_| InvalidStatementId)?;
        let number = plain_number(number).filter(|&number| number > 0).ok_or(InvalidStatementId)?;
        Ok(Self { prefix, unnumbered, number })
    }
}

impl<'de> Deserialize<'de> for StatementId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A text that cannot be the id of a statement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidStatementId;

impl fmt::Display for InvalidStatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the id of a statement: expected one such as MQTT-3.1.0-2 or U-3.1.4-1")
    }
}

impl std::error::Error for InvalidStatementId {}

/// What stands after `prefix`, upper or lower case.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Labels that are misprinted in the standard, and what they mean. Code copies them from there.
const MISPRINTS: [(&str, &str); 3] =
    [("3.1.2.7", "3.1.2-7"), ("3.3.1.-1", "3.3.1-1"), ("3-8.3-4", "3.8.3-4")];

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> StatementId {
        text.parse().unwrap()
    }

    #[test]
    fn prints_the_one_form_for_all_that_it_reads() {
        for (text, printed) in [
            ("MQTT-3.1.0-2", "MQTT-3.1.0-2"),
            ("[MQTT-3.1.0-2]", "MQTT-3.1.0-2"),
            ("3.1.0-2", "MQTT-3.1.0-2"),
            ("mqtt-3.1.0-2", "MQTT-3.1.0-2"),
            ("[3.14.4-3]", "MQTT-3.14.4-3"),
            ("MQTT-6.0.0-1", "MQTT-6.0.0-1"),
            ("U-3.1.4-1", "U-3.1.4-1"),
            ("u-3.1.2.10-4", "U-3.1.2.10-4"),
            ("U-6-1", "U-6-1"),
        ] {
            assert_eq!(id(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn reads_the_misprints_of_the_standard() {
        assert_eq!(id("MQTT-3.1.2.7"), id("MQTT-3.1.2-7"));
        assert_eq!(id("MQTT-3.3.1.-1"), id("MQTT-3.3.1-1"));
        assert_eq!(id("[MQTT-3-8.3-4]"), id("MQTT-3.8.3-4"));
    }

    #[test]
    fn refuses_what_cannot_be_an_id() {
        for text in [
            "",
            "MQTT-",
            "MQTT-3.1.0",
            "MQTT-3.1.0-",
            "MQTT-3.1.0-0",
            "MQTT-3.1.0-02",
            "MQTT-3.1.0-+2",
            "MQTT-3.1.0-256",
            "MQTT-3.1-2",
            "MQTT-3.1.2.4-1",
            "[MQTT-3.1.0-2",
            "MQTT-3.1.0-2]",
            "MQTT5-3.1.0-2",
            "U-U-3.1-1",
            "ÜÜ-3.1.0-2",
        ] {
            assert_eq!(text.parse::<StatementId>(), Err(InvalidStatementId), "{text}");
        }
    }

    #[test]
    fn comes_in_document_order() {
        let order = [
            "2.3.1-7", "3.1.0-1", "U-3.1-1", "3.1.2-9", "3.1.2-10", "3.2.0-1", "3.10.1-1",
            "6.0.0-1",
        ];
        assert!(order.map(id).is_sorted());
    }
}
