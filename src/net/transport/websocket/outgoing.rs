//! Octets in, binary frames out.
//!
//! A Server's payload is not copied: only the header of a frame stands here, and goes out in front
//! of the caller's own octets. A Client's has to be masked, and so it is copied.

use std::io::IoSlice;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::Role;
use super::incoming::unmask;

/// Puts frames together.
#[derive(Debug)]
pub(super) struct Outgoing {
    role: Role,
    /// To be written before anything else.
    ready: BytesMut,
    /// Octets of the caller that the frame under way still has to hold.
    remaining: usize,
    /// The payload of the last ping, which waits for the end of a frame. Earlier ones need no
    /// answer of their own (RFC 6455, 5.5.3), so that pings cannot pile up.
    pong: Option<Bytes>,
    closing: Closing,
}

/// Whether the WebSocket is closed from this side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Closing {
    Open,
    /// A close frame with this code waits for the end of a frame.
    Wanted(Option<u16>),
    Said,
}

/// With so many octets ready nothing is added to them.
const FULL: usize = 64 * 1024;

/// How many pieces are handed to the stream at once: the header, and what the caller has.
const SLICES: usize = 17;

impl Outgoing {
    pub(super) fn new(role: Role) -> Self {
        let ready = BytesMut::new();
        Self { role, ready, remaining: 0, pong: None, closing: Closing::Open }
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self, payload: Bytes) {
        self.pong = Some(payload);
    }

    /// Closes the WebSocket; the first reason stays.
    pub(super) fn close(&mut self, code: Option<u16>) {
        if self.closing == Closing::Open {
            self.closing = Closing::Wanted(code);
        }
    }

    /// Whether no frame may be begun any more. One that is under way still has its end to come.
    pub(super) fn is_closed(&self) -> bool {
        self.closing != Closing::Open && self.remaining == 0
    }

    /// Whether enough is ready.
    pub(super) fn is_full(&self) -> bool {
        self.ready.len() >= FULL
    }

    /// What goes out next, before anything of the caller.
    pub(super) fn ready(&self) -> &[u8] {
        &self.ready
    }

    /// Makes control frames ready, unless a frame is under way: nothing may stand within one.
    pub(super) fn prepare(&mut self) {
        if self.remaining > 0 || self.closing == Closing::Said {
            return;
        }
        if let Some(payload) = self.pong.take() {
            self.put_frame(OpCode::Control(Control::Pong), &payload);
        }
        if let Closing::Wanted(code) = self.closing {
            let payload = code.map(u16::to_be_bytes);
            self.put_frame(OpCode::Control(Control::Close), payload.as_ref().map_or(&[], |p| p));
            self.closing = Closing::Said;
        }
    }

    /// Begins a binary frame for `length` octets of the caller, unless one is under way.
    pub(super) fn begin_frame(&mut self, length: usize) {
        if self.remaining == 0 {
            self.prepare();
            self.put_header(OpCode::Data(Data::Binary), length, None);
            self.remaining = length;
        }
    }

    /// What is ready, and behind it so much of the caller's octets as the frame has to hold.
    pub(super) fn slices<'a>(
        &'a self,
        callers: &'a [IoSlice<'_>],
        slices: &'a mut [IoSlice<'a>; SLICES],
    ) -> &'a [IoSlice<'a>] {
        let mut count = 0;
        if !self.ready.is_empty() {
            slices[0] = IoSlice::new(&self.ready);
            count = 1;
        }
        let mut remaining = self.remaining;
        for caller in callers.iter().filter(|caller| !caller.is_empty()) {
            if remaining == 0 || count == SLICES {
                break;
            }
            let length = caller.len().min(remaining);
            slices[count] = IoSlice::new(&caller[..length]);
            count += 1;
            remaining -= length;
        }
        &slices[..count]
    }

    /// Room for the pieces of [`slices`](Self::slices).
    pub(super) fn no_slices<'a>() -> [IoSlice<'a>; SLICES] {
        std::array::from_fn(|_| IoSlice::new(&[]))
    }

    /// Forgets the first `written` octets; how many of them were the caller's.
    pub(super) fn written(&mut self, written: usize) -> usize {
        let ours = written.min(self.ready.len());
        self.ready.advance(ours);
        if self.ready.is_empty() {
            // An idle connection keeps no memory for what it might send.
            self.ready = BytesMut::new();
        }
        let callers = written - ours;
        self.remaining -= callers;
        callers
    }

    /// Puts as much of `octets` into a masked frame as there is room for, and says how much.
    pub(super) fn put_masked(&mut self, octets: &[u8]) -> usize {
        let count = octets.len().min(FULL);
        self.prepare();
        self.put_frame(OpCode::Data(Data::Binary), &octets[..count]);
        count
    }

    fn put_frame(&mut self, opcode: OpCode, payload: &[u8]) {
        let mask = (self.role == Role::Client).then(rand::random::<[u8; 4]>);
        self.put_header(opcode, payload.len(), mask);
        let begin = self.ready.len();
        self.ready.extend_from_slice(payload);
        if let Some(mask) = mask {
            unmask(&mut self.ready[begin..], mask);
        }
    }

    fn put_header(&mut self, opcode: OpCode, length: usize, mask: Option<[u8; 4]>) {
        let header =
            FrameHeader { is_final: true, rsv1: false, rsv2: false, rsv3: false, opcode, mask };
        let written = header.format(length as u64, &mut (&mut self.ready).writer());
        debug_assert!(written.is_ok(), "memory takes everything");
    }
}
