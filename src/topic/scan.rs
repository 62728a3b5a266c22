//! Asking something of many octets at once.

/// Whether `is` holds for any of `octets`.
///
/// For a question whose answer is nearly always no: octets are asked eight at a time, and which of
/// them it was is not found out.
#[inline]
pub(crate) fn any(octets: &[u8], is: impl Fn(u8) -> bool) -> bool {
    let ask = |octets: &[u8]| octets.iter().fold(false, |found, &octet| found | is(octet));
    let Some(last) = octets.last_chunk::<TOGETHER>() else { return ask(octets) };
    // What is too short for a chunk is asked with octets that have been asked before: that costs
    // less than asking one by one.
    octets.as_chunks::<TOGETHER>().0.iter().any(|chunk| ask(chunk)) || ask(last)
}

/// Where the first of `octets` stands, from `start` on, for which `is` holds.
///
/// As for [`any`], octets are asked eight at a time; only where one of the eight is meant, which.
#[inline]
pub(crate) fn find(octets: &[u8], start: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    let mut start = start;
    while let Some(chunk) = octets[start..].first_chunk::<TOGETHER>() {
        if chunk.iter().fold(false, |found, &octet| found | is(octet)) {
            break;
        }
        start += TOGETHER;
    }
    octets[start..].iter().position(|&octet| is(octet)).map(|place| start + place)
}

/// As many octets as a register holds.
const TOGETHER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_from_a_start_on_is_found() {
        for length in 0..40 {
            let mut octets = vec![b'a'; length];
            for place in 0..length {
                octets[place] = 0;
                let found = |start| find(&octets, start, |octet| octet == 0);
                assert!(
                    (0..=place).all(|start| found(start) == Some(place)),
                    "{place} of {length}"
                );
                assert!((place + 1..=length).all(|start| found(start).is_none()), "behind {place}");
                octets[place] = b'a';
            }
        }
    }

    #[test]
    fn each_octet_is_asked() {
        for length in 0..40 {
            let mut octets = vec![b'a'; length];
            assert!(!any(&octets, |octet| octet == 0), "none of {length}");
            for place in 0..length {
                octets[place] = 0;
                assert!(any(&octets, |octet| octet == 0), "{place} of {length}");
                octets[place] = b'a';
            }
        }
    }
}
