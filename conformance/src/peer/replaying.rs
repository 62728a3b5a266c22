//! What a replay needs of a connection: to send what a file says, and to see all that comes.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Peer, Wait};
use crate::finding::Finding;
use crate::record::Side;
use crate::transcript::Action;
use crate::wire::{Packet, describe};

impl Peer {
    /// Sends octets in pieces of `size`, whatever they are: whoever recorded them has looked at
    /// them.
    pub(crate) fn repeat(&mut self, octets: &[u8], size: Option<usize>) -> Result<(), Finding> {
        self.line.step(Action::Send { octets: octets.to_vec(), pieces: size, text: Vec::new() });
        for (text, range) in describe(octets, self.subject.other()) {
            self.record.packet(&self.name, Side::Judge, &text, &octets[range]);
        }
        self.read_back(octets);
        octets.chunks(size.unwrap_or(usize::MAX).max(1)).try_for_each(|piece| self.write(piece))
    }

    /// Waits for one packet more than there are, or the end, or `deadline`.
    pub(crate) fn listen(&mut self, deadline: Instant) -> Result<Wait, Finding> {
        self.pump(deadline)
    }

    /// What has come and was not taken yet.
    pub(crate) const fn unread(&mut self) -> &mut VecDeque<Packet> {
        &mut self.unread
    }

    /// Ends its own direction, and goes on listening.
    pub(crate) fn finish(&mut self) {
        // Over TLS and WebSocket there is no such thing, and the replay goes on without.
        let _ = self.half_close();
    }
}
