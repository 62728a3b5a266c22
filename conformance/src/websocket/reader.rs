//! From octets to frames, and from frames to the messages they are part of.

use super::frame::{Frame, LENGTH_OF_16_BITS, LENGTH_OF_64_BITS};
use crate::wire::Sender;

/// Takes octets as they come and gives back frames as they are complete.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::websocket::{Frame, FrameReader};
/// use mqttspec_conformance::wire::Sender;
///
/// let mut reader = FrameReader::new(Sender::Server);
/// reader.push(&[0x82, 2, 0xc0]);
/// assert!(reader.next_frame().is_none());
/// reader.push(&[0]);
/// let received = reader.next_frame().unwrap().unwrap();
/// assert_eq!((received.message, received.frame.payload), (Frame::BINARY, vec![0xc0, 0]));
/// ```
#[derive(Debug)]
pub struct FrameReader {
    sender: Sender,
    buffer: Vec<u8>,
    /// The opcode of a message that has begun and not ended.
    message: Option<u8>,
    /// Set by what no frame can follow.
    lost: bool,
}

/// A frame, and what it is part of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The frame itself.
    pub frame: Frame,
    /// The opcode of its message: that of its first frame. Of control frames their own.
    pub message: u8,
}

/// What RFC 6455 does not allow in a frame. After one of them no frame can be found.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameFault {
    /// A control frame that is not the last of its message, or longer than 125 octets.
    #[error("a control frame in pieces or of more than 125 octets")]
    Control,
    /// A length that fewer octets could have told, or beyond every packet of MQTT.
    #[error("a length that is too long or not in its shortest form")]
    Length,
    /// A Server has masked it.
    #[error("a masked frame from a Server")]
    Masked,
    /// Reserved bits without an extension.
    #[error("reserved bits")]
    Reserved,
    /// A continuation of nothing, or a new message before the end of the last.
    #[error("a continuation of nothing, or a message within another")]
    Sequence,
    /// A Client has not masked it.
    #[error("an unmasked frame from a Client")]
    Unmasked,
}

impl FrameReader {
    /// A reader of what this side sends.
    pub const fn new(sender: Sender) -> Self {
        Self { sender, buffer: Vec::new(), message: None, lost: false }
    }

    /// Takes in octets that have arrived.
    pub fn push(&mut self, octets: &[u8]) {
        if !self.lost {
            self.buffer.extend_from_slice(octets);
        }
    }

    /// The next frame, once it is complete. After a fault none follows.
    pub fn next_frame(&mut self) -> Option<Result<Received, FrameFault>> {
        if self.lost {
            return None;
        }
        let outcome = self.try_frame().transpose()?;
        if outcome.is_err() {
            self.lost = true;
            self.buffer.clear();
        }
        Some(outcome)
    }

    fn try_frame(&mut self) -> Result<Option<Received>, FrameFault> {
        let [first, second, rest @ ..] = &self.buffer[..] else { return Ok(None) };
        let (reserved, opcode, is_last) = (first >> 4 & 7, first & 15, first & 0x80 != 0);
        let is_masked = second & 0x80 != 0;
        if reserved != 0 {
            return Err(FrameFault::Reserved);
        }
        match (self.sender, is_masked) {
            (Sender::Client, false) => return Err(FrameFault::Unmasked),
            (Sender::Server, true) => return Err(FrameFault::Masked),
            _ => {}
        }
        let Some((length, rest)) = length(second & 0x7f, rest)? else { return Ok(None) };
        let is_control = opcode >= Frame::CLOSE;
        if is_control && (!is_last || length > Frame::MOST_OF_CONTROL) {
            return Err(FrameFault::Control);
        }
        if !is_control && (opcode == Frame::CONTINUATION) != self.message.is_some() {
            return Err(FrameFault::Sequence);
        }
        let (mask, rest) = match rest {
            rest if !is_masked => (None, rest),
            [a, b, c, d, rest @ ..] => (Some([*a, *b, *c, *d]), rest),
            _ => return Ok(None),
        };
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        let mut payload = payload.to_vec();
        let taken = self.buffer.len() - rest.len() + length;
        for (octet, mask) in payload.iter_mut().zip(mask.iter().flatten().cycle()) {
            *octet ^= mask;
        }
        self.buffer.drain(..taken);
        let message = if is_control { opcode } else { self.message.unwrap_or(opcode) };
        if !is_control {
            self.message = (!is_last).then_some(message);
        }
        let frame = Frame { is_last, reserved, opcode, mask, payload };
        Ok(Some(Received { frame, message }))
    }
}

