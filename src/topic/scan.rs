//! Asking something of many octets at once.

/// Whether `is` holds for any of `octets`.
///
/// For a question whose answer is nearly always no: octets are asked eight at a time, and which of
/// them it was is not found out.
#[inline(always)]
pub(crate) fn any(octets: &[u8], is: impl Fn(u8) -> bool) -> bool {
    let ask = |octets: &[u8]| octets.iter().fold(false, |found, &octet| found | is(octet));
    let Some(last) = octets.last_chunk::<TOGETHER>() else { return ask(octets) };
    // What is too short for a chunk is asked with octets that have been asked before: that costs
    // less than asking one by one.
    octets.as_chunks::<TOGETHER>().0.iter().any(|chunk| ask(chunk)) || ask(last)
}

/// As many octets as a register holds.
const TOGETHER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

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
