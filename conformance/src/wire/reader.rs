//! From a stream of octets to packets, one after the other.

use super::malformed::{Fault, Malformed};
use super::packet::Packet;

/// Which side sends: it decides which packets may come, and which statement their form breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sender {
    /// The side that opened the Network Connection.
    Client,
    /// The side that accepted it.
    Server,
}

impl Sender {
    /// The side that it talks with.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The statement by which all that this side sends has the form of chapters 2 and 3.
    pub(super) const fn format_statement(self) -> &'static str {
        match self {
            Self::Client => "U-7.1.2-1",
            Self::Server => "U-7.1.1-1",
        }
    }
}

/// Takes octets as they come and gives back packets as they are complete.
///
/// # Examples
///
/// ```
/// use mqttspec_conformance::wire::{Packet, Reader, Sender};
///
/// let mut reader = Reader::new(Sender::Server);
/// reader.push(&[0x40, 2, 0]);
/// assert!(reader.next_read().is_none());
/// reader.push(&[7, 0xd0]);
/// assert_eq!(reader.next_read().unwrap().packet, Ok(Packet::Puback(7)));
/// assert_eq!(reader.unread(), [0xd0]);
/// ```
#[derive(Debug)]
pub struct Reader {
    sender: Sender,
    buffer: Vec<u8>,
    /// How much of `buffer` has been given back already.
    given: usize,
    /// Set by a Remaining Length that has no end: from there on no packet can be found.
    lost: bool,
}

/// A packet, or what should have been one, with its octets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Read {
    /// All its octets. Where the Remaining Length itself is malformed, those seen so far.
    pub octets: Vec<u8>,
    /// What they mean.
    pub packet: Result<Packet, Malformed>,
}

impl Reader {
    /// A reader of what this side sends.
    pub const fn new(sender: Sender) -> Self {
        Self { sender, buffer: Vec::new(), given: 0, lost: false }
    }

    /// Takes in octets that have arrived.
    pub fn push(&mut self, octets: &[u8]) {
        // What was given back already must not pile up over a long conversation.
        self.buffer.drain(..std::mem::take(&mut self.given));
        self.buffer.extend_from_slice(octets);
    }

    /// The next packet, once it is complete. After a malformed Remaining Length none follows.
    pub fn next_read(&mut self) -> Option<Read> {
        if self.lost {
            return None;
        }
        let unread = self.unread();
        let (body, length) = match fixed_header(unread) {
            Ok(header) => header?,
            Err(malformed) => {
                let read = Read { octets: unread.to_vec(), packet: Err(malformed) };
                self.given = self.buffer.len();
                self.lost = true;
                return Some(read);
            }
        };
        let octets = unread.get(..body + length)?.to_vec();
        self.given += octets.len();
        let packet = Packet::decode(&octets, body, self.sender);
        Some(Read { octets, packet })
    }

    /// What has arrived of a packet that is not complete yet.
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.given..]
    }
}

/// Where the body of a packet begins, and how long it is; `None` when that has not arrived yet.
fn fixed_header(octets: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let mut length = 0;
    for (position, octet) in octets.iter().skip(1).enumerate() {
        length |= usize::from(octet & 0x7f) << (7 * position);
        if octet & 0x80 == 0 {
            return Ok(Some((position + 2, length)));
        }
        // The fourth octet promises a fifth: no need to wait for it.
        if position == 3 {
            return Err(Malformed { fault: Fault::RemainingLength, offset: 4 });
        }
    }
    Ok(None)
}