/// The length of a payload, and what follows it; `None` when that has not arrived yet.
fn length(short: u8, rest: &[u8]) -> Result<Option<(usize, &[u8])>, FrameFault> {
    let (length, rest, shortest) = match (short, rest) {
        (LENGTH_OF_16_BITS, [a, b, rest @ ..]) => (u16::from_be_bytes([*a, *b]).into(), rest, 126),
        (LENGTH_OF_64_BITS, [a, b, c, d, e, f, g, h, rest @ ..]) => {
            (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), rest, 65_536)
        }
        (LENGTH_OF_16_BITS | LENGTH_OF_64_BITS, _) => return Ok(None),
        (short, rest) => (short.into(), rest, 0),
    };
    match usize::try_from(length) {
        Ok(length @ ..=MOST_OCTETS) if length as u64 >= shortest => Ok(Some((length, rest))),
        _ => Err(FrameFault::Length),
    }
}

/// As long as the longest Control Packet, twice: whatever is longer is no conversation in MQTT.
const MOST_OCTETS: usize = 1 << 29;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sender: Sender, octets: &[u8]) -> Option<Result<Received, FrameFault>> {
        let mut reader = FrameReader::new(sender);
        reader.push(octets);
        reader.next_frame()
    }

    macro_rules! faults {
        ($($name:ident: $sender:ident $octets:expr => $fault:expr;)+) => {$(
            #[test]
            fn $name() {
                assert_eq!(read(Sender::$sender, &$octets), Some(Err($fault)));
            }
        )+};
    }

    faults! {
        // octets of a frame => what is wrong with it
        masked:         Server [0x82, 0x80]           => FrameFault::Masked;
        unmasked:       Client [0x82, 0x00]           => FrameFault::Unmasked;
        reserved_bits:  Server [0xc2, 0]              => FrameFault::Reserved;
        ping_begun:     Server [0x09, 0]              => FrameFault::Control;
        ping_too_long:  Server [0x89, 126, 0, 126]    => FrameFault::Control;
        not_shortest:   Server [0x82, 126, 0, 125]    => FrameFault::Length;
        endless:        Server [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0] => FrameFault::Length;
        orphan:         Server [0x80, 0]              => FrameFault::Sequence;
    }

    #[test]
    fn a_message_within_a_message_is_none() {
        let mut reader = FrameReader::new(Sender::Server);
        reader.push(&[0x02, 1, 7, 0x82, 1, 8]);
        assert!(matches!(reader.next_frame(), Some(Ok(_))));
        assert_eq!(reader.next_frame(), Some(Err(FrameFault::Sequence)));
        reader.push(&[0x82, 0]);
        assert_eq!(reader.next_frame(), None);
    }

    #[test]
    fn control_frames_stand_between_fragments() {
        let mut reader = FrameReader::new(Sender::Client);
        let [first, last] = &Frame::fragments(Frame::TEXT, b"ab", 1)[..] else { panic!("two") };
        for frame in [first, &Frame::ping("x"), last] {
            reader.push(&frame.octets());
        }
        let seen: Vec<_> =
            std::iter::from_fn(|| reader.next_frame()).map(|r| r.unwrap().message).collect();
        assert_eq!(seen, [Frame::TEXT, Frame::PING, Frame::TEXT]);
    }

    #[test]
    fn what_is_written_is_read_in_whatever_pieces_it_comes() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let frame = Frame::binary(vec![b'x'; length]);
            let octets = frame.octets();
            let mut reader = FrameReader::new(Sender::Client);
            let (begin, end) = octets.split_at(octets.len().min(9) - 1);
            for octet in begin {
                reader.push(&[*octet]);
                assert_eq!(reader.next_frame(), None);
            }
            reader.push(end);
            assert_eq!(reader.next_frame(), Some(Ok(Received { frame, message: Frame::BINARY })));
        }
    }
}
