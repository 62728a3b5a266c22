//! What is to be written to a connection: small packets gathered, large payloads shared.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use crate::packet::{Packet, PacketTooLong};

/// What is to be written to a connection, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Before `tail`, in order.
    chunks: VecDeque<Bytes>,
    /// Small packets, one behind the other.
    tail: BytesMut,
    length: usize,
}

/// From this size on octets are written from where they lie instead of being copied.
///
/// Below it a copy costs less than another slice for the system to gather.
const SHARED_FROM: usize = 4 * 1024;

/// How many pieces are handed to the system at once.
const SLICES: usize = 16;

impl Outbox {
    /// How many octets wait.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends a packet.
    ///
    /// # Errors
    ///
    /// As [`Packet::encode`]; nothing is appended then.
    pub(super) fn push(&mut self, packet: &Packet) -> Result<(), PacketTooLong> {
        let before = self.tail.len();
        match packet {
            Packet::Publish(publish) if publish.payload.len() >= SHARED_FROM => {
                publish.encode_without_payload(&mut self.tail)?;
                self.length += self.tail.len() - before;
                self.push_octets(&publish.payload);
            }
            _ => {
                packet.encode(&mut self.tail)?;
                self.length += self.tail.len() - before;
            }
        }
        Ok(())
    }

    /// Appends `octets`, which are whole packets or the rest of one.
    pub(super) fn push_octets(&mut self, octets: &Bytes) {
        self.length += octets.len();
        if octets.len() < SHARED_FROM {
            self.tail.extend_from_slice(octets);
            return;
        }
        if !self.tail.is_empty() {
            self.chunks.push_back(self.tail.split().freeze());
        }
        self.chunks.push_back(octets.clone());
    }

    /// The first octets that wait, in as many pieces as they lie in.
    pub(super) fn slices<'a>(&'a self, slices: &'a mut [IoSlice<'a>; SLICES]) -> &'a [IoSlice<'a>] {
        let pieces = self.chunks.iter().map(|chunk| &chunk[..]).chain([&self.tail[..]]);
        let mut count = 0;
        for piece in pieces.filter(|piece| !piece.is_empty()).take(SLICES) {
            slices[count] = IoSlice::new(piece);
            count += 1;
        }
        &slices[..count]
    }

    /// Room for the pieces of [`slices`](Self::slices).
    pub(super) fn no_slices<'a>() -> [IoSlice<'a>; SLICES] {
        std::array::from_fn(|_| IoSlice::new(&[]))
    }

    /// Forgets the first `written` octets.
    pub(super) fn advance(&mut self, mut written: usize) {
        debug_assert!(written <= self.length);
        self.length -= written;
        while let Some(chunk) = self.chunks.front_mut() {
            if written < chunk.len() {
                chunk.advance(written);
                return;
            }
            written -= chunk.len();
            self.chunks.pop_front();
        }
        self.tail.advance(written);
        if self.is_empty() {
            // An idle connection keeps no memory for what it might send.
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Delivery, Pingresp, Publish};
    use crate::topic::TopicName;

    fn publish(length: usize) -> Packet {
        let topic = TopicName::new("t").unwrap();
        let payload = Bytes::from(vec![7; length]);
        Publish { topic, payload, delivery: Delivery::AtMostOnce, retain: false }.into()
    }

    /// All octets that wait, taken off in steps of `step`.
    fn drain(outbox: &mut Outbox, step: usize) -> Vec<u8> {
        let mut drained = Vec::new();
        while !outbox.is_empty() {
            let mut slices = Outbox::no_slices();
            let octets: Vec<u8> =
                outbox.slices(&mut slices).iter().flat_map(|slice| slice.iter().copied()).collect();
            let taken = &octets[..step.min(octets.len())];
            drained.extend_from_slice(taken);
            let taken = taken.len();
            outbox.advance(taken);
        }
        drained
    }

    #[test]
    fn packets_come_out_whole_and_in_order_whatever_the_system_takes() {
        let packets =
            [publish(10), Pingresp.into(), publish(SHARED_FROM), Pingresp.into(), publish(0)];
        let mut expected = BytesMut::new();
        for packet in &packets {
            packet.encode(&mut expected).unwrap();
        }
        for step in [1, 2, 7, 100, 4_096, 100_000] {
            let mut outbox = Outbox::default();
            for packet in &packets {
                outbox.push(packet).unwrap();
            }
            assert_eq!(outbox.len(), expected.len());
            assert_eq!(drain(&mut outbox, step), expected);
        }
    }

    #[test]
    fn a_large_payload_is_not_copied() {
        let packet = publish(SHARED_FROM);
        let Packet::Publish(inner) = &packet else { unreachable!() };
        let mut outbox = Outbox::default();
        outbox.push(&packet).unwrap();
        assert_eq!(outbox.chunks[1].as_ptr(), inner.payload.as_ptr());
    }
}
