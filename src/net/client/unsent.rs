//! Octets on their way to the socket, what they wait for, and who waits until they are there.

use std::collections::VecDeque;
use std::io;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::request::Reply;
use crate::client::Outcome;
use crate::packet::Packet;

/// Packets that have been encoded and not been written yet.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    octets: BytesMut,
    /// Whether octets were written that a transport above the socket may still hold back.
    unflushed: bool,
    /// All octets that were ever put in.
    put: u64,
    /// Answers to give when so many octets have gone.
    answers: VecDeque<(u64, Reply)>,
    /// What is put in behind so many octets goes when so many units are kept.
    holds: VecDeque<(u64, u64)>,
}

impl Unsent {
    /// Puts a packet behind all others.
    pub(super) fn push(&mut self, packet: &Packet) {
        let before = self.octets.len();
        packet.encode(&mut self.octets).expect("the Client lets nothing pass that is too long");
        self.put += (self.octets.len() - before) as u64;
    }

    /// Holds back what is put in from here on until `units` are kept.
    pub(super) fn hold(&mut self, units: u64) {
        match self.holds.back_mut() {
            Some((put, until)) if *put == self.put => *until = units,
            _ => self.holds.push_back((self.put, units)),
        }
    }

    /// So many units are kept.
    pub(super) fn kept(&mut self, units: u64) {
        while self.holds.pop_front_if(|(_, until)| *until <= units).is_some() {}
    }

    /// Gives the answer once everything that was put in before has gone.
    pub(super) fn then(&mut self, reply: Reply) {
        self.answers.push_back((self.put, reply));
        self.answer();
    }

    /// How many octets wait.
    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether there is something that may be written, or flushed.
    pub(super) fn waits(&self) -> bool {
        self.unflushed || self.free() > 0
    }

    /// Writes some of it, and flushes once all that is not held back is written. Cancel-safe.
    pub(super) async fn write_to(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let free = self.free();
        if free > 0 {
            let written = writer.write(&self.octets[..free]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.octets.advance(written);
            self.unflushed = true;
            self.answer();
        }
        if self.free() == 0 {
            writer.flush().await?;
            self.unflushed = false;
        }
        Ok(())
    }

    /// The connection is gone, and nothing of this will be sent: who waits for it.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Reply> + use<> {
        std::mem::take(self).answers.into_iter().map(|(_, reply)| reply)
    }

    /// How many octets nothing holds back.
    fn free(&self) -> usize {
        match self.holds.front() {
            None => self.octets.len(),
            Some((put, _)) => {
                let behind = self.put - put;
                self.octets.len().saturating_sub(usize::try_from(behind).unwrap_or(usize::MAX))
            }
        }
    }

    /// Answers those whose octets have gone.
    fn answer(&mut self) {
        let gone = self.put - self.octets.len() as u64;
        while let Some((_, reply)) = self.answers.pop_front_if(|(put, _)| *put <= gone) {
            reply.completed(Outcome::Delivered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Pingreq;

    #[test]
    fn of_two_waits_at_one_place_the_later_counts() {
        let mut unsent = Unsent::default();
        unsent.push(&Pingreq.into());
        unsent.hold(1);
        unsent.hold(2);
        unsent.push(&Pingreq.into());
        assert_eq!((unsent.len(), unsent.free()), (4, 2));
        unsent.kept(1);
        assert_eq!(unsent.free(), 2, "the second is not kept yet");
        unsent.kept(2);
        assert_eq!(unsent.free(), 4);
    }
}
