//! What may not stand in a Topic Name or a Topic Filter.
//!
//! Clauses: [MQTT-4.7.3-1] to [MQTT-4.7.3-3]. Not here: where a wildcard may stand, which each of
//! the two answers in its own way.

use super::{ALL_LEVELS, InvalidTopic, InvalidTopicKind, ONE_LEVEL, SEPARATOR};

/// Checks that there are neither too few octets nor too many.
#[inline]
pub(super) fn length(octets: &[u8]) -> Result<(), InvalidTopic> {
    // [MQTT-4.7.3-1] At least one character.
    if octets.is_empty() {
        return Err(InvalidTopicKind::Empty.at(0));
    }
    // [MQTT-4.7.3-3] No more than the two octets of its length can say.
    if octets.len() > usize::from(u16::MAX) {
        return Err(InvalidTopicKind::TooLong.at(usize::from(u16::MAX)));
    }
    Ok(())
}

/// Looks for U+0000, and asks `misplaced` what is wrong with the wildcard at each offset that has
/// one.
#[inline]
pub(super) fn characters(
    octets: &[u8],
    misplaced: impl Fn(usize) -> Option<InvalidTopicKind>,
) -> Result<(), InvalidTopic> {
    let mut start = 0;
    while let Some(offset) = first_special(octets, start) {
        start = offset + 1;
        // [MQTT-4.7.3-2] U+0000 has no place in it.
        let is_null = octets[offset] == 0;
        let fault = if is_null { Some(InvalidTopicKind::Null) } else { misplaced(offset) };
        if let Some(kind) = fault {
            return Err(kind.at(offset));
        }
    }
    Ok(())
}

/// Where the first octet stands, from `start` on, that is U+0000 or a wildcard.
///
/// Eight octets are looked at as one number.
#[inline]
fn first_special(octets: &[u8], start: usize) -> Option<usize> {
    let mut start = start;
    while let Some(rest) = octets.get(start..).filter(|rest| !rest.is_empty()) {
        let eight = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut eight = [SEPARATOR; 8];
            eight[..rest.len()].copy_from_slice(rest);
            eight
        });
        let number = u64::from_le_bytes(eight);
        // Both wildcards, and nothing else, are `#` without the one bit in which they differ.
        let wildcards = (number & !in_each(ALL_LEVELS ^ ONE_LEVEL)) ^ in_each(ALL_LEVELS);
        let found = zeros(number) | zeros(wildcards);
        if found != 0 {
            return Some(start + found.trailing_zeros() as usize / 8);
        }
        start += 8;
    }
    None
}

/// `octet` eight times.
const fn in_each(octet: u8) -> u64 {
    u64::from_le_bytes([octet; 8])
}

/// The highest bit of the first octet of `number` that is 0, and no bit before it.
const fn zeros(number: u64) -> u64 {
    number.wrapping_sub(in_each(1)) & !number & in_each(0x80)
}

/// Whether `octet` is U+0000 or a wildcard.
#[inline]
pub(super) const fn is_special(octet: u8) -> bool {
    (octet == 0) | (octet == ONE_LEVEL) | (octet == ALL_LEVELS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every octet at every place of some lengths, and from every start.
    #[test]
    fn the_first_special_octet_is_found() {
        for length in [1, 7, 8, 9, 15, 16, 17, 20] {
            for place in 0..length {
                for octet in 0..=0xff {
                    let mut octets = vec![b'a'; length];
                    octets[place] = octet;
                    for start in 0..=length {
                        let expected = (start <= place && is_special(octet)).then_some(place);
                        assert_eq!(first_special(&octets, start), expected, "{octets:?} {start}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_special_octet_does_not_hide_another() {
        let octets = b"+/\x01#\x00a\x80#+\xa3\xab#b/\x00";
        let found: Vec<usize> = (0..octets.len())
            .filter(|&start| first_special(octets, start) == Some(start))
            .collect();
        let expected: Vec<usize> =
            (0..octets.len()).filter(|&place| is_special(octets[place])).collect();
        assert_eq!(found, expected);
    }
}
