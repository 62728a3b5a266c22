//! Octets for tests as a person writes them: `10 0d 0004 'MQTT' 04 02 003c 0001 'p'`.

/// The octets that `text` spells: pairs of hex digits, spaced at will, and text in quotes.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for (index, part) in text.split('\'').enumerate() {
        if index % 2 == 1 {
            octets.extend_from_slice(part.as_bytes());
            continue;
        }
        let digits: String = part.split_whitespace().collect();
        assert!(digits.len().is_multiple_of(2), "odd number of digits in {part:?}");
        octets.extend((0..digits.len()).step_by(2).map(|at| {
            u8::from_str_radix(&digits[at..at + 2], 16).expect("a test's octets are hex digits")
        }));
    }
    octets
}
