//! Section numbers of the standard, and our short titles for them.
//!
//! A number is compared part by part, so that 3.10 comes after 3.9 and does not lie below 3.1.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// The number of a section of the standard: one to four parts, such as 6, 3.1 or 3.1.2.10.
///
/// Ordered as in the document, a section before those below it.
/// A zero at the end adds nothing: the ids of statements write 3.1 as 3.1.0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Section {
    /// Padded with zeros, which no section of the standard has.
    parts: [u8; Self::MOST_PARTS],
}

impl Section {
    /// No heading of the standard lies deeper.
    const MOST_PARTS: usize = 4;

    /// Whether `other` is this section or lies below it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec_spec::Section;
    ///
    /// let connect: Section = "3.1".parse()?;
    /// assert!(connect.contains("3.1".parse()?));
    /// assert!(connect.contains("3.1.2.10".parse()?));
    /// assert!(!connect.contains("3.10".parse()?));
    /// # Ok::<(), mqttspec_spec::InvalidSection>(())
    /// ```
    pub fn contains(self, other: Self) -> bool {
        self.parts.iter().zip(other.parts).all(|(&ours, theirs)| ours == 0 || ours == theirs)
    }

    /// The number of the chapter, 1 to 7 in the standard.
    pub const fn chapter(self) -> u8 {
        self.parts[0]
    }

    /// The first three parts, zeros included: how an id of the standard begins.
    pub(crate) const fn first_three(self) -> [u8; 3] {
        let [first, second, third, _] = self.parts;
        [first, second, third]
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.chapter())?;
        self.parts.iter().skip(1).take_while(|part| **part != 0).try_for_each(|p| write!(f, ".{p}"))
    }
}

impl FromStr for Section {
    type Err = InvalidSection;

    /// Reads one to four numbers with dots between them.
    ///
    /// # Errors
    ///
    /// [`InvalidSection`] when the text is not of that form, a part exceeds 255, or a zero stands
    /// anywhere but at the end.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = [0; Self::MOST_PARTS];
        for (position, part) in text.split('.').enumerate() {
            let slot = parts.get_mut(position).ok_or(InvalidSection)?;
            *slot = plain_number(part).ok_or(InvalidSection)?;
        }
        let zeros_end_it = parts.windows(2).all(|pair| pair[0] != 0 || pair[1] == 0);
        if parts[0] == 0 || !zeros_end_it {
            return Err(InvalidSection);
        }
        Ok(Self { parts })
    }
}

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A section of the standard and what it is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Heading {
    /// Its number.
    pub number: Section,
    /// Its title in our words, a few of them, without a period.
    pub title: String,
}

/// A text that is no section number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidSection;

impl fmt::Display for InvalidSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a section number: expected one to four numbers, such as 3.1.2")
    }
}

impl std::error::Error for InvalidSection {}

/// A decimal number from 0 to 255 as people write it: digits only, no zero in front.
pub(crate) fn plain_number(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> Section {
        text.parse().unwrap()
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["6", "3.1", "3.10.4", "3.1.2.10"] {
            assert_eq!(section(text).to_string(), text);
        }
    }

    #[test]
    fn zeros_at_the_end_add_nothing() {
        assert_eq!(section("3.1.0"), section("3.1"));
        assert_eq!(section("6.0.0").to_string(), "6");
    }

    #[test]
    fn refuses_what_is_no_section() {
        for text in ["", "0", "3.", ".1", "3.0.1", "3.01", "3.+1", "3.256", "1.2.3.4.5", "3.a"] {
            assert_eq!(text.parse::<Section>(), Err(InvalidSection), "{text}");
        }
    }

    #[test]
    fn comes_in_document_order() {
        let order = ["2.3.1", "3.1", "3.1.2", "3.1.2.4", "3.1.2.10", "3.1.3", "3.2", "3.10", "4"];
        assert!(order.map(section).is_sorted());
    }

    #[test]
    fn contains_itself_and_what_lies_below() {
        assert!(section("3.1.2").contains(section("3.1.2.4")));
        assert!(!section("3.1.2.4").contains(section("3.1.2")));
        assert!(!section("3.1").contains(section("3.10.4")));
    }
}
