//! Frames in, octets of the payload out.
//!
//! Clauses: [MQTT-6.0.0-1], [MQTT-6.0.0-2].

use std::io::Cursor;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::ReadBuf;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{FrameFault, Role};

/// Takes frames apart, as they come.
#[derive(Debug)]
pub(super) struct Incoming {
    role: Role,
    /// Whether the next data frame has to be a continuation.
    in_message: bool,
    /// What is still to come of the data frame that has begun.
    payload: Payload,
}

/// The rest of a payload.
#[derive(Debug, Default)]
struct Payload {
    remaining: u64,
    /// The mask, turned so that it begins at the next octet; zeros when there is none.
    mask: [u8; 4],
}

/// Why nothing more was taken.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// There is nothing more to take, or no more room to put it.
    All,
    /// The peer asks for a pong with this payload.
    Ping(Bytes),
    /// The peer closes the WebSocket, and perhaps says why.
    Close(Option<u16>),
}

/// RFC 6455, 5.5.
const MOST_CONTROL_OCTETS: u64 = 125;

impl Incoming {
    pub(super) const fn new(role: Role) -> Self {
        Self { role, in_message: false, payload: Payload { remaining: 0, mask: [0; 4] } }
    }

    /// Takes what there is off `unread`, and puts payload into `buffer`.
    ///
    /// # Errors
    ///
    /// The fault of the next frame, which stays where it is.
    pub(super) fn take(
        &mut self,
        unread: &mut BytesMut,
        buffer: &mut ReadBuf<'_>,
    ) -> Result<Taken, FrameFault> {
        loop {
            // [MQTT-6.0.0-2] What a frame holds is passed on piece by piece and without its
            // borders: no packet is looked for in it.
            self.payload.take(unread, buffer);
            if self.payload.remaining > 0 {
                return Ok(Taken::All);
            }
            let Some((header, length, size)) = header(unread)? else { return Ok(Taken::All) };
            self.check(&header, length)?;
            match header.opcode {
                OpCode::Data(_) => {
                    unread.advance(size);
                    self.in_message = !header.is_final;
                    self.payload =
                        Payload { remaining: length, mask: header.mask.unwrap_or_default() };
                }
                OpCode::Control(kind) => {
                    // At most 125 octets, as was checked.
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    if unread.len() - size < length {
                        return Ok(Taken::All);
                    }
                    unread.advance(size);
                    let mut content = unread.split_to(length);
                    unmask(&mut content, header.mask.unwrap_or_default());
                    match kind {
                        Control::Ping => return Ok(Taken::Ping(content.freeze())),
                        Control::Close => {
                            let code = content.first_chunk().map(|code| u16::from_be_bytes(*code));
                            return Ok(Taken::Close(code));
                        }
                        // Nobody here asks for a pong.
                        Control::Pong | Control::Reserved(_) => {}
                    }
                }
            }
        }
    }

    /// Whether a frame may come now.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<(), FrameFault> {
        match header.opcode {
            // [MQTT-6.0.0-1] Found at its header: neither its payload nor its end is waited for.
            OpCode::Data(Data::Text) => return Err(FrameFault::Text),
            OpCode::Data(Data::Continue) if !self.in_message => {
                return Err(FrameFault::ContinuationOfNothing);
            }
            OpCode::Data(Data::Binary) if self.in_message => {
                return Err(FrameFault::MessageWithinMessage);
            }
            OpCode::Control(_) if length > MOST_CONTROL_OCTETS => {
                return Err(FrameFault::LongControl(length));
            }
            OpCode::Control(_) if !header.is_final => return Err(FrameFault::FragmentedControl),
            OpCode::Data(_) | OpCode::Control(_) => {}
        }
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(FrameFault::ReservedBit);
        }
        if length > i64::MAX.unsigned_abs() {
            return Err(FrameFault::TooLong);
        }
        match (self.role, header.mask) {
            (Role::Server, None) => Err(FrameFault::Unmasked),
            (Role::Client, Some(_)) => Err(FrameFault::Masked),
            _ => Ok(()),
        }
    }
}

/// The next header, the length of what follows, and its own; `None` while it is not all there.
fn header(unread: &[u8]) -> Result<Option<(FrameHeader, u64, usize)>, FrameFault> {
    let mut cursor = Cursor::new(unread);
    match FrameHeader::parse(&mut cursor) {
        Ok(parsed) => Ok(parsed.map(|(header, length)| {
            let size = unread.len() - cursor.remaining();
            (header, length, size)
        })),
        // The only thing that cannot be parsed.
        Err(_) => Err(FrameFault::ReservedOpcode),
    }
}

impl Payload {
    /// Moves as much as there is, and as there is room for.
    fn take(&mut self, unread: &mut BytesMut, buffer: &mut ReadBuf<'_>) {
        let most = unread.len().min(buffer.remaining());
        let count = usize::try_from(self.remaining).map_or(most, |remaining| most.min(remaining));
        if count == 0 {
            return;
        }
        let begin = buffer.filled().len();
        buffer.put_slice(&unread[..count]);
        unmask(&mut buffer.filled_mut()[begin..], self.mask);
        unread.advance(count);
        self.mask.rotate_left(count % 4);
        self.remaining -= count as u64;
    }
}

/// Masks, or takes a mask away, which is the same.
pub(super) fn unmask(octets: &mut [u8], mask: [u8; 4]) {
    // Four at a time is what the compiler makes vectors of.
    let (chunks, rest) = octets.as_chunks_mut::<4>();
    let whole = u32::from_ne_bytes(mask);
    for chunk in chunks {
        *chunk = (u32::from_ne_bytes(*chunk) ^ whole).to_ne_bytes();
    }
    for (octet, mask) in rest.iter_mut().zip(mask) {
        *octet ^= mask;
    }
}
