//! Acknowledgements that answer what came now.
//!
//! The subject chooses the Packet Identifiers of its messages, and may choose others than in the
//! recording. They belong to a Session, so that they hold for its next connection too.

use std::collections::BTreeMap;

/// Packet Identifiers of the subject: those of the recording, and those that came in their place.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// `None` for a message that did not come.
    by_then: BTreeMap<(Vec<u8>, u16), Option<u16>>,
}

/// What to do with an acknowledgement of the recording.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// It goes out, changed where need be.
    Send(Vec<u8>),
    /// It answers a message that did not come.
    Drop,
}

impl Answers {
    /// Whether anything is known of this identifier of the recording.
    pub(super) fn knows(&self, session: &[u8], then: u16) -> bool {
        self.by_then.contains_key(&(session.to_vec(), then))
    }

    /// A message came with `now` that had `then` in the recording; `None` when it did not come.
    pub(super) fn note(&mut self, session: &[u8], then: u16, now: Option<u16>) {
        self.by_then.insert((session.to_vec(), then), now);
    }

    /// Whether what is known lets `now` stand for `then`: neither stands for another.
    pub(super) fn agrees(&self, session: &[u8], then: u16, now: u16) -> bool {
        self.by_then
            .iter()
            .filter(|((of, _), _)| of == session)
            .all(|((_, other), came)| came.is_none() || (*other == then) == (*came == Some(now)))
    }

    /// The identifier that a message had in the recording; the same one when nobody knows.
    pub(super) fn then(&self, session: &[u8], now: u16) -> u16 {
        let known =
            self.by_then.iter().find(|((of, _), came)| of == session && **came == Some(now));
        known.map_or(now, |((_, then), _)| *then)
    }

    /// The octets of one packet that goes out, with the identifier that came now.
    pub(super) fn answer(&self, session: &[u8], packet: &[u8]) -> Answer {
        let answered = answered(packet).and_then(|(at, then)| {
            self.by_then.get(&(session.to_vec(), then)).map(|now| (at, *now))
        });
        match answered {
            None => Answer::Send(packet.to_vec()),
            Some((_, None)) => Answer::Drop,
            Some((at, Some(now))) => {
                let mut packet = packet.to_vec();
                packet[at..at + 2].copy_from_slice(&now.to_be_bytes());
                Answer::Send(packet)
            }
        }
    }
}

/// Where in a PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK, in good order or not, its Packet
/// Identifier is, and which. `None` for all else.
pub(super) fn answered(packet: &[u8]) -> Option<(usize, u16)> {
    if !matches!(packet.first()? >> 4, 4 | 5 | 7 | 9 | 11) {
        return None;
    }
    let length = packet[1..].iter().take(4).position(|octet| octet & 0x80 == 0)? + 1;
    let id = packet.get(1 + length..3 + length)?;
    Some((1 + length, u16::from_be_bytes([id[0], id[1]])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_answers_what_came_now() {
        let mut answers = Answers::default();
        answers.note(b"a", 1, Some(258));
        answers.note(b"a", 2, None);
        let sent = |session: &[u8], packet: &[u8]| answers.answer(session, packet);
        assert_eq!(sent(b"a", &[0x40, 2, 0, 1]), Answer::Send(vec![0x40, 2, 1, 2]));
        assert_eq!(
            sent(b"a", &[0x41, 0x83, 0, 0, 1, 0]),
            Answer::Send(vec![0x41, 0x83, 0, 1, 2, 0])
        );
        assert_eq!(sent(b"a", &[0x40, 2, 0, 2]), Answer::Drop);
        // Of another Session, of a packet of our own, or nothing that was ever received.
        for packet in [[0x40, 2, 0, 3], [0x62, 2, 0, 1]] {
            assert_eq!(sent(b"a", &packet), Answer::Send(packet.to_vec()));
        }
        assert_eq!(sent(b"b", &[0x40, 2, 0, 1]), Answer::Send(vec![0x40, 2, 0, 1]));
        assert!(answers.agrees(b"a", 1, 258) && answers.agrees(b"a", 9, 9));
        assert!(!answers.agrees(b"a", 1, 9) && !answers.agrees(b"a", 9, 258));
        assert_eq!((answers.then(b"a", 258), answers.then(b"a", 7)), (1, 7));
    }
}
