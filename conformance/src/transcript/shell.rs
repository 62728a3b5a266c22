//! A conversation as one line of shell: `printf '\020\014…' | nc -q 2 HOST PORT | xxd`.
//!
//! For everybody who would rather see it with their own eyes, and for issue trackers. Octets are
//! written in octal, since that is what every `printf` understands, and letters as they are.

use std::fmt::Write as _;

use super::{Action, End, Expectation, Transcript};
use crate::wire::{Octets as _, Packet, Reader, Sender};

impl Transcript {
    /// A shell command that has this conversation with a broker on TCP and prints what comes back.
    ///
    /// `None` where a line does not suffice: for several connections, for what is sent in pieces
    /// or ended by a reset, and for much. Where the order matters there are pauses; where the
    /// connection should be closed and is not, a PINGREQ at the end that no one should answer.
    pub fn to_shell(&self, host: &str, port: u16) -> Option<String> {
        let mut parts = self.groups()?;
        let mut remark = "";
        let stays_open = matches!(self.deviation.expected, Expectation::Close { .. })
            && self.deviation.seen.end == End::Open;
        if stays_open && self.ends_with_a_packet() {
            parts.push(sleep(self.deviation.within_ms));
            parts.push(printf(&Packet::Pingreq.octets()));
            remark = "  # d000 at the end: it is still open";
        }
        let says = match parts.as_slice() {
            [] => return None,
            [one] => one.clone(),
            many => format!("({})", many.join("; ")),
        };
        let line = format!("{says} | nc -q 2 {host} {port} | xxd{remark}");
        (line.len() <= MOST_CHARACTERS).then_some(line)
    }

    /// What is sent at once, and the pauses between.
    fn groups(&self) -> Option<Vec<String>> {
        if self.connections() != 1 || !self.whole {
            return None;
        }
        let mut parts = Vec::new();
        let mut group = Vec::new();
        let mut pause = 0;
        for step in &self.steps {
            match &step.action {
                Action::Open { .. } | Action::Closed => {}
                Action::Send { octets, pieces: None, .. } => {
                    if pause > 0 && !group.is_empty() {
                        parts.push(printf(&std::mem::take(&mut group)));
                        parts.push(sleep(pause));
                    }
                    pause = 0;
                    group.extend_from_slice(octets);
                }
                Action::Receive { .. } => pause = pause.max(TIME_TO_ANSWER_MS),
                Action::Wait { ms } => pause += ms,
                _ => return None,
            }
        }
        if !group.is_empty() {
            parts.push(printf(&group));
        }
        // `nc` gives two seconds, which is enough for what is due.
        if pause > TIME_TO_ANSWER_MS {
            parts.push(sleep(pause));
        }
        Some(parts)
    }

    fn ends_with_a_packet(&self) -> bool {
        let mut reader = Reader::new(Sender::Client);
        for step in &self.steps {
            if let Action::Send { octets, .. } = &step.action {
                reader.push(octets);
            }
        }
        while reader.next_read().is_some() {}
        reader.unread().is_empty()
    }
}

fn sleep(ms: u64) -> String {
    let tenths = ms.div_ceil(100);
    match tenths % 10 {
        0 => format!("sleep {}", tenths / 10),
        tenth => format!("sleep {}.{tenth}", tenths / 10),
    }
}

fn printf(octets: &[u8]) -> String {
    let mut text = "printf '".to_owned();
    for &octet in octets {
        match octet {
            b'\'' | b'\\' | b'%' => write!(text, "\\{octet:03o}"),
            b' '..=b'~' => write!(text, "{}", char::from(octet)),
            _ => write!(text, "\\{octet:03o}"),
        }
        .expect("a String takes all that is written to it");
    }
    text.push('\'');
    text
}

/// Plenty for a broker nearby, between a packet and one that has to come after its answer.
const TIME_TO_ANSWER_MS: u64 = 500;

/// A line that somebody may still want to paste.
const MOST_CHARACTERS: usize = 1_500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_shell_understands_is_written() {
        assert_eq!(
            printf(b"\x10MQTT\0a'b\\c%d\xff7"),
            r"printf '\020MQTT\000a\047b\134c\045d\3777'"
        );
    }

    #[test]
    fn pauses_are_in_seconds() {
        assert_eq!([sleep(500), sleep(1_000), sleep(1_540)], ["sleep 0.5", "sleep 1", "sleep 1.6"]);
    }
}
