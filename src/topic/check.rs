//! What may not stand in a Topic Name or a Topic Filter.
//!
//! Clauses: [MQTT-4.7.3-1] to [MQTT-4.7.3-3]. Not here: where a wildcard may stand, which each of
//! the two answers in its own way.

use super::{ALL_LEVELS, InvalidTopic, InvalidTopicKind, ONE_LEVEL};

/// Finds the first fault of `octets`; `misplaced` says what is wrong with the wildcard at an
/// offset, if anything is.
#[inline]
pub(super) fn check(
    octets: &[u8],
    misplaced: impl Fn(usize) -> Option<InvalidTopicKind>,
) -> Result<(), InvalidTopic> {
    // [MQTT-4.7.3-1] At least one character.
    if octets.is_empty() {
        return Err(InvalidTopicKind::Empty.at(0));
    }
    // [MQTT-4.7.3-3] No more than the two octets of its length can say.
    if octets.len() > usize::from(u16::MAX) {
        return Err(InvalidTopicKind::TooLong.at(usize::from(u16::MAX)));
    }
    // Most have neither wildcards nor U+0000, so whether is asked before where: a loop that never
    // ends early takes many octets at once.
    if !octets.iter().fold(false, |found, &octet| found | is_special(octet)) {
        return Ok(());
    }
    for (offset, &octet) in octets.iter().enumerate().filter(|(_, octet)| is_special(**octet)) {
        // [MQTT-4.7.3-2] U+0000 has no place in it.
        let fault = if octet == 0 { Some(InvalidTopicKind::Null) } else { misplaced(offset) };
        if let Some(kind) = fault {
            return Err(kind.at(offset));
        }
    }
    Ok(())
}

const fn is_special(octet: u8) -> bool {
    matches!(octet, 0 | ONE_LEVEL | ALL_LEVELS)
}
