//! Many inputs in one file, so that a corpus of hundreds is one file in the repository.

/// The inputs in a file of them: each has its length before it, in two octets, high octet first.
///
/// # Panics
///
/// When the last one is cut short.
pub fn unpacked(octets: &[u8]) -> Vec<&[u8]> {
    let mut inputs = Vec::new();
    let mut rest = octets;
    while let Some((length, more)) = rest.split_first_chunk() {
        let (input, more) = more.split_at(u16::from_be_bytes(*length).into());
        inputs.push(input);
        rest = more;
    }
    assert!(rest.is_empty(), "one octet of a length");
    inputs
}

/// The same the other way round; those above 65,535 octets are left out.
pub fn packed(inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = Vec::new();
    for input in inputs {
        let Ok(length) = u16::try_from(input.len()) else { continue };
        octets.extend_from_slice(&length.to_be_bytes());
        octets.extend_from_slice(input);
    }
    octets
}
