//! Octets as a file holds them: hexadecimal, with long runs of one octet told by their length.
//!
//! `30(00*65536)ff` is 0x30, then 65,536 times 0x00, then 0xff. White space means nothing, so that
//! whoever writes octets by hand can set fields apart.

use std::fmt::Write as _;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// For serde's `with`.
pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&to_text(octets))
}

/// For serde's `with`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    from_text(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// The same of octets that may be left out.
pub(super) mod option {
    use serde::{Deserializer, Serializer};

    /// For serde's `with`, where `None` is skipped.
    pub(in crate::transcript) fn serialize<S: Serializer>(
        octets: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        super::serialize(octets.as_deref().unwrap_or_default(), serializer)
    }

    /// For serde's `with`; a field that is there has octets.
    pub(in crate::transcript) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        super::deserialize(from).map(Some)
    }
}

/// The octets as text.
pub(crate) fn to_text(octets: &[u8]) -> String {
    octets.chunk_by(|a, b| a == b).fold(String::new(), |mut text, run| {
        if run.len() >= SHORTEST_RUN {
            write!(text, "({:02x}*{})", run[0], run.len()).expect("a String takes all of it");
        } else {
            text.push_str(&crate::wire::hex(run));
        }
        text
    })
}

/// The octets that the text stands for, or a sentence that says why it stands for none.
pub(crate) fn from_text(text: &str) -> Result<Vec<u8>, String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut octets = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        if let Some(run) = rest.strip_prefix('(') {
            let (run, after) = run.split_once(')').ok_or("a ( without )")?;
            let (octet, count) = run.split_once('*').ok_or("a run is written (61*1000)")?;
            let count: usize = count.parse().map_err(|_| format!("{count:?} is no number"))?;
            if octets.len().saturating_add(count) > MOST_OCTETS {
                return Err(format!("more than {MOST_OCTETS} octets, the most a packet can have"));
            }
            octets.resize(octets.len() + count, pair(octet)?);
            rest = after;
        } else {
            let (digits, after) = rest.split_at_checked(2).ok_or("half an octet at the end")?;
            octets.push(pair(digits)?);
            rest = after;
        }
    }
    Ok(octets)
}

fn pair(digits: &str) -> Result<u8, String> {
    let is_pair = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let octet = if is_pair { u8::from_str_radix(digits, 16).ok() } else { None };
    octet.ok_or_else(|| format!("{digits:?} is no octet in hexadecimal"))
}

/// Shorter runs are as quickly read digit by digit.
const SHORTEST_RUN: usize = 32;

/// A file of a few octets must not fill the memory.
const MOST_OCTETS: usize = 268_435_455 + 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_told_by_their_length() {
        let octets = [&[0x30][..], &[0; 40], b"ab"].concat();
        assert_eq!(to_text(&octets), "30(00*40)6162");
        assert_eq!(from_text("30 (00*40) 6162"), Ok(octets));
        assert_eq!(to_text(&[7; 31]), "07".repeat(31));
    }

    #[test]
    fn what_is_no_octet_is_told() {
        for (text, problem) in [
            ("3", "half an octet at the end"),
            ("3g", "\"3g\" is no octet in hexadecimal"),
            ("+1", "\"+1\" is no octet in hexadecimal"),
            ("(61*x)", "\"x\" is no number"),
            ("(61*2", "a ( without )"),
            ("(61)", "a run is written (61*1000)"),
        ] {
            assert_eq!(from_text(text), Err(problem.to_owned()), "{text}");
        }
        assert!(from_text("(61*999999999999)").unwrap_err().starts_with("more than"));
        assert!(from_text("é").is_err());
    }
}
