//! What a case does on a WebSocket below the packets: frames of its own making.

use super::Peer;
use super::sending::Declared;
use crate::finding::Finding;
use crate::record::Side;
use crate::websocket::{Frame, FrameReader, Received};
use crate::wire::{Sender, describe};

impl Peer {
    /// Sends these frames, one after the other: whole messages of binary data that hold packets
    /// in good order, and frames of control.
    ///
    /// In the transcript each stands for itself, with the packets that it holds.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has stopped reading; [`Finding::Error`] when a
    /// frame, or a packet in it, breaks a rule.
    pub fn send_frames(&mut self, frames: impl IntoIterator<Item = Frame>) -> Result<(), Finding> {
        self.send_frames_as(frames, true)
    }

    /// Sends frames of which one at least is not what MQTT may send. As above they are masked by a
    /// Client, and not by a Server.
    ///
    /// # Errors
    ///
    /// [`Finding::Inconclusive`] when the subject has stopped reading; [`Finding::Error`] when
    /// nothing is wrong with them.
    pub fn send_invalid_frames(
        &mut self,
        frames: impl IntoIterator<Item = Frame>,
    ) -> Result<(), Finding> {
        self.send_frames_as(frames, false)
    }

    fn send_frames_as(
        &mut self,
        frames: impl IntoIterator<Item = Frame>,
        declared_valid: bool,
    ) -> Result<(), Finding> {
        let sender = self.subject.other();
        let mine = |frame: Frame| match sender {
            Sender::Client => frame,
            Sender::Server => frame.unmasked(),
        };
        let frames: Vec<_> = frames.into_iter().map(mine).collect();
        let lines: Vec<_> = frames.iter().map(|frame| told(frame, sender)).collect();
        for (frame, text) in frames.iter().zip(&lines) {
            self.record.packet(&self.name, Side::Judge, text, &frame.octets());
        }
        let packets = packets(&frames, sender);
        let are_valid = match &packets {
            Some(packets) => self.read_back(packets) != Some(Declared::Invalid),
            None => false,
        };
        if are_valid != declared_valid {
            let declared = if declared_valid { "frames in good order" } else { "a breach" };
            let text = lines.join(", ");
            return Err(Finding::Error(format!("the judge sent this as {declared}: {text}")));
        }
        if !declared_valid {
            self.record.sent_invalid();
        }
        frames
            .iter()
            .try_for_each(|frame| self.write_by(|below, wait| below.write_frame(frame, wait)))
    }

    /// The frames of control that the subject has sent up to now, as far as they were read: pings,
    /// pongs, and its farewell.
    pub fn control_frames(&self) -> &[Frame] {
        &self.control_frames
    }

    pub(super) fn take_in_control_frames(&mut self) {
        for frame in self.transport.control_frames() {
            let text = format!("WebSocket {frame}");
            self.record.packet(&self.name, Side::Subject, &text, &frame.octets());
            if self.control_frames.len() < MOST_KEPT {
                self.control_frames.push(frame);
            }
        }
    }
}

/// What the frames say to MQTT; `None` when they are not whole messages of binary data.
///
/// They are read as the other side would that is strict, from the octets that go over the wire.
fn packets(frames: &[Frame], sender: Sender) -> Option<Vec<u8>> {
    let mut reader = FrameReader::new(sender);
    let mut packets = Vec::new();
    let mut is_last = true;
    for frame in frames {
        reader.push(&frame.octets());
        let Received { frame, message } = reader.next_frame()?.ok()?;
        match message {
            Frame::BINARY => {
                is_last = frame.is_last;
                packets.extend_from_slice(&frame.payload);
            }
            Frame::CLOSE | Frame::PING | Frame::PONG => {}
            _ => return None,
        }
    }
    is_last.then_some(packets)
}

/// A frame on one line, with the packets in it if it holds whole ones.
fn told(frame: &Frame, sender: Sender) -> String {
    let packets: Vec<_> = match frame.opcode {
        Frame::TEXT | Frame::BINARY if frame.is_last => {
            describe(&frame.payload, sender).into_iter().map(|(text, _)| text).collect()
        }
        _ => Vec::new(),
    };
    match packets.len() {
        0 => format!("WebSocket {frame}"),
        1..=MOST_TOLD => format!("WebSocket {frame}: {}", packets.join(", then ")),
        many => {
            let first = packets[..MOST_TOLD].join(", then ");
            format!("WebSocket {frame}: {first}, then {} more", many - MOST_TOLD)
        }
    }
}

/// Packets of one frame that a line of the transcript names.
const MOST_TOLD: usize = 4;

/// More frames of control than any case looks at.
const MOST_KEPT: usize = 100;
