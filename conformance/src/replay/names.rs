//! Names that no other conversation has, and back to those of the recording.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::wire::{Octets as _, Packet, Reader, Sender};

/// A tag of the recording, and what stands in its place now. Both have the same length, so that no
/// length in any packet changes.
#[derive(Debug)]
pub(super) struct Names {
    then: String,
    now: String,
    /// The side that the subject is on.
    subject: Sender,
}

impl Names {
    /// Fresh names for a recording with this tag, unless they are to stay as they were; with a
    /// subject on this side.
    pub(super) fn new(tag: &str, fresh: bool, subject: Sender) -> Self {
        let now = if fresh { fresh_tag(tag.len()) } else { tag.to_owned() };
        Self { then: tag.to_owned(), now, subject }
    }

    /// The tag of this replay.
    pub(super) fn now(&self) -> &str {
        &self.now
    }

    /// Recorded octets with the names of this replay.
    pub(super) fn to_now(&self, octets: &[u8]) -> Vec<u8> {
        replaced(octets, self.then.as_bytes(), self.now.as_bytes())
    }

    /// A recorded line of a driver with the names of this replay.
    pub(super) fn line_to_now(&self, line: &Value) -> Value {
        let text = line.to_string();
        let now = replaced(text.as_bytes(), self.then.as_bytes(), self.now.as_bytes());
        // Letters and digits for letters and digits: it is JSON as it was.
        serde_json::from_slice(&now).unwrap_or_else(|_| line.clone())
    }

    /// A packet that came, with the names of the recording.
    pub(super) fn to_then(&self, packet: &Packet) -> Packet {
        let octets = replaced(&packet.octets(), self.now.as_bytes(), self.then.as_bytes());
        let mut reader = Reader::new(self.subject);
        reader.push(&octets);
        let read = reader.next_read().and_then(|read| read.packet.ok());
        read.unwrap_or_else(|| packet.clone())
    }
}

fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    if from.is_empty() || from == to {
        return octets;
    }
    let mut at = 0;
    while let Some(found) = octets[at..].windows(from.len()).position(|part| part == from) {
        octets[at + found..at + found + from.len()].copy_from_slice(to);
        at += found + from.len();
    }
    octets
}

/// Letters and digits that no other replay on this machine has: the last `length` of a number that
/// never comes again.
fn fresh_tag(length: usize) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = u64::try_from(now.as_micros()).unwrap_or_default();
    // Replays at the same moment differ by their number, processes by theirs.
    let own = (u64::from(std::process::id()) << 8) + NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut number = micros.wrapping_mul(31) ^ (own << 16);
    let mut tag = vec![b'0'; length];
    for digit in tag.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 36).expect("less than 36")];
        number /= 36;
    }
    tag.into_iter().map(char::from).collect()
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Publish;

    #[test]
    fn names_come_and_go_with_their_lengths() {
        let names = Names::new("abc123", true, Sender::Server);
        let octets = Publish::qos0("mqttspec/abc123/t", "abc123abc123").octets();
        let now = names.to_now(&octets);
        assert_eq!(now.len(), octets.len());
        assert!(!now.windows(6).any(|part| part == b"abc123"));
        let mut reader = Reader::new(Sender::Server);
        reader.push(&now);
        let packet = reader.next_read().unwrap().packet.unwrap();
        assert_eq!(names.to_then(&packet).octets(), octets);
        let line = serde_json::json!({ "do": "subscribe", "filters": ["abc123/#"] });
        let now = names.line_to_now(&line);
        assert_eq!(now["do"], "subscribe");
        assert!(!now.to_string().contains("abc123"), "{now}");
    }

    #[test]
    fn names_can_stay_and_there_may_be_none() {
        let octets = [0x30, 5, 0, 3, b'a', b'/', b'b'];
        assert_eq!(Names::new("a/b", false, Sender::Server).to_now(&octets), octets);
        assert_eq!(Names::new("", true, Sender::Server).to_now(&octets), octets);
    }

    #[test]
    fn two_replays_have_two_names() {
        assert_ne!(fresh_tag(9), fresh_tag(9));
        assert_eq!(fresh_tag(20).len(), 20);
    }
}
