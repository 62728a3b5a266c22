//! The Remaining Length: how many octets of a packet follow its fixed header.
//!
//! Seven bits an octet, the low ones first, the high bit set on all but the last; four octets at
//! the most. The decoding algorithm printed in the standard refuses valid lengths of four octets;
//! Errata 01 mends it, and so does this.
//!
//! Clauses: U-2.2.3-1, U-2.2.3-2.

/// The greatest Remaining Length that four octets can say.
pub(super) const MAX: usize = 268_435_455;

/// What the octets at the start of a buffer say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Decoded {
    /// The field has not ended yet.
    Incomplete,
    /// A fourth octet announces a fifth.
    TooLong,
    /// The length, and how many octets said it (1 to 4).
    Length { length: usize, octets: usize },
}

/// Reads the field at the start of `octets`.
///
/// More octets than needed (`80 00` for 0) are taken: 3.1.1 does not forbid them.
#[inline]
pub(super) fn decode(octets: &[u8]) -> Decoded {
    let mut length = 0;
    for (index, &octet) in octets.iter().take(4).enumerate() {
        length |= usize::from(octet & 0x7f) << (7 * index);
        if octet & 0x80 == 0 {
            return Decoded::Length { length, octets: index + 1 };
        }
    }
    if octets.len() < 4 { Decoded::Incomplete } else { Decoded::TooLong }
}

/// Writes `length`, at most [`MAX`], and says how many of the four octets it took.
#[inline]
pub(super) fn encode(length: usize) -> ([u8; 4], usize) {
    debug_assert!(length <= MAX);
    let mut octets = [0; 4];
    let mut rest = length;
    for (index, octet) in octets.iter_mut().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits fit")]
        let seven_bits = (rest & 0x7f) as u8;
        *octet = seven_bits;
        rest >>= 7;
        if rest == 0 {
            return (octets, index + 1);
        }
        *octet |= 0x80;
    }
    (octets, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! lengths {
        ($($name:ident: $length:expr => $octets:expr;)+) => {$(
            #[test]
            fn $name() {
                let octets: &[u8] = &$octets;
                let (written, count) = encode($length);
                assert_eq!(&written[..count], octets);
                let decoded = Decoded::Length { length: $length, octets: octets.len() };
                assert_eq!(decode(octets), decoded);
                for cut in 0..octets.len() {
                    assert_eq!(decode(&octets[..cut]), Decoded::Incomplete);
                }
            }
        )+};
    }

    lengths! {
        // both ends of each row of the standard's table
        one_octet_first:    0           => [0x00];
        one_octet_last:     127         => [0x7f];
        two_octets_first:   128         => [0x80, 0x01];
        two_octets_last:    16_383      => [0xff, 0x7f];
        three_octets_first: 16_384      => [0x80, 0x80, 0x01];
        three_octets_last:  2_097_151   => [0xff, 0xff, 0x7f];
        four_octets_first:  2_097_152   => [0x80, 0x80, 0x80, 0x01];
        four_octets_last:   268_435_455 => [0xff, 0xff, 0xff, 0x7f];
    }

    #[test]
    fn a_fifth_octet_is_refused() {
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff]), Decoded::TooLong);
        assert_eq!(decode(&[0x80, 0x80, 0x80, 0x80, 0x00]), Decoded::TooLong);
    }

    #[test]
    fn more_octets_than_needed_are_taken() {
        assert_eq!(decode(&[0x80, 0x00]), Decoded::Length { length: 0, octets: 2 });
        assert_eq!(decode(&[0x82, 0x80, 0x00]), Decoded::Length { length: 2, octets: 3 });
    }
}
