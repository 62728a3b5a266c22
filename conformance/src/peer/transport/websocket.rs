//! WebSocket over another transport.
//!
//! This side asked for it, or was asked. What is written goes into a binary frame of its own, and
//! what comes in binary frames is one stream of octets. Pings are answered. Anything but binary data from the other side is a
//! [`Breach`].

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::{Breach, Transport};
use crate::websocket::{Answer, Frame, FrameReader, Received, Request};
use crate::wire::Sender;

/// A WebSocket of which this is one side.
struct WebSocket {
    /// Which: a Client masks what it sends, and a Server does not.
    side: Sender,
    below: Box<dyn Transport>,
    reader: FrameReader,
    /// Octets that have come and not been asked for.
    unread: VecDeque<u8>,
    control: Vec<Frame>,
    /// Set when this side has said farewell.
    leaving: bool,
    /// Set when the other side has.
    ended: bool,
}

/// What came of a request to open a WebSocket.
pub(crate) struct Upgraded {
    pub(crate) answer: Answer,
    /// The WebSocket, when the answer has opened it.
    pub(crate) transport: Option<Box<dyn Transport>>,
}

/// Asks the other side of `below` for a WebSocket.
///
/// # Errors
///
/// Those of `below`, and [`io::ErrorKind::InvalidData`] when the other side does not know what a
/// WebSocket is.
pub(crate) fn upgrade(
    mut below: Box<dyn Transport>,
    request: &Request,
    wait: Duration,
) -> io::Result<Upgraded> {
    let deadline = Instant::now() + wait;
    below.write(&request.octets(), wait)?;
    let mut octets = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match below.read(&mut buffer, deadline.saturating_duration_since(Instant::now())) {
            Ok(length @ 1..) => octets.extend_from_slice(&buffer[..length]),
            Ok(_) => return Ok(Upgraded { answer: Answer::none(), transport: None }),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Ok(Upgraded { answer: Answer::none(), transport: None });
            }
            Err(error) => return Err(error),
        }
        let read = Answer::read(request, &octets)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let Some((answer, head)) = read else { continue };
        let transport = answer.is_open().then(|| open(Sender::Client, below, &octets[head..]));
        return Ok(Upgraded { answer, transport });
    }
}

/// Waits for the request that opens a WebSocket on `below`, and answers it by the subprotocol that
/// `choose` picks: the request, and the WebSocket.
///
/// # Errors
///
/// Those of `below`, and [`io::ErrorKind::InvalidData`] when what comes is no such request.
pub(crate) fn accept(
    mut below: Box<dyn Transport>,
    wait: Duration,
    choose: impl FnOnce(&Request) -> Option<&'static str>,
) -> io::Result<(Request, Box<dyn Transport>)> {
    let deadline = Instant::now() + wait;
    let mut octets = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match below.read(&mut buffer, deadline.saturating_duration_since(Instant::now()))? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => octets.extend_from_slice(&buffer[..length]),
        }
        let read = Request::read(&octets)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let Some((request, head)) = read else { continue };
        below.write(&request.accepted(choose(&request)).octets(), wait)?;
        let websocket = open(Sender::Server, below, &octets[head..]);
        return Ok((request, websocket));
    }
}

/// This side of a WebSocket that is open, with what came behind the handshake.
fn open(side: Sender, below: Box<dyn Transport>, rest: &[u8]) -> Box<dyn Transport> {
    let mut reader = FrameReader::new(side.other());
    reader.push(rest);
    let (unread, control) = (VecDeque::new(), Vec::new());
    Box::new(WebSocket { side, below, reader, unread, control, leaving: false, ended: false })
}

impl WebSocket {
    /// The frame as this side sends it.
    fn mine(&self, frame: Frame) -> Frame {
        match self.side {
            Sender::Client => frame,
            Sender::Server => frame.unmasked(),
        }
    }

    /// Deals with the frames that have arrived as a whole.
    fn take_in(&mut self, deadline: Instant) -> io::Result<()> {
        while !self.ended
            && let Some(read) = self.reader.next_frame()
        {
            match read {
                Ok(Received { frame, message: Frame::BINARY }) => {
                    self.unread.extend(frame.payload);
                }
                Ok(Received { frame, .. }) if frame.is_control() => {
                    self.control(frame, deadline)?;
                }
                Ok(Received { frame, .. }) => return Err(breach(frame.to_string())),
                Err(fault) => return Err(breach(fault.to_string())),
            }
        }
        Ok(())
    }

    fn control(&mut self, frame: Frame, deadline: Instant) -> io::Result<()> {
        let wait = deadline.saturating_duration_since(Instant::now());
        match frame.opcode {
            Frame::PING => {
                let pong = self.mine(Frame::pong(frame.payload.as_slice()));
                self.below.write(&pong.octets(), wait)?;
            }
            Frame::CLOSE => {
                self.ended = true;
                let answer = self.mine(Frame::new(Frame::CLOSE, frame.payload.as_slice()));
                // Who has said farewell need not wait for ours.
                let _ = if self.leaving { Ok(()) } else { self.write_frame(&answer, wait) };
                // Some wait for the end of the connection below before they hold it for closed.
                self.below.finish();
            }
            Frame::PONG => {}
            _ => return Err(breach(frame.to_string())),
        }
        if self.control.len() < MOST_CONTROL {
            self.control.push(frame);
        }
        Ok(())
    }
}

impl Transport for WebSocket {
    fn write(&mut self, octets: &[u8], wait: Duration) -> io::Result<()> {
        // [MQTT-6.0.0-1] Binary, and nothing else, unless a case says so.
        self.write_frame(&self.mine(Frame::binary(octets)), wait)
    }

    fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        let deadline = Instant::now() + wait;
        loop {
            self.take_in(deadline)?;
            if !self.unread.is_empty() {
                return io::Read::read(&mut self.unread, buffer);
            }
            if self.ended {
                return Ok(0);
            }
            let mut octets = [0; 16 * 1024];
            let wait = deadline.saturating_duration_since(Instant::now());
            match self.below.read(&mut octets, wait)? {
                0 => return Ok(0),
                length => self.reader.push(&octets[..length]),
            }
        }
    }

    fn finish(&mut self) {
        // Fails only on a connection that is gone, which the next read tells.
        let farewell = self.mine(Frame::close(1000));
        let _ = if self.leaving { Ok(()) } else { self.write_frame(&farewell, FAREWELL) };
        self.below.finish();
    }

    fn reset(self: Box<Self>) {
        self.below.reset();
    }

    fn no_half_close(&self) -> Option<&'static str> {
        Some("a WebSocket has no end of one direction")
    }

    fn write_frame(&mut self, frame: &Frame, wait: Duration) -> io::Result<()> {
        self.leaving |= frame.opcode == Frame::CLOSE;
        self.below.write(&frame.octets(), wait)
    }

    fn control_frames(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.control)
    }
}

fn breach(seen: String) -> io::Error {
    let expected = "MQTT in binary data frames of WebSocket";
    io::Error::other(Breach { expected, seen, statement: "MQTT-6.0.0-1" })
}

/// Frames of control that are kept until somebody asks for them.
const MOST_CONTROL: usize = 100;

/// How long a farewell may take to be handed over.
const FAREWELL: Duration = Duration::from_secs(1);
