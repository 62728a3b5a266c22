//! Peers whose programs die, and go on from what they had kept.
//!
//! Whatever a peer has to keep takes its time, as it does on a disk; what is behind it waits, and a
//! message of QoS 2 counts as here from then on. A death meets it anywhere: what was not kept yet is
//! there or not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use mqttspec::client::{Change, Client, Kept, KeptDelivery, Token};
use mqttspec::packet::{ClientId, Packet, PacketId, QoS};

use super::agenda::Event;
use super::defect::Defect;
use super::history::Receipt;
use super::world::World;

/// What outlives the program of a peer, and what is on its way there.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) kept: Kept,
    /// How often the program has begun.
    life: u32,
    changes: Vec<Change>,
    /// Goes when the changes before it are kept.
    held: VecDeque<Packet>,
    /// Messages of QoS 2 that are not here before the changes are kept.
    receipts: Vec<Receipt>,
}

impl Memory {
    /// What a peer has left that once spoke with the server: a message that was all but delivered,
    /// under this identifier.
    pub(crate) fn aged(client_id: ClientId, packet_id: PacketId) -> Self {
        let deliveries = BTreeMap::from([(Token(0), KeptDelivery::Released(packet_id))]);
        Self { kept: Kept { client_id, deliveries, received: BTreeSet::new() }, ..Self::default() }
    }

    /// Whether nothing waits to be kept.
    pub(crate) const fn is_at_rest(&self) -> bool {
        self.changes.is_empty()
    }

    fn keep(&mut self) -> (VecDeque<Packet>, Vec<Receipt>) {
        for change in std::mem::take(&mut self.changes) {
            apply(&mut self.kept, change);
        }
        (std::mem::take(&mut self.held), std::mem::take(&mut self.receipts))
    }
}

impl World {
    /// The client of a peer tells a change.
    pub(crate) fn record(&mut self, number: usize, change: Change) {
        let is_forgotten = match self.seams.defect {
            Some(Defect::PeersForgetIdentifiers) => matches!(change, Change::Received { .. }),
            Some(Defect::PeersForgetReleases) => matches!(change, Change::Released { .. }),
            _ => false,
        };
        let peer = &mut self.peers[number];
        let Some(memory) = peer.memory.as_mut().filter(|_| !is_forgotten) else { return };
        if memory.changes.is_empty() {
            let life = memory.life;
            let time = Duration::from_micros(self.random.below(peer.plan.sync + 1));
            self.agenda.add(self.now + time, Event::PeerKept { peer: number, life });
        }
        memory.changes.push(change);
    }

    /// A packet of a peer leaves, or waits for what is to be kept before it.
    pub(crate) fn peer_sends(&mut self, number: usize, packet: Packet) {
        let peer = &mut self.peers[number];
        if let Some(memory) = peer.memory.as_mut().filter(|memory| !memory.is_at_rest()) {
            return memory.held.push_back(packet);
        }
        self.transmit_packet(number, &packet);
    }

    /// A message has come to a peer, which may forget that once more.
    pub(crate) fn take_down(&mut self, number: usize, receipt: Receipt) {
        match &mut self.peers[number].memory {
            Some(memory) if receipt.qos == QoS::ExactlyOnce => memory.receipts.push(receipt),
            _ => self.history.receipts.push(receipt),
        }
    }

    /// What a peer had to keep by now is kept, if it still lives.
    pub(crate) fn peer_kept(&mut self, number: usize, life: u32) {
        if self.peers[number].memory.as_ref().is_some_and(|memory| memory.life == life) {
            self.keep_all(number);
        }
    }

    /// Has a peer keep what it has to, and sends what waited for that.
    pub(crate) fn keep_all(&mut self, number: usize) {
        let Some(memory) = &mut self.peers[number].memory else { return };
        let (held, receipts) = memory.keep();
        self.history.receipts.extend(receipts);
        held.iter().for_each(|packet| self.transmit_packet(number, packet));
    }

    /// What a peer has not sent when it loses its link is never sent.
    pub(crate) fn forget_held(&mut self, number: usize) {
        if let Some(memory) = &mut self.peers[number].memory {
            memory.held.clear();
        }
    }

    /// The program of a peer ends in the midst of things, and another goes on.
    pub(crate) fn die(&mut self, number: usize) {
        let is_kept = self.random.happens(50);
        self.history.counts.deaths += 1;
        if let Some(link) = self.peers[number].link {
            self.cut(link);
        }
        let peer = &mut self.peers[number];
        let Some(memory) = &mut peer.memory else { return };
        let receipts = if is_kept { memory.keep().1 } else { Vec::new() };
        let (kept, life) = (std::mem::take(&mut memory.kept), memory.life + 1);
        *memory = Memory { kept, life, ..Memory::default() };
        peer.client = Client::resumed(peer.limits, memory.kept.clone());
        // Nobody is there who would be told of the others.
        peer.tokens.retain(|token, _| memory.kept.deliveries.contains_key(token));
        self.history.receipts.extend(receipts);
        self.tell(|| format!("peer {number} dies, and what it was keeping is kept: {is_kept}"));
        self.end_link(number);
    }
}

/// What a change makes of what is kept.
fn apply(kept: &mut Kept, change: Change) {
    match change {
        Change::Completed { token } => drop(kept.deliveries.remove(&token)),
        Change::Freed { packet_id } => drop(kept.received.remove(&packet_id)),
        Change::Queued { token, message } => {
            kept.deliveries.insert(token, KeptDelivery::Waiting(message));
        }
        Change::Received { packet_id } => drop(kept.received.insert(packet_id)),
        Change::Released { token, packet_id } => {
            kept.deliveries.insert(token, KeptDelivery::Released(packet_id));
        }
        Change::Sent { token, packet_id } => {
            if let Some(delivery) = kept.deliveries.get_mut(&token)
                && let KeptDelivery::Waiting(message) = delivery
            {
                *delivery = KeptDelivery::Sent(packet_id, message.clone());
            }
        }
        Change::SessionBegun { client_id } => *kept = Kept { client_id, ..Kept::default() },
        other => panic!("{other:?} is new here"),
    }
}
