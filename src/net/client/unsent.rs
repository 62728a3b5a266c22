//! Octets on their way to the socket, and who waits until they are there.

use std::collections::VecDeque;
use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::request::Reply;
use crate::client::Outcome;
use crate::packet::Packet;

/// Packets that have been encoded and not been written yet.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// Whoever writes takes octets off the front, and calls [`written`](Self::written).
    pub(super) octets: BytesMut,
    /// Whether octets were written that a transport above the socket may still hold back.
    unflushed: bool,
    /// All octets that were ever put in.
    put: u64,
    /// Answers to give when so many octets have gone.
    answers: VecDeque<(u64, Reply, Outcome)>,
}

impl Unsent {
    /// Puts a packet behind all others.
    pub(super) fn push(&mut self, packet: &Packet) {
        let before = self.octets.len();
        packet.encode(&mut self.octets).expect("the Client lets nothing pass that is too long");
        self.put += (self.octets.len() - before) as u64;
    }

    /// Gives the answer once everything that was put in before has gone.
    pub(super) fn then(&mut self, reply: Reply, outcome: Outcome) {
        self.answers.push_back((self.put, reply, outcome));
        self.written();
    }

    /// Whether there is something to write, or to flush.
    pub(super) fn waits(&self) -> bool {
        self.unflushed || !self.octets.is_empty()
    }

    /// Writes some of it, and flushes once it is all written. Cancel-safe.
    pub(super) async fn write_to(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        if !self.octets.is_empty() {
            writer.write_buf(&mut self.octets).await?;
            self.unflushed = true;
        }
        if self.octets.is_empty() {
            writer.flush().await?;
            self.unflushed = false;
        }
        Ok(())
    }

    /// Octets have been taken off the front.
    pub(super) fn written(&mut self) {
        let gone = self.put - self.octets.len() as u64;
        while let Some((_, reply, outcome)) = self.answers.pop_front_if(|(put, ..)| *put <= gone) {
            reply.completed(outcome);
        }
    }
}
