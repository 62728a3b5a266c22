//! What connections have moved: octets, packets, messages.
//!
//! The task of a connection counts for itself; whoever wants to know the whole adds them up. So a
//! packet costs a load and a store in memory that nobody else writes to.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::packet::{Packet, Publish, PublishRun};

/// What one connection has moved so far, counted by its task alone.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    octets_received: Count,
    octets_sent: Count,
    packets_received: Count,
    packets_sent: Count,
    messages_received: Count,
    messages_sent: Count,
    payload_received: Count,
    payload_sent: Count,
}

/// A counter that one thread at a time adds to.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    /// No lock prefix is needed, as nobody else writes.
    fn add(&self, times: usize) {
        let sum = self.read() + times as u64;
        self.0.store(sum, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Traffic {
    pub(super) fn received_octets(&self, octets: usize) {
        self.octets_received.add(octets);
    }

    /// So many octets were written in all.
    pub(super) fn set_sent_octets(&self, octets: u64) {
        self.octets_sent.0.store(octets, Ordering::Relaxed);
    }

    pub(super) fn received(&self, packet: &Packet) {
        match packet {
            Packet::Publish(Publish { payload, .. }) => self.received_message(payload.len()),
            _ => self.packets_received.add(1),
        }
    }

    /// A PUBLISH with so many octets of payload has come.
    pub(super) fn received_message(&self, payload: usize) {
        self.packets_received.add(1);
        self.messages_received.add(1);
        self.payload_received.add(payload);
    }

    pub(super) fn sent(&self, packet: &Packet) {
        self.packets_sent.add(1);
        if let Packet::Publish(Publish { payload, .. }) = packet {
            self.messages_sent.add(1);
            self.payload_sent.add(payload.len());
        }
    }

    /// The same of all packets of a run.
    pub(super) fn sent_run(&self, run: &PublishRun) {
        self.packets_sent.add(run.len());
        self.messages_sent.add(run.len());
        self.payload_sent.add(run.payload_octets());
    }

    /// What was counted so far.
    pub(super) fn read(&self) -> Moved {
        Moved {
            octets_received: self.octets_received.read(),
            octets_sent: self.octets_sent.read(),
            packets_received: self.packets_received.read(),
            packets_sent: self.packets_sent.read(),
            messages_received: self.messages_received.read(),
            messages_sent: self.messages_sent.read(),
            payload_received: self.payload_received.read(),
            payload_sent: self.payload_sent.read(),
        }
    }
}

/// What one connection, or all of them, have moved.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Moved {
    /// Octets read from the transport, below which TLS and WebSocket are not counted.
    pub octets_received: u64,
    /// Octets written to it.
    pub octets_sent: u64,
    /// Control Packets of any type.
    pub packets_received: u64,
    /// The same to Clients.
    pub packets_sent: u64,
    /// PUBLISH Packets from Clients, those sent again among them.
    pub messages_received: u64,
    /// PUBLISH Packets to Clients.
    pub messages_sent: u64,
    /// Octets of payload in PUBLISH Packets from Clients.
    pub payload_received: u64,
    /// The same to Clients.
    pub payload_sent: u64,
}

impl AddAssign for Moved {
    fn add_assign(&mut self, other: Self) {
        self.octets_received += other.octets_received;
        self.octets_sent += other.octets_sent;
        self.packets_received += other.packets_received;
        self.packets_sent += other.packets_sent;
        self.messages_received += other.messages_received;
        self.messages_sent += other.messages_sent;
        self.payload_received += other.payload_received;
        self.payload_sent += other.payload_sent;
    }
}
