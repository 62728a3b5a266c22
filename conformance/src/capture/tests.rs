use super::*;

/// The blocks of a file: their kind and body, each checked for its two equal lengths.
fn blocks(file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let mut at = 0;
    let mut blocks = Vec::new();
    while at < file.len() {
        let length = usize::try_from(word(at + 4)).unwrap();
        assert_eq!(length % 4, 0);
        assert_eq!(word(at + length - 4), word(at + 4));
        blocks.push((word(at), file[at + 8..at + length - 4].to_vec()));
        at += length;
    }
    blocks
}

#[test]
fn a_capture_is_a_header_an_interface_and_a_block_a_frame() {
    let mut capture = Capture::new("a comment");
    capture.open(0, 1);
    capture.from_client(5, 1, &[0xc0, 0]);
    capture.close_by_server(6, 1);
    capture.close_by_client(6, 1);
    capture.close_by_client(7, 1);
    capture.remark("the end");
    let blocks = blocks(&capture.into_pcapng());
    let kinds: Vec<_> = blocks.iter().map(|(kind, _)| *kind).collect();
    // Three for the handshake, and two each for octets and both ends; an end is told once.
    assert_eq!(kinds, [&[0x0a0d_0d0a, 1][..], &[6; 9]].concat());
    let contains = |body: &[u8], text: &[u8]| body.windows(text.len()).any(|part| part == text);
    assert!(contains(&blocks[0].1, b"a comment"));
    assert!(contains(&blocks[10].1, b"the end"));
    assert!(contains(&blocks[5].1, &[0xc0, 0]));
}

#[test]
fn time_goes_on() {
    let mut capture = Capture::new("");
    capture.open(7, 1);
    capture.from_client(7, 1, &[0; 100_000]);
    let times: Vec<_> = blocks(&capture.into_pcapng())[2..]
        .iter()
        .map(|(_, body)| u32::from_le_bytes(body[8..12].try_into().unwrap()))
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    assert_eq!(times.len(), 3 + 2 * 4);
}

#[test]
fn a_connection_that_was_not_opened_has_no_frames() {
    let mut capture = Capture::new("");
    capture.from_client(0, 3, &[1]);
    assert_eq!(blocks(&capture.into_pcapng()).len(), 2);
}
