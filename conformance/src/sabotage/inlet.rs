//! What one end of a connection sends: the stream of packets, and on a WebSocket what is beside it.

use crate::websocket::{Frame, FrameReader, Received};
use crate::wire::Sender;

/// Takes octets as they come from one end, and tells which of them are packets.
#[derive(Debug)]
pub(super) enum Inlet {
    /// TCP: all of it.
    Plain,
    /// A WebSocket: what is in messages of binary data.
    Frames {
        reader: FrameReader,
        /// What has come, and not gone out as a frame yet.
        pending: Vec<u8>,
        /// Set once no frames can be told apart any more.
        is_broken: bool,
    },
}

/// Something that one end has sent.
#[derive(Debug)]
pub(super) enum Piece {
    /// Octets of the stream of packets: a segment, or the payload of one frame.
    Packets(Vec<u8>),
    /// A frame that holds no packets: of control, or of other data.
    Beside(Frame),
    /// Octets that are no frame, and all after them.
    Broken(Vec<u8>),
}

impl Inlet {
    pub(super) const fn websocket(from: Sender) -> Self {
        Self::Frames { reader: FrameReader::new(from), pending: Vec::new(), is_broken: false }
    }

    /// The pieces that are complete now.
    pub(super) fn take(&mut self, octets: &[u8]) -> Vec<Piece> {
        let Self::Frames { reader, pending, is_broken } = self else {
            return vec![Piece::Packets(octets.to_vec())];
        };
        if *is_broken {
            return vec![Piece::Broken(octets.to_vec())];
        }
        pending.extend_from_slice(octets);
        reader.push(octets);
        let mut pieces = Vec::new();
        while let Some(read) = reader.next_frame() {
            let Ok(Received { frame, message }) = read else {
                *is_broken = true;
                pieces.push(Piece::Broken(std::mem::take(pending)));
                break;
            };
            // A length has one form only, so that a frame is written as it was read.
            pending.drain(..frame.octets().len());
            pieces.push(match message {
                Frame::BINARY => Piece::Packets(frame.payload),
                _ => Piece::Beside(frame),
            });
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_packet_comes_through_as_it_was() {
        let mut inlet = Inlet::websocket(Sender::Client);
        let (text, ping) = (Frame::text("hello"), Frame::ping("?"));
        let broken = Frame::binary("x").unmasked().octets();
        let sent = [Frame::binary("ab").octets(), text.octets(), ping.octets(), broken.clone()];
        let (begin, end) = (sent.concat(), b"and more");
        let mut pieces = inlet.take(&begin[..3]);
        pieces.extend(inlet.take(&begin[3..]));
        pieces.extend(inlet.take(end));
        let told: Vec<_> = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Packets(octets) => ("packets", octets),
                Piece::Beside(frame) => ("beside", frame.octets()),
                Piece::Broken(octets) => ("broken", octets),
            })
            .collect();
        let expected = [
            ("packets", b"ab".to_vec()),
            ("beside", text.octets()),
            ("beside", ping.octets()),
            ("broken", broken),
            ("broken", end.to_vec()),
        ];
        assert_eq!(told, expected);
    }
}
