//! Octets and packets as a person reads them.

use std::fmt::Write as _;
use std::ops::Range;

use super::packet::Kind;
use super::reader::{Reader, Sender};

/// Octets as a quoted text of a bounded length: what is printable as it is, the rest escaped.
pub(crate) fn quoted(octets: &[u8]) -> String {
    let shown = &octets[..octets.len().min(MOST_SHOWN)];
    let mut text = String::with_capacity(shown.len() + 2);
    text.push('"');
    for chunk in shown.utf8_chunks() {
        text.extend(chunk.valid().chars().flat_map(escaped));
        for octet in chunk.invalid() {
            push_escaped_octet(&mut text, *octet);
        }
    }
    text.push('"');
    if shown.len() < octets.len() {
        text.push('…');
    }
    text
}

/// Octets in hexadecimal, two digits each, without spaces.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        push_hex(&mut text, *octet);
        text
    })
}

/// The packets in `octets`, each as one line of text and where its octets are.
///
/// Best effort, for transcripts: what is malformed is named by its type and its fault, and an
/// end that makes no packet is told by its length.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::wire::{Sender, describe};
///
/// let lines = describe(&[0xc0, 0, 0xc1, 0, 0x30], Sender::Client);
/// let texts: Vec<_> = lines.iter().map(|(text, _)| text.as_str()).collect();
/// let wrong = "PINGREQ, malformed: wrong flag bits for PINGREQ (octet 0)";
/// assert_eq!(texts, ["PINGREQ", wrong, "the first octet of PUBLISH"]);
/// ```
pub fn describe(octets: &[u8], sender: Sender) -> Vec<(String, Range<usize>)> {
    let mut reader = Reader::new(sender);
    reader.push(octets);
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(read) = reader.next_read() {
        let text = match &read.packet {
            Ok(packet) => packet.to_string(),
            Err(malformed) => format!("{}, malformed: {malformed}", type_name(read.octets[0])),
        };
        let end = at + read.octets.len();
        lines.push((text, at..end));
        at = end;
    }
    if at < octets.len() {
        let name = type_name(octets[at]);
        let text = match octets.len() - at {
            1 => format!("the first octet of {name}"),
            many => format!("the first {many} octets of {name}"),
        };
        lines.push((text, at..octets.len()));
    }
    lines
}

fn type_name(first: u8) -> String {
    Kind::of(first).map_or_else(|_| format!("packet type {}", first >> 4), |kind| kind.to_string())
}

fn escaped(character: char) -> Vec<char> {
    match character {
        '"' | '\\' => vec!['\\', character],
        '\0' => vec!['\\', '0'],
        '\u{feff}' => r"\u{feff}".chars().collect(),
        c if c.is_control() => c.escape_unicode().collect(),
        c => vec![c],
    }
}

fn push_escaped_octet(text: &mut String, octet: u8) {
    text.push_str("\\x");
    push_hex(text, octet);
}

fn push_hex(text: &mut String, octet: u8) {
    write!(text, "{octet:02x}").expect("a String takes all that is written to it");
}

/// Octets of a topic or payload that a line of text shows.
const MOST_SHOWN: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_cannot_be_printed() {
        for (octets, text) in [
            (b"a/b".as_slice(), r#""a/b""#),
            (b"say \"hi\"", r#""say \"hi\"""#),
            (b"a\0b\n", r#""a\0b\u{a}""#),
            (b"\xc0\x80!", r#""\xc0\x80!""#),
            ("\u{feff}é".as_bytes(), r#""\u{feff}é""#),
        ] {
            assert_eq!(quoted(octets), text);
        }
    }

    #[test]
    fn shortens_what_is_long() {
        let text = quoted(&[b'x'; 1000]);
        assert_eq!(text.chars().count(), MOST_SHOWN + 3);
        assert!(text.ends_with("\"…"));
    }

    #[test]
    fn tells_apart_what_is_sent_in_one_write() {
        let lines = describe(&[0xe0, 0, 0xff, 0], Sender::Client);
        let octets = [0xe0, 0, 0xff, 0];
        let shown: Vec<_> =
            lines.into_iter().map(|(text, range)| (text, hex(&octets[range]))).collect();
        let reserved = "packet type 15, malformed: reserved packet type 15 (octet 0)";
        assert_eq!(
            shown,
            [
                ("DISCONNECT".to_owned(), "e000".to_owned()),
                (reserved.to_owned(), "ff00".to_owned())
            ]
        );
    }
}
