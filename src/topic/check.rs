//! What may not stand in a Topic Name or a Topic Filter.
//!
//! Clauses: [MQTT-4.7.3-1] to [MQTT-4.7.3-3]. Not here: where a wildcard may stand, which each of
//! the two answers in its own way.

use super::{ALL_LEVELS, InvalidTopic, InvalidTopicKind, ONE_LEVEL, scan};

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
    while let Some(offset) = scan::find(octets, start, is_special) {
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

/// Whether `octet` is U+0000 or a wildcard.
#[inline]
pub(super) const fn is_special(octet: u8) -> bool {
    (octet == 0) | (octet == ONE_LEVEL) | (octet == ALL_LEVELS)
}
